"""What adjustments are measured by: limits, rates, the functional currency.

Whoever changes one of these could make their own adjustment small enough to need nobody else. So
for a day after a person changed one, the stricter of what it was and what it is counts, for all:
who has two accounts gains nothing either. The audit knows what it was.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

from django.db.models import QuerySet

from accounts.models import AuditEntry, User
from billing.models import AdjustmentLimit, ExchangeRate, Plan
from ledger import selectors

RESTS: Final = timedelta(hours=24)


class Limit(NamedTuple):
    """Micro-credits, and units of the functional currency."""

    role: str
    credits: int
    money: Decimal
    is_raised: bool


def limit(user: User) -> Limit | None:
    """The lowest of the last day."""
    found = AdjustmentLimit.objects.filter(role=user.staff_role or "").first()
    if found is None:
        return None
    befores = [one.before or {} for one in _changes("adjustmentlimit", row=str(found.pk))]
    credits = [int(one["credits"]) for one in befores if "credits" in one]
    money = [Decimal(str(one["money"])) for one in befores if "money" in one]
    least = min([found.credits, *credits]), min([found.money, *money])
    return Limit(found.role, *least, is_raised=least != (found.credits, found.money))


def rate(currency: str, to: str, day: date) -> Decimal | None:
    """The highest of the last day; None where there was none before."""
    if currency == to:
        return Decimal(1)
    of_pair = ExchangeRate.objects.filter(currency=currency, to=to, day__lte=day).order_by("-day")
    now = of_pair.first()
    if now is None:
        return None
    rows = [str(pk) for pk in of_pair.values_list("pk", flat=True)]
    changes = list(_changes("exchangerate").filter(row__in=rows))
    added = {one.row for one in changes if one.before is None}
    earlier = [
        Decimal(str(one.before["rate"]))
        for one in changes
        if one.before and "rate" in one.before and one.row not in added
    ]
    settled = of_pair.exclude(pk__in=[int(one.row) for one in changes]).first()
    earlier += [settled.rate] if settled else []
    return max([now.rate, *earlier]) if earlier else None


def why_unsettled() -> str:
    changed = _changes("policy").filter(before__has_key="functional_currency").exists()
    told = "The functional currency was changed within 24 hours: another person decides."
    return told if changed else ""


def why_not_start(plan: Plan, by: User) -> str:
    """Credits of a plan that one has made oneself are as if one gave them; empty where they may."""
    may = limit(by)
    if plan.included_credits + plan.connection_credits <= (may.credits if may else 0):
        return ""
    made = AuditEntry.objects.filter(row=str(plan.pk), table=Plan._meta.db_table, person=by)
    told = "You made or published this plan, and it gives more credits than you may alone."
    return f"{told} Another person puts a customer on it." if made.exists() else ""


def _changes(noun: str, **of: Any) -> QuerySet[AuditEntry]:
    actions = [f"{noun}.added", f"{noun}.changed"]
    since = selectors.now() - RESTS
    return AuditEntry.objects.filter(action__in=actions, at__gt=since, **of)
