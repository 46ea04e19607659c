"""Credits that come with a plan: lots without a price (the fee is for having them at hand), which
end with the period. What is left of them then may come again with the next, up to a limit."""

from datetime import datetime, timedelta

from billing.books.rows import value
from billing.models import Invoice, Plan, Subscription
from billing.shares import part_of
from ledger import selectors, services, wallets

# Before what was bought, which ends later.
PRIORITY = 50

_LEFT = """
select coalesce(sum(t.amount), 0)::bigint
from ledger_lot l join ledger_transfer t on t.customer_id = l.customer_id and t.lot_id = l.id
where l.customer_id = %(customer)s and l.document = %(document)s
    and t.kind = 'expire' and t.unit = 'CR' and t.credit = 'U31'
"""


def give(subscription: Subscription, credits: int, key: str, reason: str = "") -> None:
    """Until the period's end; once under each key."""
    if credits <= 0 or subscription.period_end <= selectors.now():
        return
    result = services.grant(
        subscription.customer_id,
        amount=credits,
        kind="promo",
        priority=PRIORITY,
        expires_at=subscription.period_end,
        document=name_of_period(subscription),
        reason=reason or f"Included in {subscription.plan.name}",
        key=key,
    )
    assert result.lot_id
    # The plan says when they end: no lot of it waits for a notice.
    wallets.notice(subscription.customer_id, lot_id=result.lot_id)


def of_period(subscription: Subscription) -> int:
    return subscription.plan.included_credits


def give_for_period(subscription: Subscription, *, rolled_over: int = 0) -> None:
    name = name_of_period(subscription)
    give(subscription, of_period(subscription), f"included {name}")
    give(subscription, rolled_over, f"rolled over {name}", "Left of the period before")


def give_with(invoice: Invoice, subscription: Subscription) -> None:
    """What waited for its payment."""
    if subscription.is_active:
        give(subscription, invoice.credits, f"included {invoice.name}")


def left_of_period(subscription: Subscription, plan: Plan) -> int:
    """What has expired of the period that just ended, as far as the plan lets it roll over."""
    if not plan.rollover_credits:
        return 0
    asked = {"customer": subscription.customer_id, "document": name_of_period(subscription)}
    left: int = value(_LEFT, asked)
    return min(left, plan.rollover_credits)


def more_at_once(before: Plan, after: Plan, subscription: Subscription, now: datetime) -> int:
    """Of a change within a period: what the new plan has more, for the time that is left; with what
    the period was given already, never more than the new plan has."""
    more = after.included_credits - before.included_credits
    room = after.included_credits - subscription.included
    return max(min(pro_rata(max(more, 0), subscription, now), room), 0)


def pro_rata(amount: int, subscription: Subscription, now: datetime) -> int:
    """For what is left of the period, by the microsecond."""
    whole = subscription.period_end - subscription.period_start
    left = max(subscription.period_end - now, timedelta(0))
    return part_of(amount, _microseconds(left), _microseconds(whole))


def name_of_period(subscription: Subscription) -> str:
    return f"{subscription.name}/{subscription.period}"


def _microseconds(time: timedelta) -> int:
    return time // timedelta(microseconds=1)
