"""The books of a scenario, read: balances, movements, the roll-forward of deferred revenue, cohorts
and credits. Amounts are decimal strings of their unit, balances in their account's normal
direction."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from billing.books import cohorts, engine, periods
from billing.books import functional as functional_view
from billing.books.breakage.formula import Position
from billing.books.cohorts import Cohort, last_day
from billing.books.errors import RateMissing
from billing.books.expected import expected
from billing.books.reports import roll_forward
from billing.books.rows import rows
from billing.models import Estimate, ExchangeRate, Method, Policy
from ledger import money
from ledger.money import CREDITS

_CHART = "select code, unit = 'money', normal = 'debit' from ledger_account order by code"
_SUMS = """
select unit, account, sum(amount)::bigint from ledger_posting
where posting_date > %(after)s and posting_date <= %(until)s
group by 1, 2
"""
_WALLETS = (
    "select coalesce(sum(held), 0)::bigint, coalesce(sum(frozen), 0)::bigint from ledger_wallet"
)
_CREDITS = """
select customer_id, account, sum(case when account = 'U10' then amount else -amount end)::bigint
from ledger_posting where unit = 'CR' group by 1, 2
"""
_HELD = "select customer_id, held, frozen from ledger_wallet"
_LINES = {
    "usage": "usage revenue",
    "reversals": "commit reversals",
    "reinstated": "expiry",
    "breakage": "breakage revenue",
}
HELD, FROZEN, FREE = "U21", "U22", "U20"
_STATES = {
    "U30": "consumed",
    "U31": "expired",
    "U32": "refunded",
    "U33": "escheated",
    "U34": "voided",
    "U10": "issued",
}


class Close(NamedTuple):
    period: str
    currency: str
    balances: dict[str, str]
    movements: dict[str, str]
    roll_forward: list[dict[str, str]]
    cohorts: list[dict[str, Any]]


def closes(month: date, currency: str) -> list[Close]:
    """One for each currency that the books have; where they have none, of this one."""
    before, until = month - timedelta(days=1), last_day(month)
    at_end, moved = _sums(date.min, until), _sums(before, until)
    return [
        Close(
            period=f"{month:%Y-%m}",
            currency=unit,
            balances=_of_chart(at_end.get(unit, {}), unit),
            movements=_of_chart(moved.get(unit, {}), unit),
            roll_forward=_roll_forward(month, unit),
            cohorts=_cohorts(until, unit),
        )
        for unit in sorted({*at_end} - {CREDITS}) or [currency]
    ]


def balances(currency: str) -> dict[str, dict[str, str]]:
    """As of now, by currency; and of credits, where what is held and frozen stands by itself."""
    found = _sums(date.min, date.max)
    found.setdefault(currency, {})
    shown = {unit: _of_chart(found[unit], unit) for unit in sorted({*found} - {CREDITS})}
    credits = found.get(CREDITS, {})
    ((held, frozen),) = rows(_WALLETS)
    # Both are of U20 in the journal (section 4.3).
    credits = {**credits, FREE: credits.get(FREE, 0) + held + frozen, HELD: -held, FROZEN: -frozen}
    return {**shown, CREDITS: _of_chart(credits, CREDITS)}


def functional() -> dict[str, str]:
    """All currencies together, as of now, in the functional one (E19). Raises RateMissing."""
    currency = Policy.current().functional_currency
    found = functional_view.balances(periods.today())
    return {code: money.show_unit(amount, currency) for code, amount in found.items()}


def functional_of_file() -> dict[str, dict[str, str]]:
    """By the functional currency; empty where the file has no rates, or too few."""
    if not ExchangeRate.objects.exists():
        return {}
    with suppress(RateMissing):
        return {Policy.current().functional_currency: functional()}
    return {}


def credits(customers: Mapping[str, UUID]) -> dict[str, dict[str, str]]:
    found = {
        name: dict.fromkeys(("available", "held", "frozen", *_STATES.values()), 0)
        for name in customers
    }
    names = {id: name for name, id in customers.items()}
    for customer_id, account, amount in rows(_CREDITS):
        state = "available" if account == FREE else _STATES.get(account)
        if state and customer_id in names:
            found[names[customer_id]][state] = amount
    for customer_id, held, frozen in rows(_HELD):
        if customer_id in names:
            own = found[names[customer_id]]
            own["held"], own["frozen"] = held, frozen
            own["available"] -= held + frozen
    return {
        name: {state: money.show_unit(amount, CREDITS) for state, amount in own.items()}
        for name, own in found.items()
    }


def _roll_forward(month: date, currency: str) -> list[dict[str, str]]:
    """The lines of section 8.1; what was reinstated makes expiry smaller."""
    found: dict[str, list[int]] = {}
    for line in roll_forward.lines(month, currency):
        amounts = found.setdefault(_LINES.get(line.name, line.name), [0, 0])
        amounts[0] += line.deferred
        amounts[1] += line.advance
    return [
        {
            "line": name,
            "2100": money.show_unit(deferred, currency),
            "2110": money.show_unit(advance, currency),
            "net": money.show_unit(deferred + advance, currency),
        }
        for name, (deferred, advance) in found.items()
    ]


def _sums(after: date, until: date) -> dict[str, dict[str, int]]:
    """Debits less credits, by unit and account."""
    found: dict[str, dict[str, int]] = {}
    for unit, account, amount in rows(_SUMS, {"after": after, "until": until}):
        found.setdefault(unit, {})[account] = amount
    return found


def _of_chart(sums: Mapping[str, int], unit: str) -> dict[str, str]:
    """Every account of the unit's chart."""
    normal = {
        code: debit for code, is_money, debit in rows(_CHART) if is_money == (unit != CREDITS)
    }
    if unit == CREDITS:
        normal |= {HELD: False, FROZEN: False}
    return {
        code: money.show_unit(sums.get(code, 0) * (1 if normal[code] else -1), unit)
        for code in sorted(normal)
    }


def _cohorts(as_of: date, currency: str) -> list[dict[str, Any]]:
    positions, posted = cohorts.positions(as_of), cohorts.recognised(as_of)
    estimates = engine.latest_estimates(as_of)
    names = sorted(name for name in {*positions, *posted} if Cohort.read(name).currency == currency)
    return [
        _cohort(
            name,
            positions.get(name, engine.NOTHING),
            posted.get(name, 0),
            estimates.get(name),
            as_of,
        )
        for name in names
    ]


def _cohort(
    name: str, position: Position, n: int, estimate: Estimate | None, as_of: date
) -> dict[str, Any]:
    currency = Cohort.read(name).currency
    breaks = round(expected(name, estimate, position, as_of))
    breaks = max(min(breaks, position.a + position.o), position.a)
    amounts = {
        "v": position.v,
        "c": position.c,
        "a": position.a,
        "o": position.o,
        "expected": breaks,
        "n": n,
        "2110": n - position.a,
    }
    return {
        "name": name,
        **{key: money.show_unit(amount, currency) for key, amount in amounts.items()},
        "rate": _rate(estimate.rate) if estimate else None,
        "method": str(estimate.method if estimate else Method.REMOTE),
    }


def _rate(rate: Decimal | None) -> str | None:
    return None if rate is None else f"{rate.normalize():f}"
