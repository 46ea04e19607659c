"""Journal entries as QuickBooks Online imports them, US dates (8.9).

Account numbers must be off while importing. The column Name is there when a line needs it: those
of receivable and payable accounts do.
"""

from collections.abc import Iterator, Mapping, Sequence

from accounts.csv_files import lines, safe
from billing.books.exports.amounts import decimal
from billing.books.exports.journal import Journal, Line
from billing.books.exports.names import Name

COLUMNS = ("JournalNo", "JournalDate", "AccountName", "Description", "Debits", "Credits")


def files(
    journals: Sequence[Journal], names: Mapping[str, Name]
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """All in one."""
    if not journals:
        return
    with_party = any(names[line.account].party for one in journals for line in one.lines)
    rows = (
        _row(one, line, names[line.account], with_party=with_party)
        for one in journals
        for line in one.lines
    )
    yield "", lines((*COLUMNS, "Name") if with_party else COLUMNS, rows)


def _row(journal: Journal, line: Line, name: Name, *, with_party: bool) -> list[str]:
    amount = decimal(abs(line.amount), journal.currency)
    row = [
        journal.id,
        f"{journal.day:%m/%d/%Y}",
        safe(name.account),
        safe(journal.title),
        amount if line.amount > 0 else "",
        amount if line.amount < 0 else "",
    ]
    return [*row, safe(name.party)] if with_party else row
