"""What is left to do of accounts that are closed: pages where somebody could pay still are closed,
refunds are sent, and what comes in meanwhile goes back. Each may be done twice; whatever dies, the
job goes on from what is written."""

import logging
from contextlib import suppress
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from billing import payments, providers, refunds
from billing.care import closings, effects, settling
from billing.errors import BillingError, ProviderDeclined
from billing.models import (
    AccountClosing,
    ClosingState,
    Payment,
    Purchase,
    Refund,
    RefundState,
)
from ledger import selectors

_AT_ONCE: Final = 100
CAME_BACK: Final = "There are credits again that nobody decided about."

logger = logging.getLogger(__name__)


def carry_on_all() -> str:
    """Those that are not over, and those to which something came back."""
    expired = closings.expire(AccountClosing.objects.all())
    has_credits = Q(state=ClosingState.CLOSED, customer__wallet__balance__gt=0)
    left = AccountClosing.objects.filter(Q(state=ClosingState.SETTLING) | has_credits)
    over = 0
    for closing_id in left.order_by("asked_at").values_list("pk", flat=True)[:_AT_ONCE]:
        try:
            over += carry_on(closing_id)
        except Exception:
            logger.exception("The closing %s goes on another time", closing_id)
    return f"{over} closed, {expired} expired"


def carry_on(closing_id: UUID) -> bool:
    """Whether it is over. Not in a database transaction: providers are asked."""
    closing = AccountClosing.objects.select_related("customer").get(pk=closing_id)
    why = [*_close_pages(closing), *_give_back_late(closing), *_send(closing_id)]
    return _finish(closing_id, " ".join(dict.fromkeys(why)))


def _close_pages(closing: AccountClosing) -> list[str]:
    """What was paid on one is entered, and goes back."""
    told = []
    for purchase in settling.open_pages(closing.customer):
        try:
            _close_page(purchase)
        except BillingError as error:
            told.append(f"The page of {purchase.name} is open: {error.detail}")
    return told


def _close_page(purchase: Purchase) -> None:
    """Raises ProviderFailed, UnknownProvider."""
    # Declined, it is paid or its time is over: it says which.
    with suppress(ProviderDeclined):
        providers.get(purchase.provider).close_checkout(purchase.provider_ref or "")
    payments.confirm(purchase)


def _give_back_late(closing: AccountClosing) -> list[str]:
    """Whatever the policy: nobody decided about these. One that is declined waits for a person."""
    return [why for payment in _late(closing) if (why := _enter_late(closing, payment))]


def _late(closing: AccountClosing) -> list[Payment]:
    """Payments that were entered since it was settled."""
    effect = effects.read(closing.effect)
    unseen = Payment.objects.filter(purchase__customer=closing.customer_id)
    unseen = unseen.exclude(pk__in=effect.seen if effect else ())
    return [
        payment
        for payment in unseen.select_related("purchase").order_by("paid_at")
        if _late_key(closing, payment) not in closing.refunds and settling.has_credits(payment)
    ]


def _late_key(closing: AccountClosing, payment: Payment) -> UUID:
    return settling.refund_key(closing, payment.pk, 0)


@transaction.atomic
def _enter_late(closing: AccountClosing, payment: Payment) -> str:
    """The refund, which `_send` sends. Locks as settling does: the closing, then the payment."""
    now, key = closings.locked(closing.pk), _late_key(closing, payment)
    if key in now.refunds:
        return ""
    try:
        refunds.enter(payment.purchase, by=now.decided_by, reason=settling.REASON, key=key)
    except BillingError as refusal:
        return f"{payment.purchase.name} is not refunded: {refusal.detail}"
    now.refunds = [*now.refunds, key]
    now.save(update_fields=["refunds"])
    return ""


def _send(closing_id: UUID) -> list[str]:
    """Why some were not. Asked again, each is the same refund at the provider."""
    told = []
    for refund in _unsent(closing_id):
        try:
            refunds.send(refund)
        except BillingError as error:
            name = refund.payment.purchase.name
            told.append(f"The refund of {name} is asked for again: {error.detail}")
    return told


def _unsent(closing_id: UUID) -> list[Refund]:
    asked = AccountClosing.objects.values_list("refunds", flat=True).get(pk=closing_id)
    found = Refund.objects.filter(id__in=asked, state=RefundState.REQUESTED, provider_ref=None)
    return list(found.select_related("payment__purchase").order_by("created_at"))


@transaction.atomic
def _finish(closing_id: UUID, why: str) -> bool:
    """Closed, where nothing is owed and nothing is left. What came back, and goes nowhere by
    itself, a person decides about."""
    closing = closings.locked(closing_id)
    if closing.state not in (ClosingState.SETTLING, ClosingState.CLOSED):
        return False
    left = selectors.balance(closing.customer_id).total
    if left > 0 and not why and not _late(closing):
        closing.state, closing.told = ClosingState.CHANGED, CAME_BACK
    elif left > 0 or why or _unsent(closing_id):
        closing.state = ClosingState.SETTLING
        closing.told = why
    else:
        closing.state, closing.told = ClosingState.CLOSED, ""
        closing.closed_at = closing.closed_at or selectors.now()
    closing.save(update_fields=["state", "told", "closed_at"])
    return closing.state == ClosingState.CLOSED
