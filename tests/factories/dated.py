"""A history in a year of long ago, in a database transaction that is rolled back: reports as of
then see nothing of what other tests have committed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, connections, transaction

from accounts.models import HOUSE_ID
from ledger import services
from ledger.amounts import CREDIT
from ledger.services import Leg
from tests.factories.ledger import Book, Clock


class Calendar(Clock):
    """The ledger's clock, set to days."""

    def go(self, day: date, hour: int = 12) -> None:
        at = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
        self.forward((at - self.now()).total_seconds())

    def at(self, day: date, hour: int = 12) -> datetime:
        return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


@contextmanager
def undone() -> Iterator[Calendar]:
    """To be entered where the database is unblocked. No period is closed in it."""
    calendar = Calendar()
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("select ledger_close_books(null, null)")
            yield calendar
            transaction.set_rollback(True)
    finally:
        calendar.reset()
        connections.close_all()


def sold(book: Book, minor: int, *, currency: str = "USD", **lot: Any) -> UUID:
    """A lot of as many credits as minor units: a cent a credit."""
    return book.grant(minor * CREDIT, kind="paid", price=minor, currency=currency, **lot)


def breakage(minor: int, cohort: str, day: date, *, tag: str = "current") -> None:
    """As the engine posts it to the house's book."""
    sides = ("2110", "4200") if minor > 0 else ("4200", "2110")
    services.post(
        HOUSE_ID,
        kind=f"breakage {tag}",
        money=[Leg(*sides, abs(minor), cohort.split("/")[1], cohort=cohort)],
        posted_on=day,
    )


def recognise(books: Sequence[Book]) -> None:
    services.recognise([book.customer_id for book in books])
