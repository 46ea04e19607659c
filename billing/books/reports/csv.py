"""A table as CSV (see csv_files.py), line by line."""

from collections.abc import Iterator

from accounts.csv_files import lines, safe
from billing.books.reports.cells import plain
from billing.books.reports.table import Column, Row, Table


def stream(table: Table) -> Iterator[bytes]:
    """The header, the rows, and the totals where there are some."""
    return lines(
        [safe(column.title) for column in table.columns],
        (_cells(row, table) for row in _all_rows(table)),
    )


def _all_rows(table: Table) -> Iterator[Row]:
    yield from table.rows
    if table.totals is not None:
        yield table.totals


def _cells(row: Row, table: Table) -> list[str]:
    """A total has no value for some columns, and a word in the first, whatever its kind."""
    return [_cell(row.get(column.name), column, table.currency) for column in table.columns]


def _cell(value: object, column: Column, currency: str | None) -> str:
    is_text = column.kind == "text" or isinstance(value, str)
    return safe(str(value)) if is_text and value is not None else plain(value, column, currency)
