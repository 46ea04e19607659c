"""Events become rows of what is owed, in the transaction that takes them from the outbox."""

from collections.abc import Sequence
from threading import Event as Flag
from threading import Thread
from uuid import UUID

import pytest
from django.db import connections

from accounts.models import Customer
from billing.relay import relay
from ledger import outbox, services
from ledger.outbox import Event
from tests.accounts.conftest import committed
from tests.factories.ledger import Book, Clock

__all__ = ["committed"]


@pytest.fixture(autouse=True)
def _nothing_waits(committed: None) -> None:
    relay(())


class Notebook:
    """A taker that writes into the database whom it was told of, and refuses whom it is told to."""

    def __init__(self, *refuses: UUID) -> None:
        self.refuses = set(refuses)
        self.told: list[Event] = []

    def take(self, events: Sequence[Event]) -> None:
        self.told += events
        Customer.objects.filter(id__in={event.customer_id for event in events}).update(name="Told")
        if self.refuses & {event.customer_id for event in events}:
            raise ValueError("This one is not to be had.")


def names(*books: Book) -> list[bool]:
    """Whether what was written of each stayed."""
    return [Customer.objects.get(id=book.customer_id).name == "Told" for book in books]


def test_every_taker_gets_every_event_once_and_in_order():
    book = Book.funded(10)
    book.debit(10)
    one, other = Notebook(), Notebook()
    assert relay((one.take, other.take)) == 2
    assert [event.kind for event in one.told] == ["credits.added", "balance.exhausted"]
    assert one.told == other.told
    assert relay((one.take,)) == 0


def test_many_events_are_handed_on_in_several_goes():
    books = [Book.new() for _ in range(30)]
    services.apply(
        [
            book.operation("grant", amount=1, detail={"kind": "promo"})
            for _ in range(40)
            for book in books
        ]
    )
    notebook = Notebook()
    assert relay((notebook.take,)) == 1200
    for book in books:
        ids = [event.id for event in notebook.told if event.customer_id == book.customer_id]
        assert ids == sorted(ids)
        assert len(set(ids)) == 40


def test_an_event_that_cannot_be_taken_holds_up_its_own_customer_only(clock: Clock):
    books = [Book.funded() for _ in range(3)]
    notebook = Notebook(books[1].customer_id)
    assert relay((notebook.take,)) == 2
    assert names(*books) == [True, False, True]
    assert outbox.backlog().events == 1
    notebook.refuses.clear()
    assert relay((notebook.take,)) == 0
    clock.forward(2)
    assert relay((notebook.take,)) == 1
    assert names(*books) == [True, True, True]


def test_what_one_taker_refuses_the_others_have_not_written(clock: Clock):
    book = Book.funded()
    refusing, writing = Notebook(book.customer_id), Notebook()
    relay((writing.take, refusing.take))
    assert names(book) == [False]
    clock.forward(2)
    assert relay((writing.take,)) == 1
    assert names(book) == [True]


def test_two_relays_share_the_work():
    books = [Book.funded() for _ in range(20)]
    told: list[Event] = []
    first_took, second_is_done = Flag(), Flag()

    def slowly(events: Sequence[Event]) -> None:
        told.extend(events)
        first_took.set()
        assert second_is_done.wait(10)

    def first() -> None:
        relay((slowly,))
        connections.close_all()

    thread = Thread(target=first)
    thread.start()
    assert first_took.wait(10)
    late = Book.funded()
    relay((told.extend,))
    second_is_done.set()
    thread.join(10)
    assert not thread.is_alive()
    customers = [event.customer_id for event in told]
    assert sorted(customers) == sorted(book.customer_id for book in [*books, late])


@pytest.fixture
def clock():
    clock = Clock()
    yield clock
    clock.reset()
