"""What a partner earned in a month, by endpoint, and how what they are owed went on from there."""

from datetime import date
from itertools import groupby
from typing import Any, Final

from billing.books.cohorts import last_day
from billing.books.reports.table import Column, Row, Table, total
from billing.books.rows import named_rows
from billing.models import Partner
from billing.partners.rule import minor
from ledger import amounts

_LINES = f"""
select a.currency, e.code as endpoint, x.percent, x.credits as most, sum(a.calls)::bigint as calls,
    sum(a.used)::bigint as credits, {minor("sum(a.earned)")} as earned,
    sum(a.amount)::bigint as share
from billing_partneraccrual a
    join billing_partnerterm x on x.id = a.term_id join ledger_endpoint e on e.id = x.endpoint_id
where a.partner_id = %(partner)s and a.posted_on between %(start)s and %(end)s
group by a.currency, e.code, x.id order by 1, 2, x.starts_at, x.id
"""
_STANDING = """
select currency, coalesce(sum(amount) filter (where day < %(start)s), 0)::bigint as opening,
    coalesce(sum(amount) filter (where day >= %(start)s and amount_of = 'share'), 0)::bigint
        as accrued,
    -coalesce(sum(amount) filter (where day >= %(start)s and amount_of = 'payout'), 0)::bigint
        as paid,
    sum(amount)::bigint as closing
from (
    select currency, posted_on as day, amount, 'share' as amount_of
    from billing_partneraccrual where partner_id = %(partner)s
    union all
    select currency, paid_on, -amount, 'payout'
    from billing_partnerpayout where partner_id = %(partner)s
) x
where day <= %(end)s group by 1 order by 1
"""
_PAYOUTS = """
select currency, paid_on, reference, note, amount, beyond from billing_partnerpayout
where partner_id = %(partner)s and paid_on between %(start)s and %(end)s
order by currency, paid_on, created_at
"""

TITLE: Final = "Partner statement"
_OF_ENDPOINTS = (
    Column("endpoint", "Endpoint", "text"),
    Column("terms", "Share", "text"),
    Column("calls", "Calls", "number"),
    Column("credits", "Credits used", "credits"),
    Column("earned", "Earned", "money"),
    Column("share", "Your share", "money"),
)
_OF_BALANCE = (
    Column("opening", "Owed before", "money"),
    Column("accrued", "Share of the month", "money"),
    Column("paid", "Paid out", "money"),
    Column("closing", "Owed at its end", "money"),
)
_OF_PAYOUTS = (
    Column("reference", "Paid out", "text"),
    Column("paid_on", "On", "date"),
    Column("note", "Note", "text"),
    Column("amount", "Amount", "money"),
    Column("beyond", "Beyond what was owed", "money"),
)
NOTE = (
    "Calls and credits are those that customers paid for, less what was reversed; free credits earn"
    " nothing. What is late counts for the month in which it is entered."
)


def statement(partner: Partner, month: date) -> list[Table]:
    """Of each currency: by endpoint, what is owed, and what was paid. The month is given by its
    first day; money is in minor units."""
    asked = {"partner": partner.pk, "start": month, "end": last_day(month)}
    lines = _by_currency(named_rows(_LINES, asked))
    payouts = _by_currency(named_rows(_PAYOUTS, asked))
    tables = []
    for row in named_rows(_STANDING, asked):
        currency = row.pop("currency")
        tables.append(_endpoints(currency, lines.get(currency, [])))
        tables.append(_table("balance", f"Owed, {currency}", _OF_BALANCE, [row], currency))
        if currency in payouts:
            name, title = "payouts", f"Payouts, {currency}"
            tables.append(_table(name, title, _OF_PAYOUTS, payouts[currency], currency))
    return tables


def shared(percent: Any, most: int | None) -> str:
    """Terms in a few words."""
    if most is not None:
        return f"{amounts.show(most)} credits a call"
    return f"{percent.normalize():f} %"


def _endpoints(currency: str, found: list[dict[str, Any]]) -> Table:
    rows: list[Row] = [{**row, "terms": shared(row["percent"], row["most"])} for row in found]
    return Table(
        f"endpoints-{currency}",
        f"By endpoint, {currency}",
        _OF_ENDPOINTS,
        rows,
        currency,
        total(_OF_ENDPOINTS, rows),
        NOTE,
    )


def _table(
    name: str, title: str, columns: tuple[Column, ...], rows: list[dict[str, Any]], currency: str
) -> Table:
    return Table(f"{name}-{currency}", title, columns, rows, currency)


def _by_currency(found: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    return {
        currency: [{name: row[name] for name in row if name != "currency"} for row in rows]
        for currency, rows in groupby(found, key=lambda row: row["currency"])
    }
