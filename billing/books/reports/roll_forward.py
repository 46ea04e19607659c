"""Deferred revenue from the beginning of a month to its end (accounting rules, 8.1)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from billing.books.cohorts import last_day
from billing.books.counted import TRANSFERS
from billing.books.reports.movements import DAY, Moved, moved
from billing.books.reports.table import Column, Row, Table
from billing.books.rows import rows

LINES = {
    "opening": "Opening",
    "openings": "Brought from another system",
    "sales": "Sales (ex tax)",
    "usage": "Usage revenue",
    "reversals": "Commit reversals",
    "expiry": "Expiry (moves to 2110)",
    "reinstated": "Reinstatements (from 2110)",
    "breakage": "Breakage revenue",
    "refunds": "Refunds from deferred",
    "chargebacks": "Chargebacks from deferred",
    "escheat": "Escheat reclass",
    "transfers": "Transfers",
    "other": "Other: not classified",
    "closing": "Closing",
}
# Left out where there was nothing: the table of section 8.1 does not have them.
_RARE = ("openings", "reinstated", "other")
_AMOUNTS = (
    Column("deferred", "2100", "money"),
    Column("advance", "2110 (Dr as minus)", "money"),
    Column("net", "Net", "money"),
)
_COLUMNS = (Column("title", "Line", "text"), *_AMOUNTS)
_BY_COHORT = (Column("cohort", "Cohort", "text"), *_COLUMNS)


class Line(NamedTuple):
    """Minor units. `net` is the contract liability that is presented: 2100 less 2110."""

    name: str
    title: str
    deferred: int
    advance: int

    @property
    def net(self) -> int:
        return self.deferred + self.advance

    def as_row(self) -> dict[str, Any]:
        return {**self._asdict(), "net": self.net}


def lines(month: date, currency: str) -> list[Line]:
    """For programs: from opening to closing, in the order of section 8.1."""
    return _lines(one for one in moved(month) if one.currency == currency)


def report(month: date) -> list[Table]:
    """Of each currency one of all, and one by cohort; then the credits."""
    by_currency = defaultdict(list)
    for one in moved(month):
        by_currency[one.currency].append(one)
    tables = []
    for currency, movements in sorted(by_currency.items()):
        tables += [_of_all(currency, movements), _by_cohort(currency, movements)]
    return [*tables, _of_credits(month)]


def _lines(movements: Iterable[Moved]) -> list[Line]:
    deferred: dict[str, int] = defaultdict(int)
    advance: dict[str, int] = defaultdict(int)
    for one in movements:
        for line in (one.line, "closing"):
            deferred[line] += one.deferred
            advance[line] += one.advance
    return [
        Line(name, title, deferred[name], advance[name])
        for name, title in LINES.items()
        if name not in _RARE or deferred[name] or advance[name]
    ]


def _of_all(currency: str, movements: list[Moved]) -> Table:
    found = [line.as_row() for line in _lines(movements)]
    return Table(
        f"roll-forward-{currency}",
        f"Deferred revenue, {currency}",
        _COLUMNS,
        found[:-1],
        currency,
        found[-1],
        "2110 is breakage that was recognised in advance: a debit, shown as minus. Net is the"
        " contract liability. Tax is in neither.",
    )


def _by_cohort(currency: str, movements: list[Moved]) -> Table:
    by_cohort = defaultdict(list)
    for one in movements:
        by_cohort[one.cohort].append(one)
    found: list[Row] = [
        {"cohort": cohort, **line.as_row()}
        for cohort, its in sorted(by_cohort.items())
        for line in _lines(its)
        if line.deferred or line.advance or line.name == "closing"
    ]
    return Table(
        f"roll-forward-{currency}-by-cohort",
        f"Deferred revenue by cohort, {currency}",
        _BY_COHORT,
        found,
        currency,
    )


# What account U20 has, by the accounts on the other side, in micro-credits. They may move something
# among themselves: expired credits may turn out to be the state's (E17).
_UNITS = f"""
with pair as (
    select t.debit, t.credit, {DAY} < %(start)s as before, sum(t.amount) as amount
    from {TRANSFERS} t cross join ledger_books b
    where t.unit = 'CR' and {DAY} <= %(end)s group by 1, 2, 3
), other as (
    select debit as account, before, amount from pair
    union all
    select credit, before, -amount from pair
)
select case when before then 'opening' else account end as line, sum(amount)::bigint
from other where account <> 'U20' group by 1
"""
_UNIT_LINES = {
    "opening": "Opening",
    "U10": "Issued (U10)",
    "U30": "Consumed, net of reversals (U30)",
    "U31": "Expired, net of reinstatements (U31)",
    "U32": "Refunded or withdrawn (U32)",
    "U33": "Escheated (U33)",
    "U34": "Voided (U34)",
    "U35": "Moved between customers (U35)",
}
_UNIT_COLUMNS = (Column("title", "Line", "text"), Column("credits", "Credits", "credits"))


def units(month: date) -> list[tuple[str, str, int]]:
    """Name, title and micro-credits of each line, from opening to closing (4.1)."""
    found = dict(rows(_UNITS, {"start": month, "end": last_day(month)}))
    known = [(name, title, found.pop(name, 0)) for name, title in _UNIT_LINES.items()]
    known += [(name, f"Other: {name}", amount) for name, amount in sorted(found.items())]
    return [*known, ("closing", "Closing (U20)", sum(amount for _, _, amount in known))]


def _of_credits(month: date) -> Table:
    found = [{"title": title, "credits": amount} for _, title, amount in units(month)]
    return Table(
        "roll-forward-credits",
        "Credits",
        _UNIT_COLUMNS,
        found[:-1],
        None,
        found[-1],
        "Account U20: what is available, held and frozen.",
    )
