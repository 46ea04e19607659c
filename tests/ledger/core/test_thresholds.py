"""Balances that are told of: once when they are reached, once when they are left behind again."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection

from ledger import services, wallets
from ledger.errors import Refused
from ledger.wallets import Watched
from tests.factories.ledger import Book, Clock, key

LOW, RECOVERED, DRY = "balance.low", "balance.recovered", "balance.exhausted"


def watch(book: Book, *values: int, basis: Any = "credits", **more: Any) -> list[UUID]:
    watched = [Watched(uuid4(), basis, value, **more) for value in values]
    wallets.watch(book.customer_id, purpose="alert", thresholds=watched)
    return [one.id for one in watched]


def told(book: Book) -> list[str]:
    kinds = (LOW, RECOVERED, DRY, "top_up.needed")
    return [kind for kind in book.events() if kind in kinds]


def data_of(book: Book, kind: str) -> dict[str, Any]:
    """Of the last of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select subject, data::text::json from ledger_event"
            " where customer_id = %s and kind = %s order by id desc limit 1",
            [book.customer_id, kind],
        )
        subject, data = cursor.fetchone()
        return {"subject": subject, **data}


def marks(book: Book) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select low_mark, high_mark, dry from ledger_wallet where customer_id = %s",
            [book.customer_id],
        )
        return cursor.fetchone()


@pytest.fixture(params=["lone", "listed"])
def spend(request: pytest.FixtureRequest) -> Any:
    """The two ways of a debit: alone with a key that is an id, and in a list."""

    def alone(book: Book, amount: int) -> None:
        hold = book.reserve(amount, **key())
        assert hold.code == "ok"
        assert book.commit(hold, **key()).code == "ok"

    def listed(book: Book, amount: int) -> None:
        debit = book.operation("debit", amount=amount)
        nothing = book.operation("reserve", amount=0, expires_in=900)
        assert [result.code for result in services.apply([nothing, debit])] == ["ok", "ok"]

    return alone if request.param == "lone" else listed


def test_is_told_once_when_it_is_crossed_and_once_when_it_recovers(book, spend):
    (threshold,) = watch(book, 50)
    spend(book, 49)
    assert told(book) == []
    spend(book, 1)
    assert told(book) == [LOW]
    said = data_of(book, LOW)
    assert said.pop("subject") == str(threshold)
    assert said == {
        "purpose": "alert",
        "basis": "credits",
        "value": 50,
        "level": 50,
        "available": 50,
    }
    spend(book, 10)
    book.grant(14)
    assert told(book) == [LOW]
    book.grant(1)
    assert told(book) == [LOW, RECOVERED]
    assert data_of(book, RECOVERED)["available"] == 55
    spend(book, 5)
    assert told(book) == [LOW, RECOVERED, LOW]


def test_a_swing_about_the_level_is_one_crossing(book):
    watch(book, 50)
    for _ in range(5):
        book.release(book.reserve(50, **key()), **key())
        # A tenth above the level is 55; 54 is not.
        hold = book.reserve(46, **key())
        book.release(hold)
    # From 50 back to 100 it does recover.
    assert told(book) == [LOW, RECOVERED] * 5


def test_a_small_swing_is_one_crossing(book, spend):
    watch(book, 50)
    spend(book, 48)
    for _ in range(5):
        book.release(book.reserve(2, **key()), **key())
    assert told(book) == [LOW]


def test_every_threshold_that_is_passed_is_told_highest_first(book, spend):
    watch(book, 20, 80, 50)
    spend(book, 90)
    assert told(book) == [LOW] * 3
    with connection.cursor() as cursor:
        cursor.execute(
            "select (data->>'level')::int from ledger_event where customer_id = %s and kind = %s"
            " order by id",
            [book.customer_id, LOW],
        )
        assert [row[0] for row in cursor.fetchall()] == [80, 50, 20]


def test_within_the_cool_down_it_is_not_told_again_but_after_it(book, clock: Clock):
    watch(book, 50, cool_down=timedelta(hours=1))
    book.debit(60)
    book.grant(60)
    book.debit(60)
    assert told(book) == [LOW, RECOVERED]
    book.refresh()
    assert told(book) == [LOW, RECOVERED]
    clock.forward(3601)
    book.refresh()
    assert told(book) == [LOW, RECOVERED, LOW]
    book.refresh()
    assert told(book) == [LOW, RECOVERED, LOW]


