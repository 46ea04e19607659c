"""A month summarised into journals: one for each currency and source, dated its last day (8.9).

A journal's name is its month, currency and the number of its source, `DD-2026-10-USD-2` for usage.
So it has the same name each time, whatever else the month has; and a month that is closed has the
same lines. One that was reopened and closed again has other lines under the same names, so that
they take the place of those imported before.

What came onto an account and what went from it are lines of their own: nothing is netted. Moves
between customers are zero on every account, and make no journal.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Final, NamedTuple

from billing.books.cohorts import last_day
from billing.books.exports.errors import UnbalancedJournal
from billing.books.reports.movements import DAY
from billing.books.rows import rows

PREFIX: Final = "DD"


class Source(NamedTuple):
    number: int
    title: str


# The numbers are part of names that were exported: they are never given to something else.
SOURCES: Final = {
    "sales": Source(1, "Credits sold"),
    "usage": Source(2, "Usage revenue"),
    "breakage": Source(3, "Breakage revenue"),
    "expiry": Source(4, "Credits expired"),
    "refunds": Source(5, "Refunds"),
    "disputes": Source(6, "Disputes"),
    "escheat": Source(7, "Unclaimed property"),
    "fees": Source(8, "Payment fees"),
    "moves": Source(9, "Moves between customers"),
    "other": Source(10, "Other"),
    "openings": Source(11, "Opening balances"),
}
# Both sides of a transfer are of one source, so that a journal of it is balanced.
_SOURCE = """case
    when '2300' in (t.debit, t.credit) then 'escheat'
    when '2190' in (t.debit, t.credit) then 'moves'
    when '3900' in (t.debit, t.credit) then 'openings'
    when starts_with(t.kind, 'breakage ') then 'breakage'
    when t.kind in ('grant', 'concession') then 'sales'
    when t.kind in ('usage', 'usage-back') then 'usage'
    when t.kind in ('expire', 'forfeit', 'void', 'reinstate') then 'expiry'
    when t.kind in ('refund', 'restore') or starts_with(t.kind, 'refund ') then 'refunds'
    when t.kind = 'dispute' or starts_with(t.kind, 'dispute ') then 'disputes'
    when t.kind = 'payment fee' then 'fees'
    else 'other' end"""
_LINES = f"""
with pair as (
    select t.unit, {_SOURCE} as source, t.debit, t.credit, sum(t.amount) as amount
    from ledger_transfer t cross join ledger_books b
    where t.unit <> 'CR' and {DAY} between %(start)s and %(end)s
    group by 1, 2, 3, 4
), side as (
    select unit, source, debit as account, amount from pair
    union all
    select unit, source, credit, -amount from pair
)
select s.unit, s.source, s.account, coalesce(a.name, 'Not in the chart'), sum(s.amount)::bigint
from side s left join ledger_account a on a.code = s.account
group by 1, 2, 3, 4, s.amount > 0
order by 1, 2, s.amount > 0 desc, 3
"""


@dataclass(frozen=True)
class Line:
    """Minor units, a debit above zero. `text` says what the account is."""

    account: str
    text: str
    amount: int


@dataclass(frozen=True)
class Journal:
    """What a month has of one source, in one currency; debits first."""

    month: date
    currency: str
    number: int
    title: str
    lines: tuple[Line, ...]

    @property
    def id(self) -> str:
        return f"{PREFIX}-{self.month:%Y-%m}-{self.currency}-{self.number}"

    @property
    def day(self) -> date:
        return last_day(self.month)

    def check(self) -> "Journal":
        """Raises UnbalancedJournal."""
        difference = sum(line.amount for line in self.lines)
        if difference:
            raise UnbalancedJournal(
                f"{self.id} is {difference} minor units of {self.currency} out of balance."
            )
        return self


def journals(month: date) -> list[Journal]:
    """By currency and number. Raises UnbalancedJournal."""
    found = rows(_LINES, {"start": month, "end": last_day(month)})
    made = [
        _journal(month, currency, SOURCES[source], lines)
        for (currency, source), lines in groupby(found, key=lambda row: (row[0], row[1]))
    ]
    wanted = [one for one in made if not _moves_nothing(one)]
    return sorted((one.check() for one in wanted), key=lambda one: (one.currency, one.number))


def _journal(month: date, currency: str, source: Source, lines: Iterable[Any]) -> Journal:
    parts = tuple(Line(account, name, amount) for _, _, account, name, amount in lines)
    return Journal(month, currency, source.number, source.title, parts)


def _moves_nothing(journal: Journal) -> bool:
    """Every account is as it was."""
    balances: dict[str, int] = {}
    for line in journal.lines:
        balances[line.account] = balances.get(line.account, 0) + line.amount
    return not any(balances.values())
