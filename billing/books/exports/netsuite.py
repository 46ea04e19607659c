"""Journal entries as NetSuite imports them, by External ID: imported again they are replaced (8.9).

NetSuite has two decimals. An amount of a currency with three that needs its third is refused, and
so is all of that currency's file: rounded, its books would differ from ours for ever.
"""

from collections.abc import Iterator, Mapping, Sequence

from django.conf import settings

from accounts.csv_files import lines, safe
from billing.books.exports.amounts import of_two_places
from billing.books.exports.journal import Journal, Line
from billing.books.exports.names import Name
from billing.models import ExchangeRate, Policy

COLUMNS = (
    "External ID",
    "Date",
    "Posting Period",
    "Subsidiary",
    "Currency",
    "Exchange Rate",
    "Memo",
    "Account",
    "Debit",
    "Credit",
)


def files(
    journals: Sequence[Journal], names: Mapping[str, Name]
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """All in one, checked before its first line. Raises TooPrecise, AmountTooLarge."""
    rates = {one.currency: exchange_rate(one) for one in journals}
    rows = [
        _row(one, line, names[line.account], rates[one.currency])
        for one in journals
        for line in one.lines
    ]
    if rows:
        yield "", lines(COLUMNS, rows)


def exchange_rate(journal: Journal) -> str:
    """To the functional currency, of the journal's day; empty where none is known, so that NetSuite
    takes its own."""
    functional = Policy.current().functional_currency
    if journal.currency == functional:
        return "1"
    known = ExchangeRate.objects.filter(
        currency=journal.currency, to=functional, day__lte=journal.day
    )
    rate = known.order_by("-day").first()
    return f"{rate.rate.normalize():f}" if rate else ""


def _row(journal: Journal, line: Line, name: Name, rate: str) -> list[str]:
    amount = of_two_places(abs(line.amount), journal.currency)
    return [
        journal.id,
        f"{journal.day:%Y-%m-%d}",
        f"{journal.day:%b %Y}",
        safe(settings.NETSUITE_SUBSIDIARY),
        journal.currency,
        rate,
        safe(journal.title),
        safe(name.account),
        amount if line.amount > 0 else "",
        amount if line.amount < 0 else "",
    ]