def test_what_was_not_told_does_not_tell_that_it_recovered(book):
    watch(book, 50, cool_down=timedelta(hours=1))
    for _ in range(3):
        book.debit(60)
        book.grant(60)
    assert told(book) == [LOW, RECOVERED]


def test_per_cent_are_of_the_last_purchase(spend):
    book = Book.new()
    watch(book, 50, 80, 100, basis="percent")
    book.grant(1000, kind="paid")
    spend(book, 499)
    assert told(book) == []
    spend(book, 1)
    assert told(book) == [LOW]
    spend(book, 300)
    assert told(book) == [LOW] * 2
    book.grant(100, kind="paid")
    # 300 are available, the levels are 50, 20 and 0.
    assert told(book) == [LOW, LOW, RECOVERED, RECOVERED]
    spend(book, 250)
    assert told(book)[4:] == [LOW]
    spend(book, 50)
    assert sorted(told(book)[5:]) == sorted([DRY, LOW, LOW])


def test_a_bonus_is_no_purchase():
    book = Book.new()
    watch(book, 50, basis="percent")
    book.grant(1000, kind="paid")
    book.grant(100)
    book.debit(550)
    assert told(book) == []
    book.debit(50)
    assert told(book) == [LOW]


def test_days_left_are_told_when_their_level_comes_over_the_balance(book):
    watched = Watched(uuid4(), "days", 7, level=70)
    wallets.watch(book.customer_id, purpose="alert", thresholds=[watched])
    book.debit(20)
    assert told(book) == []
    wallets.watch(book.customer_id, purpose="alert", thresholds=[watched._replace(level=90)])
    assert told(book) == [LOW]
    wallets.watch(book.customer_id, purpose="alert", thresholds=[watched._replace(level=91)])
    assert told(book) == [LOW]
    wallets.watch(book.customer_id, purpose="alert", thresholds=[watched._replace(level=10)])
    assert told(book) == [LOW, RECOVERED]


def test_days_left_without_a_pace_say_nothing(book, spend):
    watch(book, 7, basis="days")
    spend(book, 99)
    assert told(book) == []


def test_an_alert_that_is_set_above_the_balance_is_not_told(book):
    watch(book, 200)
    book.debit(1)
    assert told(book) == []
    book.grant(200)
    assert told(book) == []
    book.debit(100)
    assert told(book) == [LOW]


def test_an_alert_that_is_changed_starts_anew(book):
    threshold = Watched(uuid4(), "credits", 50)
    wallets.watch(book.customer_id, purpose="alert", thresholds=[threshold])
    book.debit(60)
    wallets.watch(book.customer_id, purpose="alert", thresholds=[threshold._replace(value=30)])
    assert told(book) == [LOW]
    book.debit(10)
    assert told(book) == [LOW, LOW]


def test_an_alert_that_is_set_again_stays_as_it_is(book):
    threshold = Watched(uuid4(), "credits", 50)
    for _ in range(2):
        wallets.watch(book.customer_id, purpose="alert", thresholds=[threshold])
        book.debit(30)
        wallets.watch(book.customer_id, purpose="alert", thresholds=[threshold])
    assert told(book) == [LOW]


def test_an_alert_that_is_taken_away_is_not_told(book, spend):
    watch(book, 50)
    watch(book)
    spend(book, 60)
    assert told(book) == []
    assert marks(book) == (0, 2**63 - 1, False)


def test_a_top_up_is_needed_as_soon_as_it_is_wanted(book):
    watched = [Watched(uuid4(), "credits", 150)]
    wallets.watch(book.customer_id, purpose="top_up", thresholds=watched)
    assert told(book) == ["top_up.needed"]
    watch(book, 50)
    book.debit(60)
    assert told(book) == ["top_up.needed", LOW]


def test_running_dry_is_told_without_any_threshold(book, spend):
    spend(book, 100)
    assert told(book) == [DRY]
    assert data_of(book, DRY) == {"subject": None, "available": 0}
    book.debit(1)
    assert told(book) == [DRY]
    book.grant(10)
    assert told(book) == [DRY, RECOVERED]
    assert data_of(book, RECOVERED)["purpose"] == "dry"


