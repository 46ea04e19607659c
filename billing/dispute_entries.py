"""What the ledger is told of a dispute. To be called under the payment's and the wallet's lock."""

from collections.abc import Sequence

from django.conf import settings

from billing import returns, shares
from billing.models import Dispute
from billing.returns import leg
from billing.shares import Share
from ledger import services
from ledger.services import Leg

CONTRA_REVENUE, RECEIVABLE = "4310", "1100"
# What a bank took beyond what was left of the payment reverses no sale: that was done when it was
# refunded. It is a payment loss (section 4.2 of the accounting rules), or the customer owes it.
PAYMENT_LOSS = "6300"


def account_of_used() -> str:
    return RECEIVABLE if settings.LOST_DISPUTES == "receivable" else CONTRA_REVENUE


def account_of_excess() -> str:
    return RECEIVABLE if settings.LOST_DISPUTES == "receivable" else PAYMENT_LOSS


def freeze(dispute: Dispute, taken: Sequence[Share]) -> None:
    for share in taken:
        services.freeze(
            dispute.payment.purchase.customer_id,
            amount=share.credits,
            lot_id=share.lot.id,
            key=f"{dispute.provider_ref} {share.lot.id} {dispute.frozen}",
        )
    more = [(share.lot.id, share.credits) for share in taken]
    kept = shares.added(dispute.lots, dispute.lot_credits, more)
    dispute.lots, dispute.lot_credits = list(kept), list(kept.values())
    dispute.frozen += sum(share.credits for share in taken)
    dispute.save(update_fields=["lots", "lot_credits", "frozen"])


def take(dispute: Dispute, taken: Sequence[Share], *, instead_of: str) -> None:
    purchase = dispute.payment.purchase
    for share in taken:
        services.adjust(
            purchase.customer_id,
            amount=share.credits,
            cause="dispute",
            lot_id=share.lot.id,
            frozen=share.frozen,
            money=[leg(purchase.currency, "2100", instead_of, share.net)],
            document=purchase.name,
            reason="Dispute lost",
            key=f"{dispute.provider_ref} {share.lot.id} {dispute.clawed_credits}",
        )
    dispute.clawed_credits += sum(share.credits for share in taken)


def lose(dispute: Dispute, *, tax: int, rest: int) -> None:
    """`rest` is of what was used, or is held."""
    currency = dispute.payment.purchase.currency
    legs = returns.rest_legs(currency, tax=tax, rest=rest, account=account_of_used(), to="1200")
    legs.append(leg(currency, account_of_excess(), "1200", dispute.excess))
    post(dispute, "dispute lost", legs)


def post(dispute: Dispute, kind: str, money: Sequence[Leg], which: str = "") -> None:
    if any(one.amount for one in money):
        services.post(
            dispute.payment.purchase.customer_id,
            kind=kind,
            money=money,
            document=dispute.payment.purchase.name,
            key=f"{kind}{which} {dispute.provider_ref}",
        )
