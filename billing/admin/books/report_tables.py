"""A report's table as the page shows it."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

from django.utils.safestring import SafeString

from billing import charts, figures
from billing.books.reports.table import Column, Row, Table

# A page with more would be of no use: the files have them all.
ROWS_MAX = 500


class Cell(NamedTuple):
    text: str
    classes: str


class Shown(NamedTuple):
    name: str
    title: str
    columns: list[tuple[str, bool]]
    rows: list[list[Cell]]
    totals: list[Cell]
    note: str
    chart: SafeString
    is_cut: bool


def shown(table: Table) -> Shown:
    rows = [_row(row, table) for row in islice(table.rows, ROWS_MAX + 1)]
    return Shown(
        table.name,
        table.title,
        [(column.title, _is_amount(column)) for column in table.columns],
        rows[:ROWS_MAX],
        _row(table.totals, table, empty="") if table.totals else [],
        table.note,
        charts.figure(table.chart) if table.chart else SafeString(""),
        len(rows) > ROWS_MAX,
    )


def _row(row: Row, table: Table, *, empty: str = "-") -> list[Cell]:
    return list(_cells(row, table.columns, table.currency, empty))


def _cells(row: Row, columns: Iterable[Column], currency: str | None, empty: str) -> Iterable[Cell]:
    for column in columns:
        value: Any = row.get(column.name)
        text = empty if value is None else figures.of_kind(value, column.kind, currency)
        yield Cell(text, _classes(value) if _is_amount(column) else "")


def _classes(value: Any) -> str:
    """What is nothing is quiet, so that the rest is seen."""
    if isinstance(value, int | Decimal) and value <= 0:
        return "amount below-zero" if value < 0 else "amount zero"
    return "amount"


def _is_amount(column: Column) -> bool:
    return column.kind in ("money", "credits", "percent", "number")
