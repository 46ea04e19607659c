"""What a provider says of disputes, entered (E11): opened, what is unspent is frozen; lost, it is
taken, and what was spent is owed; won, it is given free again."""

from collections.abc import Sequence

from django.conf import settings
from django.utils import timezone

from billing import returns, shares
from billing.facts import Disputed
from billing.models import Dispute, DisputeState, Payment
from billing.outcomes import Parked, Unfit
from billing.purchases import locked_payment
from billing.returns import leg
from billing.shares import Share
from ledger import services
from ledger.services import Leg

CONTRA_REVENUE, RECEIVABLE = "4310", "1100"


def told(provider: str, fact: Disputed) -> None:
    """Raises Parked, Unfit."""
    payment = locked_payment(provider, fact.payment_ref)
    if payment is None:
        raise Parked("The payment is not known yet.")
    dispute = payment.disputes.filter(provider_ref=fact.dispute_ref).first()
    _check(payment, dispute, fact)
    if dispute is None:
        dispute = _open(payment, fact)
    if dispute.state == DisputeState.OPEN and fact.state == "won":
        _win(dispute, payment, fact)
    elif dispute.state == DisputeState.OPEN and fact.state == "lost":
        _lose(dispute, payment)
    _enter_late_fees(dispute, fact)


def _check(payment: Payment, dispute: Dispute | None, fact: Disputed) -> None:
    if fact.currency != payment.purchase.currency:
        raise Unfit(f"Disputed in {fact.currency}, not in {payment.purchase.currency}.")
    if not 0 < fact.amount <= payment.amount:
        raise Unfit(f"Disputed {fact.amount} of {payment.amount} minor units.")
    if dispute is None and fact.amount > payment.left:
        raise Parked(f"Disputed {fact.amount} minor units, when {payment.left} are left.")
    if dispute is not None and dispute.amount != fact.amount:
        raise Unfit(f"Disputed {fact.amount}, when it was {dispute.amount} minor units before.")
    if dispute is not None and {str(dispute.state), fact.state} == {"won", "lost"}:
        raise Unfit(f"The dispute was {dispute.state} before.")


def _open(payment: Payment, fact: Disputed) -> Dispute:
    wanted = returns.credits_to_freeze(payment, fact.amount)
    taken = shares.take(shares.locked(payment), wanted)
    dispute = Dispute.objects.create(
        payment=payment,
        provider=payment.provider,
        provider_ref=fact.dispute_ref,
        amount=fact.amount,
        fee=fact.fee,
        reason=fact.reason,
        credits=wanted,
        lots=[share.lot.id for share in taken],
        lot_credits=[share.credits for share in taken],
        frozen=sum(share.credits for share in taken),
    )
    payment.disputed += fact.amount
    payment.save(update_fields=["disputed"])
    currency = payment.purchase.currency
    pulled = [
        leg(currency, "1200", "1000", fact.amount),
        leg(currency, "6200", "1000", fact.fee),
    ]
    _post(dispute, "dispute opened", pulled)
    for share in taken:
        services.freeze(
            payment.purchase.customer_id,
            amount=share.credits,
            lot_id=share.lot.id,
            key=f"{dispute.provider_ref} {share.lot.id}",
        )
    return dispute


def _win(dispute: Dispute, payment: Payment, fact: Disputed) -> None:
    currency = payment.purchase.currency
    dispute.fee_returned = min(fact.fee_returned, dispute.fee)
    returned = [
        leg(currency, "1000", "1200", dispute.amount),
        leg(currency, "1000", "6200", dispute.fee_returned),
    ]
    _post(dispute, "dispute won", returned)
    for lot, credits in zip(dispute.lots, dispute.lot_credits, strict=True):
        services.unfreeze(
            payment.purchase.customer_id,
            amount=credits,
            lot_id=lot,
            key=f"{dispute.provider_ref} {lot}",
        )
    payment.disputed -= dispute.amount
    payment.save(update_fields=["disputed"])
    _close(dispute, DisputeState.WON)


def _lose(dispute: Dispute, payment: Payment) -> None:
    """What was held when it was opened may be free by now: it is taken too."""
    holding = shares.locked(payment)
    kept = dict(zip(dispute.lots, dispute.lot_credits, strict=True))
    frozen = [kept.get(lot.id, 0) for lot in holding.lots]
    wanted = returns.credits_to_take(payment, dispute.amount)
    taken = shares.take(holding, max(wanted, sum(frozen)), frozen)
    split = returns.split(payment, dispute.amount)
    rest = split.net - sum(share.net for share in taken)
    _take(dispute, taken)
    _post(dispute, "dispute lost", _rest(dispute, split.tax, rest))
    payment.disputed -= dispute.amount
    payment.clawed_back += dispute.amount
    payment.tax_returned += split.tax
    payment.save(update_fields=["disputed", "clawed_back", "tax_returned"])
    dispute.clawed_credits = sum(share.credits for share in taken)
    dispute.owed = max(rest, 0)
    _close(dispute, DisputeState.LOST)


def _enter_late_fees(dispute: Dispute, fact: Disputed) -> None:
    """A provider may tell of the dispute first, and of what it took or gave back for it later."""
    currency = dispute.payment.purchase.currency
    fee = max(fact.fee, dispute.fee)
    returned = max(min(fact.fee_returned, fee), dispute.fee_returned)
    if (fee, returned) == (dispute.fee, dispute.fee_returned):
        return
    late = [
        leg(currency, "6200", "1000", fee - dispute.fee),
        leg(currency, "1000", "6200", returned - dispute.fee_returned),
    ]
    _post(dispute, "dispute fee", late, f" {fee} {returned}")
    dispute.fee, dispute.fee_returned = fee, returned
    dispute.save(update_fields=["fee", "fee_returned"])


def _rest(dispute: Dispute, tax: int, rest: int) -> list[Leg]:
    account = RECEIVABLE if settings.LOST_DISPUTES == "receivable" else CONTRA_REVENUE
    currency = dispute.payment.purchase.currency
    return returns.rest_legs(currency, tax=tax, rest=rest, account=account, to="1200")


def _take(dispute: Dispute, taken: Sequence[Share]) -> None:
    purchase = dispute.payment.purchase
    for share in taken:
        services.adjust(
            purchase.customer_id,
            amount=share.credits,
            cause="dispute",
            lot_id=share.lot.id,
            frozen=share.frozen,
            money=[leg(purchase.currency, "2100", "1200", share.net)],
            document=purchase.name,
            reason="Dispute lost",
            key=f"{dispute.provider_ref} {share.lot.id}",
        )


def _post(dispute: Dispute, kind: str, money: Sequence[Leg], which: str = "") -> None:
    if any(one.amount for one in money):
        services.post(
            dispute.payment.purchase.customer_id,
            kind=kind,
            money=money,
            document=dispute.payment.purchase.name,
            key=f"{kind}{which} {dispute.provider_ref}",
        )


def _close(dispute: Dispute, state: DisputeState) -> None:
    dispute.state = state
    dispute.closed_at = timezone.now()
    dispute.save(update_fields=["state", "closed_at", "clawed_credits", "owed", "fee_returned"])
