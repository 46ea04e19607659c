"""A CSV file as people's programs write it: UTF-8 with or without a mark, commas, semicolons or
tabs between cells. Read as a stream: a file of any size needs the memory of a row."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final, NamedTuple

from billing.sheets.problems import refused

DELIMITERS: Final = ",;\t"
# Of one cell, in characters.
CELL_MAX: Final = 2000
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_MARK: Final = b"\xef\xbb\xbf"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_NUMBER: Final = re.compile(r"[+-]?[0-9][0-9., ]*")


class Columns(NamedTuple):
    required: Sequence[str]
    optional: Sequence[str] = ()

    @property
    def known(self) -> list[str]:
        return [*self.required, *self.optional]


class Row(NamedTuple):
    """`number` as a spreadsheet counts. Every known column has a cell, if an empty one."""

    number: int
    cells: dict[str, str]


def rows(file: BinaryIO, columns: Columns, *, rows_max: int) -> Iterator[Row]:
    """Those that are not empty. Raises SheetRefused."""
    text, delimiter = _text(file)
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    try:
        header = _header(next(reader, []), columns)
        yield from _rows(reader, header, columns, rows_max)
    except UnicodeDecodeError as error:
        raise refused(
            "The file is not UTF-8. Save it as CSV UTF-8, and upload it again."
        ) from error
    except csv.Error as error:
        raise refused(f"The file cannot be read as CSV: {error}.", reader.line_num) from error
    finally:
        # The file stays the caller's, to be read again.
        if not file.closed:
            text.detach()


def _rows(
    reader: Iterator[list[str]], header: Sequence[str], columns: Columns, rows_max: int
) -> Iterator[Row]:
    count = 0
    for number, values in enumerate(reader, 2):
        if not any(value.strip() for value in values):
            continue
        count += 1
        if count > rows_max:
            raise refused(f"A file has up to {rows_max:,} rows: split it.")
        if any(value.strip() for value in values[len(header) :]):
            raise refused(f"It has {len(values)} cells, and the header {len(header)}.", number)
        found = dict.fromkeys(columns.known, "")
        found.update(
            (name, _cell(value, number, name))
            for name, value in zip(header, values, strict=False)
            if name
        )
        yield Row(number, found)
    if not count:
        raise refused("The file has a header and no rows.")


def _text(file: BinaryIO) -> tuple[io.TextIOWrapper, str]:
    """From its beginning, and what stands between its cells."""
    file.seek(0)
    first = file.readline(CELL_MAX * 10)
    if first.startswith(_UTF16):
        raise refused("The file is UTF-16. Save it as CSV UTF-8, and upload it again.")
    try:
        line = first.removeprefix(_MARK).decode()
    except UnicodeDecodeError:
        raise refused("The file is not UTF-8. Save it as CSV UTF-8, and upload it again.") from None
    file.seek(0)
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    return text, max(DELIMITERS, key=line.count)


def _header(values: Sequence[str], columns: Columns) -> list[str]:
    """Names in any order and case; a column without a name is left out."""
    names = [value.strip().lower().replace(" ", "_") for value in values]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise refused("The file is empty.")
    unknown = [name for name in names if name and name not in columns.known]
    missing = [name for name in columns.required if name not in names]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    told = [f"There is no column {name[:50]}." for name in unknown]
    told += [f"The column {name} is missing." for name in missing]
    told += [f"The column {name} is there twice." for name in twice]
    if told:
        known = ", ".join(columns.known)
        raise refused(f"{' '.join(told)} The first row names the columns: {known}.", 1)
    return names


def _cell(value: str, row: int, column: str) -> str:
    text = value.strip()
    if "\0" in text:
        raise refused("It has a character that no text has (NUL).", row, column)
    if len(text) > CELL_MAX:
        raise refused(f"It has more than {CELL_MAX:,} characters.", row, column)
    if text.startswith("'") and text[1:].startswith(_FORMULA):
        return text[1:]  # As our own files say that it is text.
    if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text):
        raise refused("It begins as a formula does. Write ' before it if it is text.", row, column)
    return text
