"""What a provider says of refunds, entered (E10, E10b): those that we asked for, and those that
were made at the provider, singly or as a total."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Sum
from django.utils import timezone

from accounts import ids
from accounts.errors import InvalidId
from accounts.ids import uuid7
from accounts.models import User
from billing import announced, documents, returns, shares, swept
from billing.facts import Refunded, RefundTotal
from billing.models import Payment, Refund, RefundState
from billing.models.payments import REFUND
from billing.outcomes import OtherCurrency, Parked, Unfit
from billing.purchases import locked_payment
from billing.returns import Split, leg
from billing.shares import Share
from ledger import services
from ledger.services import Leg


def told(provider: str, fact: Refunded) -> None:
    """Raises Parked, Unfit."""
    payment = _payment(provider, fact.payment_ref)
    refund = _known(payment, fact)
    _check(payment, fact.currency, fact.amount)
    if refund is None:
        refund = _made_at_the_provider(payment, fact)
    if refund.told != fact.amount:
        raise Unfit(f"Refunded {fact.amount}, not {refund.told} minor units.")
    if refund.provider_ref is None:
        if refund.state == RefundState.FAILED:
            raise Unfit("This refund was declined before.")
        refund.provider_ref = fact.refund_ref
        refund.save(update_fields=["provider_ref"])
    if fact.state == "succeeded":
        settle(refund)
    elif fact.state == "failed":
        undo(refund, fact.reason)
        swept.sweep(payment)


def total_told(provider: str, fact: RefundTotal) -> None:
    """Of what single refunds told already, nothing is entered again, nor of what they tell later.
    Raises Parked, Unfit."""
    payment = _payment(provider, fact.payment_ref)
    _check(payment, fact.currency, fact.amount)
    # It may be of before some failed.
    total = fact.amount - _sum_failed(payment)
    if total > payment.refunds_told:
        _raise_to(payment, max(total, _sum_told(payment)))
        payment.refunds_told = total
        payment.save(update_fields=["refunds_told"])


def enter(
    payment: Payment,
    *,
    split: Split,
    taken: Sequence[Share],
    told: int,
    fee_kept: int = 0,
    pending: int = 0,
    id: UUID | None = None,
    provider_ref: str | None = None,
    made_by: User | None = None,
    reason: str = "",
) -> Refund:
    """Takes the credits, and owes the money."""
    net = [share.net for share in taken]
    refund = Refund.objects.create(
        id=id or uuid7(),
        payment=payment,
        provider=payment.provider,
        provider_ref=provider_ref,
        told=told,
        amount=split.net + split.tax,
        net=split.net,
        tax=split.tax,
        fee_kept=fee_kept,
        concession=split.net - sum(net),
        credits=sum(share.credits for share in taken),
        pending=pending,
        lots=[share.lot.id for share in taken],
        lot_credits=[share.credits for share in taken],
        lot_net=net,
        reason=reason,
        made_by=made_by,
    )
    payment.refunded += refund.paid_back
    payment.fees_kept += refund.fee_kept
    payment.tax_returned += refund.tax
    payment.save(update_fields=["refunded", "fees_kept", "tax_returned"])
    _take(refund, taken)
    return refund


def settle(refund: Refund) -> None:
    """The money has left."""
    if refund.state != RefundState.REQUESTED:
        return
    _post(refund, "refund paid", [leg(_currency(refund), "2400", "1000", refund.paid_back)])
    refund.state = RefundState.SUCCEEDED
    refund.settled_at = timezone.now()
    refund.save(update_fields=["state", "settled_at"])
    if refund.amount:
        documents.issue_credit_note(refund)
        announced.of_refund(refund, "purchase.refunded")


def undo(refund: Refund, reason: str) -> None:
    """The money did not leave, or came back: so do the credits."""
    if refund.state == RefundState.FAILED:
        return
    currency, payment = _currency(refund), refund.payment
    if refund.state == RefundState.SUCCEEDED:
        _post(refund, "refund returned", [leg(currency, "1000", "2400", refund.paid_back)])
    parts = zip(refund.lots, refund.lot_credits, _owed_by_lot(refund), strict=True)
    for lot, credits, money in parts:
        services.restore(
            payment.purchase.customer_id,
            amount=credits,
            lot_id=lot,
            money=[_mirror(one) for one in money],
            document=payment.purchase.name,
            reason=reason or None,
            key=f"{refund.name} {lot}",
        )
    _post(refund, "refund failed", [_mirror(one) for one in _rest(refund)])
    payment.refunded -= refund.paid_back
    payment.fees_kept -= refund.fee_kept
    payment.tax_returned -= refund.tax
    payment.refunds_told -= min(payment.refunds_told, refund.told)
    payment.save(update_fields=["refunded", "fees_kept", "tax_returned", "refunds_told"])
    refund.state = RefundState.FAILED
    refund.reason = reason or refund.reason
    refund.settled_at = timezone.now()
    refund.save(update_fields=["state", "reason", "settled_at"])
    if refund.amount:
        announced.of_refund(refund, "purchase.refund_failed")
    if refund.paid_back < refund.told:
        _lower(payment, reason)


def _payment(provider: str, payment_ref: str) -> Payment:
    payment = locked_payment(provider, payment_ref)
    if payment is None:
        raise Parked("The payment is not known yet.")
    return payment


def _known(payment: Payment, fact: Refunded) -> Refund | None:
    """Ours by its name, which the provider may tell before we have its answer; else by theirs."""
    own = payment.refunds.filter(provider_ref=fact.refund_ref).first()
    if own is not None:
        return own
    try:
        ours = payment.refunds.filter(id=ids.decode(REFUND, fact.our_refund)).first()
    except InvalidId:
        return None
    if ours is not None and ours.provider_ref is not None:
        raise Unfit("This refund was made before, under another name.")
    return ours


def _check(payment: Payment, currency: str, amount: int) -> None:
    if currency != payment.purchase.currency:
        raise OtherCurrency(f"Refunded in {currency}, not in {payment.purchase.currency}.")
    if not 0 < amount <= payment.amount:
        raise Unfit(f"Refunded {amount} of {payment.amount} minor units.")


def _made_at_the_provider(payment: Payment, fact: Refunded) -> Refund:
    total = max(payment.refunds_told, _sum_told(payment) + fact.amount)
    missing = 0 if fact.state == "failed" else max(total - payment.refunded, 0)
    return _take_back(payment, missing, told=fact.amount, ref=fact.refund_ref)


def _raise_to(payment: Payment, total: int) -> None:
    """Enters as much as is missing to this running total."""
    if total > payment.refunded:
        settle(_take_back(payment, total - payment.refunded, told=0, ref=None))


def _lower(payment: Payment, reason: str) -> None:
    """A total had what has failed since: what was entered for totals is reckoned anew."""
    for refund in payment.refunds.filter(told=0).exclude(state=RefundState.FAILED):
        undo(refund, reason)
    _raise_to(payment, max(payment.refunds_told, _sum_told(payment)))


def _take_back(payment: Payment, amount: int, *, told: int, ref: str | None) -> Refund:
    if amount > payment.left:
        raise Parked(f"Refunded {amount} minor units, when {payment.left} are left.")
    wanted = returns.credits_to_take(payment, amount)
    taken = shares.take(shares.locked(payment), wanted)
    return enter(
        payment,
        split=returns.split(payment, amount),
        taken=taken,
        told=told,
        pending=wanted - sum(share.credits for share in taken),
        provider_ref=ref,
        reason="Refunded at the payment provider",
    )


def _sum_told(payment: Payment) -> int:
    live = payment.refunds.exclude(state=RefundState.FAILED)
    return live.aggregate(told=Sum("told"))["told"] or 0


def _sum_failed(payment: Payment) -> int:
    """Of those that the provider had made."""
    failed = payment.refunds.filter(state=RefundState.FAILED, provider_ref__isnull=False)
    return failed.aggregate(told=Sum("told"))["told"] or 0


def _take(refund: Refund, taken: Sequence[Share]) -> None:
    purchase = refund.payment.purchase
    for share, money in zip(taken, _owed_by_lot(refund), strict=True):
        services.adjust(
            purchase.customer_id,
            amount=share.credits,
            cause="refund",
            lot_id=share.lot.id,
            money=money,
            document=purchase.name,
            reason=refund.reason or None,
            actor=str(refund.made_by_id) if refund.made_by_id else None,
            key=f"{refund.name} {share.lot.id}",
        )
    _post(refund, "refund", _rest(refund))


def _rest(refund: Refund) -> list[Leg]:
    return returns.rest_legs(
        _currency(refund), tax=refund.tax, rest=refund.concession, account="4300", to="2400"
    )


def _owed_by_lot(refund: Refund) -> list[list[Leg]]:
    """What was deferred is owed, but for the fee, which is not (E10c)."""
    currency, fees = _currency(refund), shares.pro_rata(refund.fee_kept, refund.lot_net)
    return [
        [leg(currency, "2100", "2400", net - fee), leg(currency, "2100", "4400", fee)]
        for net, fee in zip(refund.lot_net, fees, strict=True)
    ]


def _post(refund: Refund, kind: str, money: Sequence[Leg]) -> None:
    if any(one.amount for one in money):
        services.post(
            refund.payment.purchase.customer_id,
            kind=kind,
            money=money,
            document=refund.payment.purchase.name,
            key=f"{kind} {refund.name}",
        )


def _mirror(one: Leg) -> Leg:
    return one._replace(debit=one.credit, credit=one.debit)


def _currency(refund: Refund) -> str:
    return refund.payment.purchase.currency
