"""Every account at the end of a month (accounting rules, 8.5)."""

from datetime import date
from itertools import groupby
from typing import Any

from billing.books.cohorts import last_day
from billing.books.counted import TRANSFERS
from billing.books.reports.movements import DAY
from billing.books.reports.table import Column, Kind, Row, Table, total
from billing.books.rows import named_rows
from ledger.money import CREDITS

# Transfers are summed before they are looked at from both sides.
_BALANCES = f"""
with pair as (
    select t.unit, t.debit, t.credit, {DAY} >= %(start)s as of_month, sum(t.amount) as amount
    from {TRANSFERS} t cross join ledger_books b
    where {DAY} <= %(end)s group by 1, 2, 3, 4
), side as (
    select unit, debit as account, of_month, amount as debit, 0 as credit from pair
    union all
    select unit, credit, of_month, 0, amount from pair
)
select s.unit, s.account, coalesce(a.name, 'Not in the chart') as name,
    coalesce(sum(s.debit - s.credit) filter (where not of_month), 0)::bigint as opening,
    coalesce(sum(s.debit) filter (where of_month), 0)::bigint as debits,
    coalesce(sum(s.credit) filter (where of_month), 0)::bigint as credits,
    greatest(sum(s.debit - s.credit), 0)::bigint as debit,
    greatest(sum(s.credit - s.debit), 0)::bigint as credit
from side s left join ledger_account a on a.code = s.account
group by 1, 2, 3 order by s.unit = 'CR', 1, 2
"""
_AMOUNTS = {
    "opening": "Opening (Cr as minus)",
    "debits": "Debits of the month",
    "credits": "Credits of the month",
    "debit": "Balance, debit",
    "credit": "Balance, credit",
}


def report(month: date) -> list[Table]:
    """Of each currency, and then of credits. Balances are since the beginning: no entry carries
    revenue into equity at the end of a year."""
    found = named_rows(_BALANCES, {"start": month, "end": last_day(month)})
    return [_of(unit, list(its)) for unit, its in groupby(found, key=lambda row: row["unit"])]


def _of(unit: str, found: list[dict[str, Any]]) -> Table:
    in_money = unit != CREDITS
    columns = _columns("money" if in_money else "credits")
    rows: list[Row] = [_without_unit(row) for row in found]
    return Table(
        f"trial-balance-{unit if in_money else 'credits'}",
        f"Trial balance, {unit if in_money else 'credits'}",
        columns,
        rows,
        unit if in_money else None,
        total(columns, rows),
    )


def _columns(kind: Kind) -> tuple[Column, ...]:
    amounts = (Column(name, title, kind) for name, title in _AMOUNTS.items())
    return (Column("account", "Account", "text"), Column("name", "Name", "text"), *amounts)


def _without_unit(row: dict[str, Any]) -> Row:
    return {name: value for name, value in row.items() if name != "unit"}
