"""What the ledger is told of a dispute. To be called under the payment's and the wallet's lock."""

from collections.abc import Sequence

from billing import returns, shares, used
from billing.models import Chargeback, Dispute
from billing.returns import leg
from billing.shares import Share
from ledger import services
from ledger.services import Leg

CONTRA_REVENUE, RECEIVABLE, LOSS, TAX = "4310", "1100", "6300", "2200"
_OF_USED = {
    Chargeback.CONTRA_REVENUE: CONTRA_REVENUE,
    Chargeback.CREDIT_LOSS: LOSS,
    Chargeback.RECEIVABLE: RECEIVABLE,
}


def account_of_used(dispute: Dispute) -> str:
    return _OF_USED[Chargeback(dispute.chargeback)]


def account_of_excess(dispute: Dispute) -> str:
    """What a bank took beyond what was left of the payment reverses no sale: that was done when it
    was refunded. It is a payment loss (section 4.2 of the accounting rules), or the customer owes
    it."""
    return RECEIVABLE if dispute.chargeback == Chargeback.RECEIVABLE else LOSS


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
    legs = reversal(dispute, tax=tax, rest=rest, to="1200")
    excess = leg(
        dispute.payment.purchase.currency, account_of_excess(dispute), "1200", dispute.excess
    )
    post(dispute, "dispute lost", [*legs, excess])


def reversal(dispute: Dispute, *, tax: int, rest: int, to: str) -> list[Leg]:
    """Tax, which is a loss where it is not given back (E11), and what was used."""
    legs = returns.rest_legs(
        dispute.payment.purchase.currency,
        tax=tax,
        rest=rest,
        account=account_of_used(dispute),
        to=to,
        tax_account=TAX if dispute.tax_relief else LOSS,
    )
    return [part for one in legs for part in _over_lots(dispute, one) if one.debit != one.credit]


def _over_lots(dispute: Dispute, one: Leg) -> list[Leg]:
    if CONTRA_REVENUE not in (one.debit, one.credit):
        return [one]
    parts = used.over_lots(dispute.payment, one.amount)
    return [one._replace(amount=part, lot=lot) for lot, part in parts]


def post(dispute: Dispute, kind: str, money: Sequence[Leg], which: str = "") -> None:
    if any(one.amount for one in money):
        services.post(
            dispute.payment.purchase.customer_id,
            kind=kind,
            money=money,
            document=dispute.payment.purchase.name,
            key=f"{kind}{which} {dispute.provider_ref}",
        )
