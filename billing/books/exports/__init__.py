"""A month's journals in the shapes that accounting systems import (accounting rules, 8.9).

They import what they are given: so every journal sums to zero, is named the same each time, and
has the amounts of our books to the last unit, or it is refused.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from billing.books.exports import netsuite, quickbooks, xero
from billing.books.exports.journal import Journal, journals
from billing.books.exports.names import Name, names
from billing.models import Target

# The parts of an export: what their names end with, and their lines.
Parts = Iterator[tuple[str, Iterator[bytes]]]


class File(NamedTuple):
    name: str
    lines: Iterator[bytes]


class Export(NamedTuple):
    """`files` makes them of the journals of one currency."""

    title: str
    files: Callable[[Sequence[Journal], Mapping[str, Name]], Parts]


EXPORTS: Final[dict[str, Export]] = {
    Target.QUICKBOOKS.value: Export("QuickBooks Online", quickbooks.files),
    Target.XERO.value: Export("Xero", xero.files),
    Target.NETSUITE.value: Export("NetSuite", netsuite.files),
}


def files(month: date, target: str, currency: str) -> Iterator[File]:
    """The journals of a currency, in as many files as the target takes them. Raises
    UnbalancedJournal, TooPrecise, AmountTooLarge, TooManyLines."""
    found = [one for one in journals(month) if one.currency == currency]
    for part, lines in EXPORTS[target].files(found, names(target)):
        yield File(f"{target}-{month:%Y-%m}-{currency}{part}.csv", lines)


def currencies(month: date) -> list[str]:
    """Those in which there is something to export."""
    return sorted({one.currency for one in journals(month)})
