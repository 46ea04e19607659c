"""Money that goes back: for unused credits (E10, E10c), or as much as was decided (E10b). It is
paid out at once."""

from typing import Any

from billing import refunded, refunds
from billing.books.errors import CurrencyMismatch
from billing.books.scenarios.bank import NAME
from billing.books.scenarios.file import Event
from billing.books.scenarios.world import World, minor
from billing.errors import RefundTooLarge
from billing.facts import Refunded
from billing.models import Payment, Purchase, Refund, RefundState
from billing.outcomes import Unfit

REASON = "Scenario"


def refund(world: World, event: Event) -> None:
    said = event.fields
    purchase = world.purchase(said["purchase"])
    if said["currency"] not in (None, purchase.currency):
        raise CurrencyMismatch(f"The purchase was paid in {purchase.currency}.")
    if said["amount"] is not None:
        _as_told(purchase, minor(said["amount"], purchase.currency), event)
        return
    kept = minor(said["fee_kept"], purchase.currency)
    made = _request(purchase, said["credits"], kept)
    if made.state != RefundState.SUCCEEDED:
        raise Unfit(made.reason)


def _request(purchase: Purchase, credits: int | None, fee_kept: int) -> Refund:
    options: dict[str, Any] = {"fee_kept": fee_kept} if fee_kept else {}
    return refunds.request(purchase, credits, by=None, reason=REASON, as_staff=True, **options)


def _as_told(purchase: Purchase, amount: int, event: Event) -> None:
    payment = Payment.objects.get(purchase=purchase)
    if not 0 < amount <= payment.left:
        raise RefundTooLarge
    fact = Refunded(
        payment_ref=payment.provider_ref,
        refund_ref=f"refund {event.number}",
        amount=amount,
        currency=purchase.currency,
        state="succeeded",
    )
    refunded.told(NAME, fact)
