"""Events that were written are handed on, each customer's in order and by one relay at a time."""

from collections.abc import Sequence
from threading import Thread

import pytest
from django.db import connection, connections, transaction

from ledger import outbox, services
from ledger.outbox import Event
from tests.factories.ledger import Book, Clock, key


@pytest.fixture(autouse=True)
def _nothing_waits(committed: None) -> None:
    """What other tests have left is of no interest here."""
    claim_all()


def claim_all() -> list[Event]:
    taken = []
    while events := claim():
        taken += events
    return taken


def claim(customers: int = 1000, events: int = 1000) -> list[Event]:
    with transaction.atomic():
        return outbox.claim(customers=customers, events=events)


def kinds(events: Sequence[Event]) -> list[str]:
    return [event.kind for event in events]


def test_is_handed_on_once_and_in_order(book):
    book.debit(100)
    book.grant(5)
    events = claim()
    assert kinds(events) == [
        *("credits.added", "balance.exhausted"),
        *("credits.added", "balance.recovered"),
    ]
    assert {event.customer_id for event in events} == {book.customer_id}
    assert events[0].data["amount"] == 100
    assert claim() == []


def test_is_there_again_when_whoever_took_it_fails(book):
    with transaction.atomic():
        taken = outbox.claim(customers=10, events=10)
        transaction.set_rollback(True)
    assert claim() == taken != []


def test_a_customers_events_are_with_one_relay_at_a_time(book):
    other = Book.funded()
    book.grant(1)
    found: list[Event] = []

    def elsewhere() -> None:
        found.extend(claim())
        connections.close_all()

    with transaction.atomic():
        first = outbox.claim(customers=1, events=1)
        assert [event.customer_id for event in first] == [book.customer_id]
        thread = Thread(target=elsewhere)
        thread.start()
        thread.join(10)
        assert not thread.is_alive()
    assert {event.customer_id for event in found} == {other.customer_id}
    assert {event.customer_id for event in claim()} == {book.customer_id}


def test_nobody_who_spends_waits_for_whoever_hands_on(book):
    def debit() -> None:
        book.debit(100)
        connections.close_all()

    with transaction.atomic():
        outbox.claim(customers=10, events=10)
        thread = Thread(target=debit)
        thread.start()
        thread.join(10)
        assert not thread.is_alive()
    assert kinds(claim()) == ["balance.exhausted"]


def test_what_is_put_off_holds_up_nobody_else(book, clock: Clock):
    outbox.put_off([book.customer_id])
    other = Book.funded()
    assert {event.customer_id for event in claim()} == {other.customer_id}
    clock.forward(1.1)
    assert {event.customer_id for event in claim()} == {book.customer_id}


def test_is_put_off_for_longer_each_time(book, clock: Clock):
    pauses = []
    for _ in range(12):
        outbox.put_off([book.customer_id])
        with connection.cursor() as cursor:
            cursor.execute(
                "select extract(epoch from retry_at - ledger_now()) from ledger_relay"
                " where customer_id = %s",
                [book.customer_id],
            )
            pauses.append(round(float(cursor.fetchone()[0])))
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]
    clock.forward(601)
    assert kinds(claim()) == ["credits.added"]


def test_events_of_ours_are_written_with_what_caused_them(book):
    claim_all()
    with transaction.atomic():
        outbox.tell(book.customer_id, "purchase.paid", "pur_1", {"amount": 5})
        transaction.set_rollback(True)
    assert claim() == []
    outbox.tell(book.customer_id, "purchase.paid", "pur_1", {"amount": 5})
    (event,) = claim()
    assert (event.kind, event.subject, event.data) == ("purchase.paid", "pur_1", {"amount": 5})


def test_says_how_much_waits(book, clock: Clock):
    clock.forward(30)
    backlog = outbox.backlog()
    assert backlog.events == 1
    assert 30 <= backlog.age.total_seconds() < 60
    claim_all()
    assert outbox.backlog().events == 0


def test_a_debit_that_causes_nothing_writes_nothing(book):
    claim_all()
    book.commit(book.reserve(10, **key()), **key())
    book.debit(10)
    assert outbox.backlog().events == 0


def test_answers_say_whether_events_were_written(book):
    quiet = book.debit(1)
    loud = book.debit(99)
    assert (quiet.told, loud.told) == (False, True)


@pytest.mark.parametrize("grants", [1, 2])
def test_whoever_commits_wakes_the_relay(book, grants):
    with connection.cursor() as cursor:
        cursor.execute(f"listen {outbox.CHANNEL}")
        grant = book.operation("grant", amount=1, detail={"kind": "promo"})
        services.apply([grant] * grants)
        cursor.execute("select 1")
        assert connection.connection is not None
        notified = connection.connection.notifies(timeout=5, stop_after=1)
        assert [notice.channel for notice in notified] == [outbox.CHANNEL]
        cursor.execute(f"unlisten {outbox.CHANNEL}")
