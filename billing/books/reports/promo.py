"""Credits without a price, at list price: a memo, no entry (accounting rules, 8.8, R8)."""

from datetime import date
from typing import Any, NamedTuple

from billing.books.cohorts import last_day
from billing.books.counted import TRANSFERS
from billing.books.reports.movements import DAY
from billing.books.reports.table import Column, Row, Table, total
from billing.books.rows import named_rows, rows

_GIVEN = f"""
select l.kind,
    coalesce(sum(case 'U10' when t.debit then t.amount when t.credit then -t.amount end), 0)::bigint
        as granted,
    coalesce(sum(case 'U30' when t.credit then t.amount when t.debit then -t.amount end), 0)::bigint
        as used,
    coalesce(sum(case 'U31' when t.credit then t.amount when t.debit then -t.amount end), 0)::bigint
        as expired,
    coalesce(sum(case 'U34' when t.credit then t.amount when t.debit then -t.amount end), 0)::bigint
        as voided
from {TRANSFERS} t cross join ledger_books b
    join ledger_lot l on l.customer_id = t.customer_id and l.id = t.lot_id
where t.unit = 'CR' and l.price = 0 and {DAY} between %(start)s and %(end)s
group by 1 order by 1
"""
# What was sold: money and credits of the grants of priced lots, of the month and of twelve months.
_SOLD = f"""
with sold as (
    select t.transaction_id, t.customer_id, {DAY} as day, max(l.currency) as currency,
        sum(t.amount) filter (where t.unit = 'CR' and t.debit = 'U10') as units,
        sum(t.amount) filter (where t.credit = '2100') as price
    from {TRANSFERS} t cross join ledger_books b
        join ledger_lot l on l.customer_id = t.customer_id and l.id = t.lot_id
    where t.kind = 'grant' and l.currency is not null
        and {DAY} between (%(start)s::date - interval '11 months') and %(end)s
    group by 1, 2, 3
)
select currency, coalesce(sum(price) filter (where day >= %(start)s), 0)::bigint,
    coalesce(sum(units) filter (where day >= %(start)s), 0)::bigint,
    sum(price)::bigint, sum(units)::bigint
from sold where price > 0 group by 1 order by 1
"""
_FIGURES = {"granted": "Granted", "used": "Used", "expired": "Expired", "voided": "Voided"}


class ListPrice(NamedTuple):
    """What credits were sold for: minor units for so many micro-credits."""

    currency: str
    price: int
    units: int
    since: str

    def of(self, credits: int) -> int:
        """Minor units, half to even."""
        doubled = 2 * credits * self.price
        whole, rest = divmod(doubled, 2 * self.units)
        return whole + (rest > self.units or (rest == self.units and whole % 2 == 1))


def report(month: date) -> list[Table]:
    """The same credits at the list price of each currency in which credits are sold."""
    given = named_rows(_GIVEN, {"start": month, "end": last_day(month)})
    if not given:
        return []
    prices = list_prices(month)
    return [_table(price, given) for price in prices] or [_unpriced(given)]


def list_prices(month: date) -> list[ListPrice]:
    """The average of what was sold in the month; where nothing was, of its last twelve months."""
    found = rows(_SOLD, {"start": month, "end": last_day(month)})
    return [
        ListPrice(currency, price, units, "of the month")
        if units
        else ListPrice(currency, of_year, units_of_year, "of the last 12 months")
        for currency, price, units, of_year, units_of_year in found
    ]


def _table(price: ListPrice, given: list[dict[str, Any]]) -> Table:
    columns = (*_columns(), *_value_columns())
    found: list[Row] = [
        row | {f"{name}_value": price.of(row[name]) for name in _FIGURES} for row in given
    ]
    return Table(
        f"promo-{price.currency}",
        f"Credits without a price, at list price in {price.currency}",
        columns,
        found,
        price.currency,
        total(columns, found),
        f"A memo: none of it is in the books. The list price is the average {price.since}. These"
        " are all credits without a price, in whatever currency their customers buy.",
    )


def _unpriced(given: list[dict[str, Any]]) -> Table:
    note = "Nothing was sold in twelve months: there is no list price."
    columns = _columns()
    return Table(
        "promo-credits",
        "Credits without a price",
        columns,
        given,
        None,
        total(columns, given),
        note,
    )


def _columns() -> tuple[Column, ...]:
    figures = (Column(name, title, "credits") for name, title in _FIGURES.items())
    return (Column("kind", "Kind of lot", "text"), *figures)


def _value_columns() -> tuple[Column, ...]:
    return tuple(
        Column(f"{name}_value", f"{title}, at list price", "money")
        for name, title in _FIGURES.items()
    )
