"""Periods are turned over: what the one that is over owes beyond its fee, and the fee of the next,
become one invoice; the next one's credits are there; and another plan may begin."""

import logging
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import CustomerStatus
from billing.errors import PlaceMissing
from billing.models import InvoiceKind, Plan, PlanState, Subscription, SubscriptionState
from billing.plans import (
    calendar,
    connections,
    included,
    invoicing,
    leaving,
    lines,
    telling,
    unpaid,
)
from ledger import selectors, services
from ledger.operations import Operation

logger = logging.getLogger(__name__)


def turn_due() -> int:
    """How many periods were turned over. At once again: none."""
    due = Subscription.objects.filter(
        state=SubscriptionState.ACTIVE, period_end__lte=selectors.now()
    )
    found = list(due.order_by("period_end").values_list("id", flat=True))
    return sum(_turn_over(subscription_id) for subscription_id in found)


def apply_all() -> None:
    """What could not be done to a wallet when it was asked for."""
    waiting = Subscription.objects.filter(applied=False)
    for subscription_id in waiting.values_list("id", flat=True):
        try:
            _apply(subscription_id)
        except PlaceMissing as missing:
            logger.warning("%s is applied later: %s", subscription_id, missing.detail)


@transaction.atomic
def _apply(subscription_id: UUID) -> None:
    subscription = locked(subscription_id)
    later = Subscription.objects.filter(
        customer=subscription.customer_id, started_at__gt=subscription.started_at
    )
    if later.exists():
        Subscription.objects.filter(id=subscription_id).update(applied=True)
    else:
        leaving.go_on(subscription)


def locked(subscription_id: UUID) -> Subscription:
    """Before its invoices and the wallet, never after."""
    found = Subscription.objects.select_related(
        "customer", "plan", "next_plan", "left_plan", "card"
    )
    return found.select_for_update(of=("self",)).get(pk=subscription_id)


def _turn_over(subscription_id: UUID) -> int:
    """All of its periods that are over; each is a transaction of its own."""
    turned = 0
    try:
        while _turn(subscription_id):
            turned += 1
    except PlaceMissing as missing:
        _stop(subscription_id, missing.detail)
    except Exception:
        logger.exception("The period of %s is turned over later", subscription_id)
    return turned


@transaction.atomic
def _turn(subscription_id: UUID) -> bool:
    subscription = locked(subscription_id)
    if not subscription.is_active or subscription.period_end > selectors.now():
        return False
    # What ends with the period has ended before what it leaves is looked at.
    services.refresh(subscription.customer_id)
    leaving.settle(subscription)
    _take_for_connections(subscription)
    owed, follows = lines.closing(subscription), _what_follows(subscription)
    if follows is None:
        end(subscription, owed)
    else:
        _begin_next(subscription, follows, owed)
    return True


def _what_follows(subscription: Subscription) -> Plan | None:
    """The plan of the next period; none where there is none."""
    end = subscription.period_end
    is_over = subscription.ends_at is not None and subscription.ends_at <= end
    is_closed = subscription.customer.status == CustomerStatus.CLOSED
    if is_over or is_closed or not unpaid.is_opened(subscription):
        return None
    if subscription.plan_until is not None and subscription.plan_until <= end:
        followed_by = subscription.next_plan or subscription.plan.followed_by
        return current(followed_by) if followed_by else None
    return subscription.next_plan or subscription.plan


def current(plan: Plan) -> Plan:
    """The version on offer of one that was named long ago."""
    return Plan.objects.filter(code=plan.code, state=PlanState.PUBLISHED).first() or plan


def end(subscription: Subscription, owed: list[lines.Line]) -> None:
    """No plan from now on. Credits that were bought stay."""
    invoicing.issue(subscription, InvoiceKind.FINAL, owed)
    leaving.leave(subscription, subscription.plan)
    subscription.state, subscription.ended_at = SubscriptionState.ENDED, selectors.now()
    subscription.next_plan = None
    subscription.stuck = ""
    subscription.save()
    leaving.arrive(subscription)
    telling.ended(subscription)


def _begin_next(subscription: Subscription, plan: Plan, owed: list[lines.Line]) -> None:
    before = subscription.plan
    rolled_over = included.left_of_period(subscription, before)
    if owed and plan.currency != before.currency:
        invoicing.issue(subscription, InvoiceKind.CHANGE, owed)
        owed = []
    is_new = plan.pk != before.pk
    starts = subscription.period_end
    if is_new:
        leaving.leave(subscription, before)
    subscription.period += 1
    if is_new:
        put_on(subscription, plan, since=starts)
    subscription.period_start = starts
    subscription.included = plan.included_credits
    subscription.period_end = calendar.end_of_period(subscription)
    subscription.stuck = ""
    subscription.save()
    invoicing.issue(
        subscription,
        InvoiceKind.PERIOD,
        [*owed, *lines.fee(subscription, plan)],
        fee_span=(starts, subscription.period_end),
    )
    included.give_for_period(subscription, rolled_over=rolled_over)
    if is_new or not subscription.applied:
        leaving.arrive(subscription)
    if is_new:
        telling.changed(subscription, before)


def put_on(subscription: Subscription, plan: Plan, *, since: datetime) -> None:
    """The plan, with the time that it lasts and is agreed to for. Not saved."""
    if subscription.plan_until is not None and subscription.plan_until <= since:
        subscription.anchored_on = calendar.day_of(since, subscription.customer)
        subscription.anchored_period = subscription.period
    subscription.plan, subscription.next_plan = plan, None
    subscription.plan_since = since
    subscription.plan_until = calendar.until(plan, since, subscription.customer)
    _commit(subscription, calendar.committed_until(plan, subscription), since)


def _commit(subscription: Subscription, until: datetime | None, since: datetime) -> None:
    """What was agreed to before stays agreed to."""
    agreed = [one for one in (until, subscription.committed_until) if one and one > since]
    subscription.committed_until = max(agreed, default=None)


def _take_for_connections(subscription: Subscription) -> None:
    """Credits for connected applications. What is not there is owed, and comes off the next."""
    plan = subscription.plan
    credits = plan.connection_credits * connections.billed(subscription)
    if credits:
        name = included.name_of_period(subscription)
        services.apply_one(
            Operation(
                op="debit",
                customer_id=subscription.customer_id,
                amount=credits,
                overrun="debt",
                # Of the period that is over: no cap refuses it.
                happened_at=subscription.period_end,
                request_id=f"connections {name}",
                metadata={"plan": plan.code},
            )
        )


def _stop(subscription_id: UUID, why: str) -> None:
    told = Subscription.objects.filter(id=subscription_id).exclude(stuck=why)
    if told.update(stuck=why):
        logger.warning("The period of %s is not turned over: %s", subscription_id, why)
