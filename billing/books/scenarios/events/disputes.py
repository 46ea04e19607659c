"""A payer's bank takes the money back (E11): what is left of the payment, unless it is said how
much."""

from billing import disputed
from billing.books.errors import CurrencyMismatch
from billing.books.scenarios.bank import NAME
from billing.books.scenarios.file import Event
from billing.books.scenarios.world import World, minor
from billing.errors import BillingError
from billing.facts import Disputed
from billing.models import Dispute, DisputeState, Payment


class NothingToDispute(BillingError):
    code = "nothing-to-dispute"
    default_detail = "Nothing is left of this payment, or it is in dispute already."


class NoOpenDispute(BillingError):
    code = "not-found"
    default_detail = "No dispute of this purchase is open."


def dispute(world: World, event: Event) -> None:
    said = event.fields
    purchase = world.purchase(said["purchase"])
    if said["currency"] not in (None, purchase.currency):
        raise CurrencyMismatch(f"The purchase was paid in {purchase.currency}.")
    payment = Payment.objects.get(purchase=purchase)
    if said["opened"]:
        _open(world, event, payment)
    else:
        _close(event, payment)


def _open(world: World, event: Event, payment: Payment) -> None:
    said, currency = event.fields, payment.purchase.currency
    amount = payment.left if said["amount"] is None else minor(said["amount"], currency)
    if amount <= 0 or payment.disputes.filter(state=DisputeState.OPEN).exists():
        raise NothingToDispute
    fact = Disputed(
        payment_ref=payment.provider_ref,
        dispute_ref=f"dispute {event.number}",
        amount=amount,
        currency=currency,
        state="open",
        fee=minor(said["fee"], currency),
    )
    disputed.told(NAME, fact)


def _close(event: Event, payment: Payment) -> None:
    """A fee that is told only now is entered now."""
    said, currency = event.fields, payment.purchase.currency
    open = Dispute.objects.filter(payment=payment, state=DisputeState.OPEN).first()
    if open is None:
        raise NoOpenDispute
    fact = Disputed(
        payment_ref=payment.provider_ref,
        dispute_ref=open.provider_ref,
        amount=open.amount,
        currency=currency,
        state="won" if said["won"] else "lost",
        fee=max(minor(said["fee"], currency), open.fee),
        fee_returned=minor(said["fee_returned"], currency),
    )
    disputed.told(NAME, fact)
