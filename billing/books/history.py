"""What is known of cohorts: month by month of their age, and those that have matured."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from billing.books import cohorts
from billing.books.breakage.gate import Gate, Matured
from billing.books.breakage.gate import gate as gate_of
from billing.books.breakage.survival import History
from billing.books.cohorts import Cohort, age
from billing.books.rows import rows
from billing.models import Policy

# By cohort and month: what was sold, what was used, and what left without being either.
_MONTHS = """
select l.cohort, date_trunc('month', p.posting_date)::date as month,
    coalesce(-sum(p.amount) filter (where p.account = '4100'), 0)::bigint as used,
    coalesce(-sum(p.amount) filter (where p.account = '2110'), 0)::bigint as expired,
    coalesce(-sum(p.amount) filter (where p.account = '2100'), 0)::bigint as deferred
from ledger_posting p join ledger_lot l on l.customer_id = p.customer_id and l.id = p.lot_id
where p.unit <> 'CR' and p.posting_date <= %(as_of)s and l.paid and l.cohort is not null
    and p.account in ('2100', '2110', '4100')
group by 1, 2 order by 1, 2
"""


class Observed(NamedTuple):
    """A cohort's history, and how many months its lots can be used."""

    cohort: str
    months: int
    history: History
    expired: int
    outstanding: int


def observed(as_of: date) -> list[Observed]:
    """Of every cohort, the oldest first."""
    months = defaultdict(list)
    for name, *figures in rows(_MONTHS, {"as_of": as_of}):
        months[name].append(figures)
    expiries = cohorts.last_expiries()
    return [_observed(name, figures, as_of, expiries.get(name)) for name, figures in months.items()]


def curve(as_of: date, currency: str | None = None) -> list[Observed]:
    """Those whose lots expire, and of which all is known: what never does has no last age, and what
    came from another system was used there. Of one currency, or of all."""
    never = {name for name, expiry in cohorts.last_expiries().items() if expiry is None}
    found = [one for one in observed(as_of) if one.cohort not in never]
    return [
        one
        for one in found
        if not Cohort.read(one.cohort).escheat_class
        and Cohort.read(one.cohort).family != cohorts.OPENING
        and currency in (None, Cohort.read(one.cohort).currency)
    ]


def gate(as_of: date, policy: Policy, currency: str | None = None) -> Gate:
    """What the cohorts of one currency say, or all together."""
    seen = curve(as_of, currency)
    months = {Cohort.read(one.cohort).month for one in seen}
    return gate_of(_matured(seen), len(months), change_pending=policy.comparability_broken)


def gates(as_of: date, policy: Policy) -> Callable[[str], Gate]:
    """The gate of a cohort's currency, by the cohort's name."""
    by_currency = cache(lambda currency: gate(as_of, policy, currency))
    return lambda name: by_currency(Cohort.read(name).currency)


def _matured(seen: Iterable[Observed]) -> list[Matured]:
    """Cohorts of which nothing is outstanding, and the rate that broke."""
    return [
        Matured(Cohort.read(one.cohort).month, Decimal(one.expired) / one.history.value)
        for one in seen
        if not one.outstanding and one.history.value > 0
    ]


def as_json(passed: Gate, *, waived: bool) -> dict[str, Any]:
    return {
        "passes": passed.passes,
        "waived": waived,
        "enough": passed.enough._asdict(),
        "steady": {**passed.steady._asdict(), "variation": _text(passed.steady.variation)},
        "comparable": passed.comparable._asdict(),
        "mean": _text(passed.mean),
        "constrained": _text(passed.constrained),
    }


def _observed(name: str, figures: list[Any], as_of: date, expiry: Any) -> Observed:
    """`deferred` is the movement of 2100: a sale less all that left it."""
    first = Cohort.read(name).month
    until = age(first, as_of)
    used, censored, expired = [0] * until, [0] * until, [0] * until
    value = outstanding = 0
    for month, used_then, expired_then, deferred in figures:
        # A day may be of another month once the books' time zone was changed.
        at = min(max(age(first, month), 1), until) - 1
        came = deferred + used_then + expired_then  # sold, less what left without being used
        used[at] += used_then
        expired[at] += expired_then
        outstanding += deferred
        if came >= 0:
            value += came
        else:
            censored[at] -= came
    months = age(first, expiry.date()) if expiry else until
    # What expired at its end is what survived; before that it is no longer there to be used.
    for at in range(min(until, months) - 1):
        censored[at] += expired[at]
    seen = min(until, months)
    return Observed(
        name,
        months,
        History(value, used[:seen], censored[:seen]),
        sum(expired),
        outstanding,
    )


def _text(number: Decimal | None) -> str | None:
    return None if number is None else format(number.normalize(), "f")
