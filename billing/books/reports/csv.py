"""A table as CSV (RFC 4180), line by line: UTF-8, decimal strings, no byte order mark."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from billing.books.reports.cells import plain
from billing.books.reports.table import Column, Row, Table

# What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class _Line:
    """A file that has only what was written last."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text = text


def stream(table: Table) -> Iterator[bytes]:
    """The header, the rows, and the totals where there are some."""
    return lines(
        [safe(column.title) for column in table.columns],
        (_cells(row, table) for row in _all_rows(table)),
    )


def lines(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Of texts that are safe already, or are meant to be what they are."""
    line = _Line()
    writer = csv.writer(line, lineterminator="\r\n")
    for row in chain([header], rows):
        writer.writerow(row)
        yield line.text.encode()


def safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe says that it is text."""
    return f"'{text}" if text.startswith(_FORMULA) else text


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
