"""What is held is not used. When money goes back, credits that are held cannot be taken or frozen:
they stay wanted, and are taken or frozen when they are free, because a hold was released, or what
was used was given back. The books called them used until then.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from billing import dispute_entries as entries
from billing import documents, returns, shares
from billing.models import Dispute, DisputeState, Payment, Refund, RefundState
from billing.patience import retrying
from billing.returns import leg
from ledger import services
from ledger.models import Lot

_FEW = Q(state=DisputeState.OPEN, frozen__lt=F("credits"))
_FEW |= Q(state=DisputeState.LOST, clawed_credits__lt=F("credits"))
_TOO_MUCH = Q(excess__gt=0) & ~Q(state=DisputeState.WON)


def waiting() -> Iterable[UUID]:
    """The purchases of which something can be swept."""
    disputes = Dispute.objects.filter(_FEW | _TOO_MUCH)
    refunds = Refund.objects.filter(pending__gt=0).exclude(state=RefundState.FAILED)
    ids = {*disputes.values_list("payment_id", flat=True)}
    ids |= {*refunds.values_list("payment_id", flat=True)}
    for payment in Payment.objects.filter(pk__in=ids).select_related("purchase").iterator():
        if payment.left or _has_free(payment):
            yield payment.pk


@retrying
def sweep_again(purchase_id: UUID) -> bool:
    with transaction.atomic():
        found = Payment.objects.select_related("purchase").select_for_update(of=("self",))
        return sweep(found.get(pk=purchase_id))


def sweep(payment: Payment) -> bool:
    """Under the payment's lock. Whether there was something."""
    disputes = payment.disputes.order_by("opened_at")
    swept = [_count(dispute, payment) for dispute in disputes.filter(_TOO_MUCH)]
    refunds = payment.refunds.filter(pending__gt=0).exclude(state=RefundState.FAILED)
    swept += [_take_for_refund(refund, payment) for refund in refunds.order_by("created_at")]
    # Those that are lost first.
    swept += [
        _take_or_freeze(dispute, payment)
        for dispute in disputes.filter(_FEW).order_by("state", "opened_at")
    ]
    return any(swept)


def _has_free(payment: Payment) -> bool:
    lots = Lot.objects.filter(customer_id=payment.purchase.customer_id, id__in=payment.lots)
    return lots.filter(remaining__gt=F("held") + F("frozen")).exists()


def _count(dispute: Dispute, payment: Payment) -> bool:
    """A refund that failed left more of the payment: what was too much is not any more."""
    part = min(dispute.excess, payment.left)
    if not part:
        return False
    dispute.excess -= part
    if dispute.state == DisputeState.OPEN:
        dispute.credits += returns.credits_to_freeze(payment, part)
        payment.disputed += part
    else:
        _count_lost(dispute, payment, part)
    dispute.save(update_fields=["excess", "credits", "owed", "tax_lost"])
    payment.save(update_fields=["disputed", "clawed_back", "tax_returned"])
    return True


def _count_lost(dispute: Dispute, payment: Payment, part: int) -> None:
    split = returns.split(payment, part)
    legs = entries.reversal(
        dispute, tax=split.tax, rest=split.net, to=entries.account_of_excess(dispute)
    )
    entries.post(dispute, "dispute lost", legs, f" but {dispute.excess}")
    dispute.credits += returns.credits_to_take(payment, part)
    dispute.owed += split.net
    dispute.tax_lost += 0 if dispute.tax_relief else split.tax
    payment.clawed_back += part
    payment.tax_returned += split.tax
    documents.issue_chargeback_note(dispute, net=split.net, tax=split.tax, credits=0)


def _take_or_freeze(dispute: Dispute, payment: Payment) -> bool:
    done = dispute.frozen if dispute.state == DisputeState.OPEN else dispute.clawed_credits
    taken = shares.take(shares.locked(payment), dispute.credits - done)
    if dispute.state == DisputeState.OPEN:
        entries.freeze(dispute, taken)
    else:
        entries.take(dispute, taken, instead_of=entries.account_of_used(dispute))
        dispute.owed = max(dispute.owed - sum(share.net for share in taken), 0)
        dispute.save(update_fields=["clawed_credits", "owed"])
    return bool(taken)


def _take_for_refund(refund: Refund, payment: Payment) -> bool:
    taken = shares.take(shares.locked(payment), refund.pending)
    purchase = payment.purchase
    for share in taken:
        services.adjust(
            purchase.customer_id,
            amount=share.credits,
            cause="refund",
            lot_id=share.lot.id,
            money=[leg(purchase.currency, "2100", "4300", share.net)],
            document=purchase.name,
            reason=refund.reason or None,
            key=f"{refund.name} {share.lot.id} {refund.pending}",
        )
    _keep(refund, taken)
    return bool(taken)


def _keep(refund: Refund, taken: list[shares.Share]) -> None:
    """As if it had been taken with the others: it is given back with them."""
    credits = [(share.lot.id, share.credits) for share in taken]
    net = [(share.lot.id, share.net) for share in taken]
    refund.lot_net = list(shares.added(refund.lots, refund.lot_net, net).values())
    kept = shares.added(refund.lots, refund.lot_credits, credits)
    refund.lots, refund.lot_credits = list(kept), list(kept.values())
    refund.credits += sum(share.credits for share in taken)
    refund.pending -= sum(share.credits for share in taken)
    refund.concession -= sum(share.net for share in taken)
    refund.save()
