"""Top-ups are taken up one by one: ordered under the customer's lock, charged outside of any
database transaction, and asked for again under the same name wherever a process died."""

import logging
from datetime import timedelta
from time import monotonic
from typing import Final

from django.db import transaction
from django.utils import timezone

from billing import events, payment_methods, providers
from billing.errors import BillingError, CardDeclined, ProviderDeclined
from billing.facts import Paid
from billing.models import Purchase, PurchaseState, TopUp, TopUpSettings, TopUpState
from billing.top_up import budget, cards, obstacles, ordering, settling, telling
from ledger import selectors

RUN_SECONDS: Final = 60
# Nobody else works on it meanwhile. A provider that hangs is given up sooner.
LEASE: Final = timedelta(minutes=2)
# While the provider's answer is awaited; the last one again and again, and the owners are told.
PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30))
# Stripe forgets an idempotency key after a day: asked again after that, it would be another charge.
ASKED_FOR: Final = timedelta(hours=20)

_CLAIM: Final = """
update billing_topup set due_at = ledger_now() + %s, attempts = attempts + 1
where id = (
    select id from billing_topup where state in ('wanted', 'charging') and due_at <= ledger_now()
    order by due_at, id limit 1 for update skip locked
)
returning *
"""

logger = logging.getLogger(__name__)


def charge_due() -> int:
    """Take up what is due, one after the other; how many were. What is left after RUN_SECONDS waits
    for the next time."""
    taken, ends_at = 0, monotonic() + RUN_SECONDS
    while monotonic() < ends_at and (found := list(TopUp.objects.raw(_CLAIM, [LEASE]))):
        (top_up,) = found
        _take_up(top_up)
        taken += 1
    return taken


def _take_up(top_up: TopUp) -> None:
    try:
        if top_up.state == TopUpState.CHARGING or _order(top_up):
            _charge(top_up)
    except Exception:
        logger.exception("Top-up %s is taken up again when its lease is over", top_up.id)


def _order(top_up: TopUp) -> bool:
    """Decide what is charged. What nothing comes of leaves no row."""
    available = selectors.balance(top_up.customer_id).available
    with transaction.atomic():
        found = TopUp.objects.select_for_update().filter(id=top_up.id, state=TopUpState.WANTED)
        wanted = found.first()
        if wanted is None:
            return False
        agreement = _agreement(wanted)
        if agreement is None or not _is_possible(agreement, available):
            wanted.delete()
            return False
        _begin(top_up, agreement, gap=agreement.target - available)
    return True


def _is_possible(agreement: TopUpSettings, available: int) -> bool:
    if available > agreement.threshold or obstacles.is_to_wait(agreement):
        return False
    obstacle = obstacles.found(agreement)
    if obstacle is not None:
        telling.stopped(agreement, obstacle)
    return obstacle is None


def _agreement(top_up: TopUp) -> TopUpSettings | None:
    """Locked, so that a month's cap is counted by one at a time."""
    found = TopUpSettings.objects.filter(customer=top_up.customer_id, enabled=True)
    locked = found.select_related("customer", "pack", "card").select_for_update(of=("self",))
    return locked.first()


def _begin(top_up: TopUp, agreement: TopUpSettings, *, gap: int) -> None:
    within = budget.left(agreement)
    purchase = ordering.closing(agreement, gap=gap, within=within, key=top_up.id)
    assert purchase is not None
    purchase.save(force_insert=True)
    top_up.state, top_up.purchase, top_up.card = TopUpState.CHARGING, purchase, agreement.card
    top_up.gap, top_up.amount, top_up.currency = gap, purchase.total, purchase.currency
    top_up.save(update_fields=["state", "purchase", "card", "gap", "amount", "currency"])
    TopUpSettings.objects.filter(customer=agreement.customer_id).update(
        stopped_by="", stopped_at=None
    )


def _charge(top_up: TopUp) -> None:
    """The same charge, however often it is asked for."""
    purchase, card = top_up.purchase, top_up.card
    assert purchase is not None and card is not None
    is_late = timezone.now() - purchase.created_at > ASKED_FOR
    if is_late or card.removed_at is not None or cards.disputes(card).exists():
        _look_for(top_up, purchase, is_late=is_late)
        return
    try:
        purchase = payment_methods.pay(purchase, card)
    except CardDeclined as declined:
        settling.failed(top_up, TopUpState.FAILED, declined.detail, is_final=declined.is_final)
    except ProviderDeclined as declined:
        settling.failed(top_up, TopUpState.FAILED, declined.detail, is_final=True)
    except BillingError as error:
        logger.warning("Top-up %s has no answer yet: %s", top_up.id, error.detail)
        _put_off(top_up)
    else:
        if purchase.state != PurchaseState.PAID:
            _put_off(top_up)


def _look_for(top_up: TopUp, purchase: Purchase, *, is_late: bool) -> None:
    """It cannot be asked for again: what the provider's own list does not have is given up when it
    is late. Should it be paid all the same, that is entered when it is told."""
    provider = providers.get(purchase.provider)
    since = purchase.created_at - timedelta(hours=1)
    try:
        # Before the list: what was under way when that was read may have succeeded since.
        is_awaited = not is_late or provider.is_under_way(purchase.name, since)
        for fact in provider.facts_since(since):
            if isinstance(fact, Paid) and fact.our_purchase == purchase.name:
                events.enter(provider.name, provider.enrich(fact))
                return
    except BillingError as error:
        logger.warning("Top-up %s cannot be looked for: %s", top_up.id, error.detail)
        is_awaited = True
    if is_awaited:
        _put_off(top_up)
        return
    told = "The payment provider never answered, and knows of no such payment."
    settling.failed(top_up, TopUpState.GIVEN_UP, told, is_final=False)


def _put_off(top_up: TopUp) -> None:
    pause = PAUSES[min(top_up.attempts, len(PAUSES)) - 1]
    charging = TopUp.objects.filter(id=top_up.id, state=TopUpState.CHARGING)
    with transaction.atomic():
        is_waiting = charging.update(due_at=selectors.now() + pause)
        if is_waiting and top_up.attempts > len(PAUSES):
            telling.unanswered(top_up)