def test_a_call_that_is_refused_tells_that_too_little_is_left(book):
    book.debit(97)
    assert book.reserve(4, **key()).code == "insufficient-credits"
    assert data_of(book, DRY) == {"subject": None, "available": 3, "required": 4}
    for _ in range(5):
        assert book.debit(4).code == "insufficient-credits"
    assert told(book) == [DRY]
    book.debit(3)
    assert told(book) == [DRY, DRY]


def test_at_the_bottom_it_is_told_hourly_at_most(book, clock: Clock):
    book.debit(97)
    for _ in range(5):
        book.debit(4)
        book.release(book.reserve(3, **key()), **key())
    assert told(book).count(DRY) == 2  # 3 left, then nothing
    clock.forward(3601)
    book.debit(4)
    assert told(book).count(DRY) == 3


def test_a_wallet_that_never_had_credits_has_not_run_dry():
    book = Book.new()
    book.refresh()
    book.grant(10)
    assert told(book) == []


def test_with_a_credit_limit_what_is_below_nothing_is_told_once(book):
    wallets.set_credit_limit(book.customer_id, limit=50)
    for _ in range(4):
        book.debit(30)
    assert told(book) == [DRY]


def test_a_lot_that_expires_crosses(book, clock: Clock, spend):
    watch(book, 100)
    book.grant(50, expires_at=clock.after(60))
    wallets.watch(book.customer_id, purpose="top_up", thresholds=[Watched(uuid4(), "credits", 120)])
    assert told(book) == []
    clock.forward(61)
    book.refresh()
    assert sorted(told(book)) == [LOW, "top_up.needed"]


@pytest.mark.parametrize("left", [0, 20])
@pytest.mark.parametrize("asked", [key, dict])
def test_what_a_refused_call_finds_expired_crosses(clock: Clock, left, asked):
    book = Book.new()
    book.grant(100, expires_at=clock.after(60))
    if left:
        book.grant(left)
    watch(book, 50)
    watched = [Watched(uuid4(), "credits", 50)]
    wallets.watch(book.customer_id, purpose="top_up", thresholds=watched)
    clock.forward(61)
    assert book.reserve(60, **asked()).code == "insufficient-credits"
    assert sorted(told(book)) == [DRY, LOW, "top_up.needed"]


def test_what_was_moved_here_is_no_purchase():
    book, other = Book.funded(1000, kind="paid"), Book.funded(1000, kind="paid")
    watch(book, 80, basis="percent")
    services.move(other.customer_id, book.customer_id, amount=5)
    watch(book, 80, basis="percent")
    assert marks(book)[0] == 200


def test_a_move_crosses_with_the_giver_and_recovers_with_the_receiver(book):
    other = Book.funded(10)
    watch(book, 50)
    watch(other, 5)
    other.debit(6)
    services.move(book.customer_id, other.customer_id, amount=60)
    assert (told(book), told(other)) == ([LOW], [LOW, RECOVERED])


def test_a_refused_call_changes_no_balance(book):
    before = book.refresh()
    refused = book.debit(101)
    assert (refused.available, refused.held) == (before.available, before.held)
    assert book.lots() == dict.fromkeys(book.lots(), 100)


def test_a_lot_whose_owner_was_not_told_goes_on(clock: Clock):
    wallets.require_notice(True)
    try:
        book = Book.new()
        lot = book.grant(50, expires_at=clock.after(60))
        clock.forward(61)
        assert book.refresh().available == 50
        assert "lot.redated" in book.events()
        wallets.notice(book.customer_id, lot_id=lot)
        clock.forward(24 * 3600 - 5)
        assert book.refresh().available == 50
        clock.forward(10)
        assert book.refresh().available == 0
        assert "lot.expired" in book.events()
    finally:
        wallets.require_notice(False)


def test_a_lot_whose_owner_was_told_expires_in_time(clock: Clock):
    wallets.require_notice(True)
    try:
        book = Book.new()
        lot = book.grant(50, expires_at=clock.after(60))
        wallets.notice(book.customer_id, lot_id=lot)
        clock.forward(61)
        assert book.refresh().available == 0
    finally:
        wallets.require_notice(False)


def test_a_lot_that_is_not_there_cannot_be_noticed(book):
    with pytest.raises(Refused, match="not-found"):
        wallets.notice(book.customer_id, lot_id=uuid4())
