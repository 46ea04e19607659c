"""Every row once, whatever the pieces, whoever shares an id."""

from datetime import timedelta
from uuid import UUID

import pytest

from accounts.ids import uuid7
from ledger.models import ReservationState
from ledger.periods import Period
from ledger.windows import pieces, places, sums
from ledger.windows.events import EVENTS
from ledger.windows.filters import Filters
from ledger.windows.lots import LOTS
from ledger.windows.places import Place
from ledger.windows.reservations import RESERVATIONS
from ledger.windows.transfers import TRANSACTIONS, TRANSFERS
from tests.factories.ledger import Book, Clock

pytestmark = pytest.mark.django_db(databases=["default", "owner"])
ALL = {
    "transfers": TRANSFERS,
    "transactions": TRANSACTIONS,
    "reservations": RESERVATIONS,
    "lots": LOTS,
    "events": EVENTS,
}


@pytest.fixture
def books(db):
    """Two customers whose debits, and whose holds, have the same ids."""
    books = [Book.funded(1_000), Book.funded(1_000, kind="paid")]
    for _ in range(4):
        debited, held = uuid7(), uuid7()
        for book in books:
            assert book.debit(10, key=debited, key_is_id=True).ok
            assert book.reserve(5, key=held, key_is_id=True).ok
    return books


@pytest.fixture
def clock():
    clock = Clock()
    yield clock
    clock.reset()


@pytest.fixture(params=[1, 2, 3, 100])
def length(request, monkeypatch):
    monkeypatch.setattr(pieces, "_FIRST", request.param)
    monkeypatch.setattr(pieces, "_LONGEST", request.param)
    monkeypatch.setattr(pieces, "_AT_ONCE", request.param)
    return request.param


def paged(window, filters, limit=3):
    found, below = [], None
    while True:
        page = pieces.page(window.source(filters), below, limit)
        assert len(page.rows) <= limit
        found += page.rows
        if page.below is None:
            return [places.of(row) for row in found]
        below = page.below


def expected(window, filters=None):
    rows = window.source(filters or Filters()).wanted
    return [places.of(row) for row in rows.order_by(*places.ORDER)]


@pytest.mark.parametrize("name", ALL)
def test_each_row_is_on_one_page(books, length, name):
    window = ALL[name]
    found = paged(window, Filters())
    assert found == expected(window)
    assert len(found) == len(set(found))
    of_one = Filters(customer_id=books[0].customer_id)
    assert paged(window, of_one) == [
        place for place in found if place.customer_id == books[0].customer_id
    ]


@pytest.mark.parametrize("name", ALL)
def test_a_file_has_what_the_pages_have(books, length, name):
    rows = [row for some in pieces.every(ALL[name].source(Filters())) for row in some]
    assert [places.of(row) for row in rows] == expected(ALL[name])


def test_what_no_index_knows_is_found_in_the_end(books, length):
    kind = Filters(kind="grant")
    assert paged(TRANSFERS, kind) == expected(TRANSFERS, kind)
    assert len(expected(TRANSFERS, kind)) == 3  # one has its money, too
    held = Filters(state=ReservationState.HELD)
    assert len(paged(RESERVATIONS, held)) == 8


def test_who_runs_out_of_time_says_how_far_it_looked(books, monkeypatch):
    monkeypatch.setattr(pieces, "_FIRST", 2)
    source = TRANSFERS.source(Filters(kind="nothing"))
    page = pieces.page(source, None, 3, seconds=0)
    assert page.rows == [] and not page.is_full
    assert page.below and page.looked_back_to
    assert page.below == places.of(source.every.order_by(*places.ORDER)[1])


def test_sums_go_on_from_where_they_were(books, length):
    filters, so_far = Filters(), None
    while so_far is None or so_far.below:
        so_far = sums.add(TRANSFERS, filters, so_far, seconds=0)
    assert so_far == sums.add(TRANSFERS, filters, None, seconds=10)._replace(
        looked_back_to=so_far.looked_back_to
    )
    assert so_far.groups["commit", "CR", "U20", "U30"] == [8, 80]
    assert so_far.rows == len(expected(TRANSFERS))


@pytest.mark.parametrize("name", ALL)
def test_a_time_has_its_rows_and_no_others(books, name):
    window = ALL[name]
    now = Clock().now()
    day = timedelta(days=1)
    assert paged(window, Filters(Period(now - day, now + day))) == expected(window)
    assert paged(window, Filters(Period(now - 3 * day, now - day))) == []
    assert paged(window, Filters(Period(now + day, now + 3 * day))) == []


def test_a_place_is_read_as_it_was_written():
    place = Place(uuid7(), UUID(int=7))
    assert places.read(str(place)) == place
    for text in ("", "x", "0" * 63, "g" * 64, "\x00" * 64, "-" * 64, "０" * 64):
        with pytest.raises(ValueError):
            places.read(text)
