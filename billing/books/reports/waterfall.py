"""What was recognised of each month's sales, and when the rest is expected (8.2)."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from billing.books.cohorts import last_day
from billing.books.reports.projection import Standing, standings
from billing.books.reports.table import Column, Table, total
from billing.charts import Chart

MONTHS = 12
_BEFORE = (
    Column("cohort", "Cohort", "text"),
    Column("used", "Recognised: usage", "money"),
    Column("broken", "Recognised: breakage", "money"),
)
_AFTER = (
    Column("later", "Later", "money"),
    Column("breakage", "Expected breakage to come", "money"),
    Column("total", "Total: V", "money"),
)
_NOTE = (
    "V is what was sold, less what was refunded or charged back, of lots past their refund window."
    " Months to come are use by the hazard curve of the currency; expected breakage is that of the"
    " estimate in force, or of the curve where none is used. What never expires is under Later."
)


def report(month: date) -> list[Table]:
    by_currency = defaultdict(list)
    for standing in standings(last_day(month)):
        if any(standing.position):
            by_currency[standing.cohort.currency].append(standing)
    columns = (*_BEFORE, *_months(month), *_AFTER)
    return [_table(currency, its, columns) for currency, its in sorted(by_currency.items())]


def following(month: date, months: int) -> date:
    years, index = divmod(month.month - 1 + months, 12)
    return date(month.year + years, index + 1, 1)


def _months(month: date) -> list[Column]:
    names = [f"{following(month, n):%Y-%m}" for n in range(1, MONTHS + 1)]
    return [Column(name, name, "money") for name in names]


def _table(currency: str, its: list[Standing], columns: tuple[Column, ...]) -> Table:
    names = [column.name for column in columns[len(_BEFORE) : -len(_AFTER)]]
    rows = [_row(standing, names) for standing in its]
    return Table(
        f"waterfall-{currency}",
        f"Revenue waterfall, {currency}",
        columns,
        rows,
        currency,
        total(columns, rows),
        _NOTE,
        _chart(currency, rows, names),
    )


def _row(standing: Standing, months: list[str]) -> dict[str, Any]:
    schedule = standing.schedule()
    # One that says nothing of when is one amount, for later.
    dated = schedule if standing.hazards is not None else []
    coming = [*dated[:MONTHS], *[0] * (MONTHS - len(dated))]
    return {
        "cohort": standing.name,
        "used": standing.position.c,
        "broken": standing.recognised,
        **dict(zip(months, coming, strict=True)),
        "later": sum(schedule) - sum(coming),
        "breakage": standing.breakage - standing.recognised,
        "total": standing.position.v,
    }


def _chart(currency: str, rows: list[dict[str, Any]], months: list[str]) -> Chart:
    def values(*names: str) -> list[int | Decimal]:
        return [sum(row[name] for name in names) for row in rows]

    return Chart(
        "stacked",
        "By month of sale",
        currency,
        [row["cohort"] for row in rows],
        [
            ("Usage", values("used")),
            ("Breakage", values("broken")),
            ("Use to come", values(*months, "later")),
            ("Breakage to come", values("breakage")),
        ],
    )
