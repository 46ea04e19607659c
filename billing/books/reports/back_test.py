"""What was expected of a cohort at each age, beside what broke of it in the end (8.3)."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from billing.books.cohorts import Cohort, age
from billing.books.history import curve
from billing.books.reports.table import Column, Table
from billing.books.rows import rows
from billing.charts import Chart

# The last run of each month: what the books of that month end were made with.
_EXPECTED = """
select distinct on (cohort, date_trunc('month', as_of)) cohort, as_of, expected, v
from billing_breakagerun where as_of <= %(end)s and cohort = any(%(cohorts)s)
order by cohort, date_trunc('month', as_of), as_of desc, id desc
"""
_COLUMNS = (
    Column("cohort", "Cohort", "text"),
    Column("age", "Age in months", "number"),
    Column("as_of", "As of", "date"),
    Column("expected", "Expected then", "money"),
    Column("final", "Broke in the end", "money"),
    Column("difference", "Difference", "money"),
    Column("expected_rate", "Expected rate", "percent"),
    Column("final_rate", "Final rate", "percent"),
)


def tables(end: date) -> list[Table]:
    """Of each currency in which a cohort has matured."""
    matured = {
        one.cohort: (one.expired, one.history.value)
        for one in curve(end)
        if not one.outstanding and one.history.value > 0
    }
    by_currency = defaultdict(list)
    for cohort, as_of, expected, v in rows(_EXPECTED, {"end": end, "cohorts": list(matured)}):
        row = _row(cohort, as_of, expected, v, *matured[cohort])
        by_currency[Cohort.read(cohort).currency].append(row)
    return [_table(currency, found) for currency, found in sorted(by_currency.items())]


def _row(
    cohort: str, as_of: date, expected: Decimal, v: int, final: int, value: int
) -> dict[str, Any]:
    return {
        "cohort": cohort,
        "age": age(Cohort.read(cohort).month, as_of),
        "as_of": as_of,
        "expected": round(expected),
        "final": final,
        "difference": round(expected) - final,
        "expected_rate": expected / v if v else None,
        "final_rate": Decimal(final) / value,
    }


def _table(currency: str, found: list[dict[str, Any]]) -> Table:
    return Table(
        f"back-test-{currency}",
        f"Estimates of cohorts that have matured, {currency}",
        _COLUMNS,
        found,
        currency,
        None,
        "",
        _chart(found),
    )


def _chart(found: list[dict[str, Any]]) -> Chart:
    """The average difference of the rates by age: an estimate without a bias is at zero."""
    by_age = defaultdict(list)
    for row in found:
        if row["expected_rate"] is not None:
            by_age[row["age"]].append(row["expected_rate"] - row["final_rate"])
    ages = sorted(by_age)
    values: list[int | Decimal] = [sum(by_age[one]) / len(by_age[one]) for one in ages]
    return Chart("line", "Expected less final", "%", [str(one) for one in ages], [("", values)])
