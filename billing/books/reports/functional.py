"""All currencies together, in the functional one (accounting rules, E19)."""

from datetime import date

from billing.books import functional
from billing.books.cohorts import last_day
from billing.books.errors import RateMissing
from billing.books.reports.table import Column, Row, Table, total
from billing.books.rows import named_rows
from billing.models import Policy

_COLUMNS = (
    Column("account", "Account", "text"),
    Column("name", "Name", "text"),
    Column("debit", "Balance, debit", "money"),
    Column("credit", "Balance, credit", "money"),
)
_NOTE = (
    "Deferred revenue, and what became of it, at the rate of the day of the sale; money at the rate"
    " of the day of its posting; the difference is 7000. The books of each currency stay."
)
_CHART = "select code, name, normal from ledger_account where unit = 'money' order by code"


def report(month: date) -> list[Table]:
    """As of the end of the month. Where a rate is missing it says which."""
    currency = Policy.current().functional_currency
    try:
        rows, note = _rows(last_day(month)), _NOTE
    except RateMissing as missing:
        rows, note = [], f"{missing.detail} Add it to the exchange rates."
    title = f"Functional currency, {currency}"
    totals = total(_COLUMNS, rows) if rows else None
    return [Table(f"functional-{currency}", title, _COLUMNS, rows, currency, totals, note)]


def _rows(as_of: date) -> list[Row]:
    balances = functional.balances(as_of)
    return [
        _row(account, balances[account["code"]])
        for account in named_rows(_CHART)
        if account["code"] in balances
    ]


def _row(account: dict[str, str], amount: int) -> Row:
    debit = amount if account["normal"] == "debit" else -amount
    return {
        "account": account["code"],
        "name": account["name"],
        "debit": max(debit, 0),
        "credit": max(-debit, 0),
    }
