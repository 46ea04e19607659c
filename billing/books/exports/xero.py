"""Manual journals as Xero imports them; they land as drafts (8.9).

Lines with one narration and date are one journal, and a file has at most 300 lines: so a journal
is never parted, and there are as many files as it takes.
"""

from collections.abc import Iterator, Mapping, Sequence

from accounts.csv_files import lines, safe
from billing.books.exports.amounts import decimal
from billing.books.exports.errors import TooManyLines
from billing.books.exports.journal import Journal, Line
from billing.books.exports.names import Name

LINES_MAX = 300
COLUMNS = (
    "*Narration",
    "*Date",
    "Description",
    "*AccountCode",
    "*TaxRate",
    "*Amount",
    "TrackingName1",
    "TrackingOption1",
    "TrackingName2",
    "TrackingOption2",
)


def files(
    journals: Sequence[Journal], names: Mapping[str, Name]
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Numbered from the second on. Raises TooManyLines."""
    for number, its in enumerate(_parts(journals), 1):
        rows = (_row(one, line, names[line.account]) for one in its for line in one.lines)
        yield "" if number == 1 else f"-{number}", lines(COLUMNS, rows)


def _parts(journals: Sequence[Journal]) -> Iterator[list[Journal]]:
    part: list[Journal] = []
    room = LINES_MAX
    for one in journals:
        if len(one.lines) > LINES_MAX:
            raise TooManyLines(f"{one.id} has {len(one.lines)} lines; Xero takes {LINES_MAX}.")
        if len(one.lines) > room:
            yield part
            part, room = [], LINES_MAX
        part.append(one)
        room -= len(one.lines)
    if part:
        yield part


def _row(journal: Journal, line: Line, name: Name) -> list[str]:
    return [
        safe(f"{journal.id} {journal.title}"),
        f"{journal.day:%d/%m/%Y}",
        safe(line.text),
        safe(name.account),
        safe(name.tax_rate),
        decimal(line.amount, journal.currency),
        *[""] * 4,
    ]
