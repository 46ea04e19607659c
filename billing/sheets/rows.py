"""Rows tried through django-import-export: all of them first, and stored only where all are good.

A resource says what a row becomes. A field of it reads a cell and raises ValueError; what two cells
say together it raises as ValidationError by column.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from import_export import fields, resources, widgets
from import_export.results import Result
from tablib import Dataset

from billing.sheets.problems import SHOWN_MAX, Problem, SheetRefused
from billing.sheets.reading import Row

AT_ONCE: Final = 1000


class Cell(widgets.Widget):
    """A text, read by `read`; what is empty is `empty`."""

    def __init__(self, read: Any, empty: Any = None, required: bool = False) -> None:
        super().__init__()
        self._read, self._empty, self._required = read, empty, required

    def clean(self, value: Any, row: Any = None, **options: Any) -> Any:
        if value:
            return self._read(value)
        if self._required:
            raise ValueError("This is missing.")
        return self._empty


def field(name: str, read: Any = str, empty: Any = "", *, required: bool = False) -> fields.Field:
    return fields.Field(name, name, widget=Cell(read, empty, required))


class RowsResource(resources.ModelResource):
    """New rows of a table, many at once."""

    def after_import(self, dataset: Dataset, result: Result, **options: Any) -> None:
        """The library's own would set the sequence of the table, which nothing here has moved."""

    class Meta:
        abstract = True
        use_bulk = True
        batch_size = AT_ONCE
        force_init_instance = True
        skip_diff = True
        report_skipped = False
        import_id_fields: list[str] = []


def store(resource: RowsResource, rows: Iterable[Row], *, dry_run: bool) -> int:
    """How many there are. Raises SheetRefused with the first of the problems; where something was
    stored, the caller's database transaction takes it back."""
    count, problems = 0, list[Problem]()
    for some in _parts(rows):
        numbers = [row.number for row in some]
        data = Dataset(*(list(row.cells.values()) for row in some), headers=[*some[0].cells])
        result = resource.import_data(
            data, dry_run=dry_run, use_transactions=False, raise_errors=False, numbers=numbers
        )
        count += len(some)
        problems += _problems(result, numbers)
        if len(problems) >= SHOWN_MAX:
            break
    if problems:
        raise SheetRefused(problems[:SHOWN_MAX])
    return count


def _problems(result: Result, numbers: list[int]) -> Iterator[Problem]:
    """Raises what is no refusal but a fault of ours."""
    for failed in [
        *result.base_errors,
        *(error for row in result.row_errors() for error in row[1]),
    ]:
        raise failed.error
    for invalid in result.invalid_rows:
        row = numbers[invalid.number - 1]
        for column, told in invalid.field_specific_errors.items():
            yield from (Problem(row, column, text) for text in told)
        yield from (Problem(row, "", text) for text in invalid.non_field_specific_errors)


def _parts(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while some := list(islice(left, AT_ONCE)):
        yield some
