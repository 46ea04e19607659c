"""What a provider says of disputes, entered (E11): opened, what is unspent is frozen; lost, it is
taken, and what was spent is owed; won, it is given free again."""

from django.utils import timezone

from billing import announced, documents, returns, shares, swept
from billing import dispute_entries as entries
from billing.facts import Disputed
from billing.models import Dispute, DisputeState, Payment, Policy
from billing.outcomes import OtherCurrency, Parked, Unfit
from billing.purchases import locked_payment
from billing.returns import leg
from billing.top_up import cards
from ledger import services


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
    swept.sweep(payment)


def sweep_all() -> int:
    """What was held when it should have been frozen or taken, and is free by now. Hourly; how many
    payments it was."""
    return sum(map(swept.sweep_again, swept.waiting()))


def _check(payment: Payment, dispute: Dispute | None, fact: Disputed) -> None:
    if fact.currency != payment.purchase.currency:
        raise OtherCurrency(f"Disputed in {fact.currency}, not in {payment.purchase.currency}.")
    if fact.amount <= 0:
        raise Unfit(f"Disputed {fact.amount} minor units.")
    if dispute is not None and dispute.amount != fact.amount:
        raise Unfit(f"Disputed {fact.amount}, when it was {dispute.amount} minor units before.")
    if dispute is not None and {str(dispute.state), fact.state} == {"won", "lost"}:
        raise Unfit(f"The dispute was {dispute.state} before.")


def _open(payment: Payment, fact: Disputed) -> Dispute:
    """A bank does not ask what was refunded before: it may pull more than is left."""
    counted = min(fact.amount, payment.left)
    dispute = Dispute.objects.create(
        payment=payment,
        provider=payment.provider,
        provider_ref=fact.dispute_ref,
        amount=fact.amount,
        excess=fact.amount - counted,
        fee=fact.fee,
        reason=fact.reason,
        credits=returns.credits_to_freeze(payment, counted),
        lots=[],
        lot_credits=[],
        frozen=0,
        card=cards.in_use(payment.purchase.customer_id),
    )
    payment.disputed += counted
    payment.save(update_fields=["disputed"])
    currency = payment.purchase.currency
    pulled = [
        leg(currency, "1200", "1000", fact.amount),
        leg(currency, "6200", "1000", fact.fee),
    ]
    entries.post(dispute, "dispute opened", pulled)
    entries.freeze(dispute, shares.take(shares.locked(payment), dispute.credits))
    announced.of_dispute(dispute, "dispute.opened")
    return dispute


def _win(dispute: Dispute, payment: Payment, fact: Disputed) -> None:
    currency = payment.purchase.currency
    dispute.fee_returned = min(fact.fee_returned, dispute.fee)
    returned = [
        leg(currency, "1000", "1200", dispute.amount),
        leg(currency, "1000", "6200", dispute.fee_returned),
    ]
    entries.post(dispute, "dispute won", returned)
    for lot, credits in zip(dispute.lots, dispute.lot_credits, strict=True):
        services.unfreeze(
            payment.purchase.customer_id,
            amount=credits,
            lot_id=lot,
            key=f"{dispute.provider_ref} {lot}",
        )
    payment.disputed -= dispute.counted
    payment.save(update_fields=["disputed"])
    _close(dispute, DisputeState.WON)
    cards.dispute_won(payment.purchase.customer_id)
    announced.of_dispute(dispute, "dispute.won")


def _lose(dispute: Dispute, payment: Payment) -> None:
    """What was held when it was opened may be free by now: it is taken too."""
    holding = shares.locked(payment)
    kept = dict(zip(dispute.lots, dispute.lot_credits, strict=True))
    frozen = [kept.get(lot.id, 0) for lot in holding.lots]
    dispute.credits = max(returns.credits_to_take(payment, dispute.counted), sum(frozen))
    taken = shares.take(holding, dispute.credits, frozen)
    split = returns.split(payment, dispute.counted)
    rest = split.net - sum(share.net for share in taken)
    policy = Policy.current()
    dispute.chargeback, dispute.tax_relief = policy.chargeback, policy.dispute_tax_relief
    entries.take(dispute, taken, instead_of="1200")
    entries.lose(dispute, tax=split.tax, rest=rest)
    payment.disputed -= dispute.counted
    payment.clawed_back += dispute.counted
    payment.tax_returned += split.tax
    payment.save(update_fields=["disputed", "clawed_back", "tax_returned"])
    dispute.owed = max(rest, 0)
    dispute.tax_lost = 0 if dispute.tax_relief else split.tax
    _close(dispute, DisputeState.LOST)
    announced.of_dispute(dispute, "dispute.lost")
    if dispute.counted:
        taken_back = dispute.clawed_credits
        documents.issue_chargeback_note(dispute, net=split.net, tax=split.tax, credits=taken_back)


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
    entries.post(dispute, "dispute fee", late, f" {fee} {returned}")
    dispute.fee, dispute.fee_returned = fee, returned
    dispute.save(update_fields=["fee", "fee_returned"])


def _close(dispute: Dispute, state: DisputeState) -> None:
    dispute.state = state
    dispute.closed_at = timezone.now()
    dispute.save()
