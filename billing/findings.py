"""What breaks a check or a tie-out, as it is kept: ids as the API shows them, amounts whole."""

from collections.abc import Mapping
from typing import Any, Final

from moneyed import CurrencyDoesNotExist

from ledger import money
from ledger.checks import Finding, outside

Row = Mapping[str, Any]

# Whole numbers beside a currency which are not of it.
_NO_MONEY: Final = {
    *("credits", "lots", "not_in_the_chart", "remaining", "rows", "seq", "transfers", "units"),
    "version",
}


def kept(finding: Finding) -> dict[str, Any]:
    """With the columns in their order, which the database does not keep."""
    check, rows = finding.check, [outside(row) for row in finding.rows]
    return {
        "name": check.name,
        "title": check.title,
        "why": check.why,
        "broken": finding.broken,
        "columns": list(rows[0]) if rows else [],
        "rows": rows,
    }


def text(row: Row, name: str) -> str:
    value = row.get(name)
    if value is None:
        return "-"
    return number(row, name) or str(value)


def number(row: Row, name: str) -> str:
    """Money with its decimals; empty where it is no number."""
    value = row.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        return ""
    try:
        return str(value) if name in _NO_MONEY else money.show(value, _unit(row))["amount"]
    except CurrencyDoesNotExist:
        return str(value)


def _unit(row: Row) -> str:
    """Beside it, or in the name of its cohort: 2026-10/USD."""
    cohort = str(row.get("cohort") or "").split("/")
    return str(row.get("currency") or row.get("unit") or (cohort[1] if len(cohort) > 1 else ""))
