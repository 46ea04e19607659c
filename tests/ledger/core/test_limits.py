"""Limits of customers, keys and endpoints, each decided with the hold that it refuses."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db import connections, transaction

from accounts.ids import uuid7
from accounts.models import Customer
from ledger import limits, wallets
from ledger.errors import Refused
from ledger.limits import Limit
from ledger.prices import rate_cards
from tests.accounts.conftest import committed
from tests.factories.ledger import Book, Clock, key

__all__ = ["committed"]

DAY = 86_400
DAILY = Limit("customer", "spend", period="day", hard=100)


@pytest.fixture(autouse=True)
def _committed(committed: None) -> None:
    """The clock is the owner's and the core the service's: two connections."""


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    yield clock
    clock.reset()


@pytest.fixture
def book() -> Book:
    return Book.funded(10_000)


@pytest.fixture(params=[True, False], ids=["alone", "listed"])
def keyed(request):
    """An operation with a UUIDv7 as its key goes the short way."""
    return key if request.param else dict


def limit(book: Book, *given: Limit, source: limits.Source = "provider") -> None:
    limits.set_limits(book.customer_id, source, given)


def used(book: Book) -> list[int | None]:
    return [standing.used for standing in limits.of(book.customer_id)]


def copies(book: Book) -> dict[tuple[UUID, str], int]:
    """What the keys' copies of the caps for every key have counted."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "select l.subject, l.period, c.used from ledger_limit l"
            " join ledger_caps_of(l.customer_id) c using (id)"
            " where l.customer_id = %s and l.from_every_key and c.used = c.by_calls",
            [book.customer_id],
        )
        return {(subject, period): used for subject, period, used in cursor.fetchall()}


class TestACap:
    def test_is_spent_to_the_last_and_not_passed(self, book, keyed):
        limit(book, DAILY)
        assert book.reserve(60, **keyed()).ok
        assert book.reserve(40, **keyed()).ok
        refused = book.reserve(1, **keyed())
        assert refused.code == "spend-cap-reached"
        assert refused.available == 9_900
        assert {name: refused.limit[name] for name in ("cap", "scope", "limit", "used")} == {
            "cap": "day",
            "scope": "customer",
            "limit": 100,
            "used": 100,
        }
        assert refused.limit["resets_at"]

    @pytest.mark.parametrize("way", ["release", "commit", "expire", "reverse", "debit"])
    def test_has_room_again_for_what_comes_back(self, book, clock, keyed, way):
        limit(book, Limit("customer", "spend", period="lifetime", hard=100))
        hold = book.reserve(100, **keyed())
        assert book.reserve(1, **keyed()).code == "spend-cap-reached"
        spent = 0
        if way == "release":
            book.release(hold)
        elif way == "commit":
            spent = 30
            book.commit(hold, 30, **keyed())
        elif way == "expire":
            clock.forward(901)
        else:
            book.commit(hold, **keyed())
            book.reverse(hold, 60)
            spent = 40
        assert book.reserve(101 - spent, **keyed()).code == "spend-cap-reached"
        assert book.reserve(100 - spent, **keyed()).ok
        assert used(book) == [100]

    def test_begins_anew_with_its_period(self, book, clock, keyed):
        limit(book, DAILY)
        book.debit(100)
        clock.forward(DAY)
        assert book.reserve(100, **keyed()).ok
        assert book.reserve(1, **keyed()).code == "spend-cap-reached"

    def test_what_comes_back_of_yesterday_makes_no_room_today(self, book, clock, keyed):
        limit(book, DAILY, Limit("customer", "spend", period="lifetime", hard=250))
        hold = book.reserve(100, expires_in=DAY, **keyed())
        book.extend(hold, DAY)
        clock.forward(DAY - 60)
        book.refresh()
        today = book.reserve(70, **keyed())
        assert today.ok or today.code == "spend-cap-reached"
        book.commit(hold, 10, **keyed())
        total = 10 + (70 if today.ok else 0)
        assert used(book)[1] == total

    def test_counts_what_was_spent_before_it_was_set(self, book):
        book.debit(70)
        book.reserve(20)
        limit(book, DAILY)
        assert used(book) == [90]
        assert book.debit(11).code == "spend-cap-reached"
        assert book.debit(10).ok

    def test_is_refused_below_what_is_spent(self, book):
        limit(book, Limit("customer", "spend", period="day", hard=500))
        book.debit(70)
        with pytest.raises(Refused) as refusal:
            limit(book, Limit("customer", "spend", period="day", hard=69))
        assert refusal.value.code == "cap-below-spent"
        assert limits.of(book.customer_id)[0].limit.hard == 500

    def test_changed_keeps_its_count(self, book):
        limit(book, DAILY)
        book.debit(70)
        limit(book, DAILY._replace(hard=80))
        assert used(book) == [70]
        assert book.debit(11).code == "spend-cap-reached"

    def test_soft_is_told_once_in_a_period_and_refuses_nothing(self, book, clock, keyed):
        limit(book, Limit("customer", "spend", period="day", soft=50))
        for amount in (49, 1, 100):
            assert book.reserve(amount, **keyed()).ok
        assert book.events().count("spend_cap.warned") == 1
        clock.forward(DAY)
        assert book.reserve(50, **keyed()).ok
        assert book.events().count("spend_cap.warned") == 2

    def test_reached_is_told_once_in_a_period(self, book, keyed):
        limit(book, DAILY)
        book.debit(100)
        for _ in range(3):
            assert book.reserve(1, **keyed()).code == "spend-cap-reached"
        assert book.events().count("spend_cap.reached") == 1

    def test_counts_what_a_commit_takes_beyond_its_hold(self, book):
        limit(book, DAILY)
        hold = book.reserve(60, overrun="available")
        refused = book.commit(hold, 101)
        assert refused.code == "spend-cap-reached"
        assert refused.state == "held"
        assert book.commit(hold, 100).ok
        assert used(book) == [100]

    def test_of_the_last_does_not_change_a_refusal_for_credits(self):
        book = Book.funded(50)
        limit(book, DAILY)
        assert book.reserve(60).code == "insufficient-credits"
        assert used(book) == [0]

    def test_days_are_those_of_the_customers_timeZoneInfo(self, book):
        Customer.objects.filter(id=book.customer_id).update(time_zone="America/New_York")
        limit(book, DAILY, Limit("customer", "spend", period="month", hard=1000))
        for standing in limits.of(book.customer_id):
            local = standing.resets_at.astimezone(ZoneInfo("America/New_York"))
            assert (local.hour, local.minute) == (0, 0)

    @pytest.mark.parametrize(
        ("at", "hours"),
        [("2026-03-08T12:00Z", 23), ("2026-11-01T12:00Z", 25), ("2026-06-01T12:00Z", 24)],
    )
    def test_a_day_over_daylight_saving_is_as_long_as_it_is(self, at, hours):
        row = _owner("select * from ledger_window('day', 'America/New_York', %s)", [at])
        assert (row[1] - row[0]).total_seconds() == hours * 3600

    def test_a_day_begins_with_the_first_of_two_midnights(self):
        row = _owner(
            "select * from ledger_window('day', 'Atlantic/Azores', %s)", ["2027-10-31T00:30Z"]
        )
        assert row == (datetime(2027, 10, 31, tzinfo=UTC), datetime(2027, 11, 1, 1, tzinfo=UTC))

    def test_a_month_ends_where_it_does(self):
        row = _owner("select * from ledger_window('month', 'Asia/Tokyo', '2026-01-31T20:00Z')", [])
        assert row[0] == datetime(2026, 1, 31, 15, tzinfo=UTC)
        assert row[1] == datetime(2026, 2, 28, 15, tzinfo=UTC)


class TestOfAKeyOrAnEndpoint:
    @pytest.mark.parametrize("op", ["reserve", "debit"])
    def test_what_is_of_several_lots_counts_as_well(self, keyed, op):
        """The general way does it, which the meters were not written by."""
        mine, book = uuid7(), Book.funded(100)
        book.grant(100)
        limit(book, Limit("key", "spend", mine, "month", hard=150))
        assert getattr(book, op)(140, api_key_id=mine, **keyed()).ok
        assert used(book) == [140]
        refused = getattr(book, op)(11, api_key_id=mine, **keyed())
        assert refused.code == "spend-cap-reached"
        assert getattr(book, op)(10, api_key_id=mine, **keyed()).ok

    def test_a_keys_cap_is_its_own(self, book):
        first, other = uuid7(), uuid7()
        limit(book, Limit("key", "spend", first, "month", hard=10))
        assert book.reserve(10, api_key_id=first, **key()).ok
        refused = book.reserve(1, api_key_id=first, **key())
        assert refused.code == "spend-cap-reached"
        assert (refused.limit["scope"], UUID(refused.limit["subject"])) == ("key", first)
        assert book.reserve(11, api_key_id=other).ok
        assert book.reserve(11).ok

    def test_a_cap_for_every_key_is_each_ones_own(self, book):
        first, other = uuid7(), uuid7()
        book.debit(4, api_key_id=first)
        limit(book, Limit("key", "spend", None, "month", hard=10))
        assert book.reserve(7, api_key_id=first).code == "spend-cap-reached"
        assert book.reserve(6, api_key_id=first).ok
        assert book.reserve(10, api_key_id=other).ok
        limit(book, Limit("key", "spend", None, "month", hard=12))
        assert book.reserve(2, api_key_id=first).ok
        assert book.reserve(1, api_key_id=first).code == "spend-cap-reached"

    def test_caps_for_every_key_count_what_each_had_when_they_are_set(self, book, clock):
        first, other, earlier = uuid7(), uuid7(), uuid7()
        book.debit(2, api_key_id=earlier)
        before = book.reserve(5, api_key_id=earlier, expires_in=90 * DAY)
        clock.forward(32 * DAY)
        book.debit(4, api_key_id=first)
        book.commit(before, 3, final=False)
        limit(
            book,
            Limit("key", "spend", None, "day", hard=10),
            Limit("key", "spend", None, "month", hard=11),
            Limit("key", "spend", None, "lifetime", hard=12),
        )
        assert copies(book) == {
            (first, "day"): 4,
            (first, "month"): 4,
            (first, "lifetime"): 4,
            (earlier, "day"): 0,
            (earlier, "month"): 0,
            (earlier, "lifetime"): 7,
        }
        assert book.reserve(7, api_key_id=first).code == "spend-cap-reached"
        assert book.reserve(6, api_key_id=earlier).code == "spend-cap-reached"
        assert book.reserve(10, api_key_id=other).ok
        with pytest.raises(Refused) as refused:
            limit(book, Limit("key", "spend", None, "month", hard=9))
        assert (refused.value.code, copies(book)[other, "month"]) == ("cap-below-spent", 10)

    def test_a_keys_first_call_reads_no_history(self, book):
        book.debit(4, api_key_id=uuid7())
        limit(book, Limit("key", "spend", None, "lifetime", hard=10))
        with connections["owner"].cursor() as cursor, transaction.atomic("owner"):
            cursor.execute("select ledger_open_subject(%s, %s, now())", [book.customer_id, uuid7()])
            cursor.execute(
                "select sum(seq_scan + coalesce(idx_scan, 0)) from pg_stat_xact_user_tables"
                " where relname ~ '^ledger_(call|transfer|hold)'"
            )
            assert cursor.fetchone() == (0,)
            transaction.set_rollback(True, "owner")

    def test_an_endpoints_cap(self, book):
        endpoint = rate_cards.create_endpoint(code=f"e{uuid7().hex}", name="E")
        card = rate_cards.create_card(
            name=uuid7().hex, effective_at=datetime(2020, 1, 1, tzinfo=UTC)
        )
        price = rate_cards.set_price(card, endpoint, per_call=1)
        limit(book, Limit("endpoint", "spend", endpoint.id, "day", hard=10))
        hold = book.reserve(10, price_id=price.id, **key())
        assert book.reserve(1, price_id=price.id).code == "spend-cap-reached"
        assert book.reserve(1).ok
        book.commit(hold, 4, **key())
        assert book.reserve(6, price_id=price.id).ok

    @pytest.mark.parametrize("amount", [-1000, None])
    def test_no_amount_that_is_none_changes_a_count(self, book, keyed, amount):
        only = uuid7()
        limit(book, Limit("key", "spend", only, "day", hard=100))
        assert not book.reserve(amount, api_key_id=only, **keyed()).ok
        assert book.reserve(101, api_key_id=only, **keyed()).code == "spend-cap-reached"
        assert book.reserve(100, api_key_id=only, **keyed()).ok


class TestTheOthers:
    def test_the_largest_hold(self, book, keyed):
        limit(book, Limit("customer", "largest", hard=10))
        assert book.reserve(10, **keyed()).ok
        refused = book.reserve(11, **keyed())
        assert (refused.code, refused.limit["cap"]) == ("spend-cap-reached", "hold")

    def test_open_holds(self, book, keyed):
        before = book.reserve(1, **keyed())
        limit(book, Limit("customer", "holds", hard=2))
        second = book.reserve(1, **keyed())
        refused = book.reserve(1, **keyed())
        assert (refused.code, refused.limit["limit"]) == ("rate-limited", "holds")
        book.commit(before, **keyed())
        assert book.reserve(1, **keyed()).ok
        book.release(second)
        assert book.reserve(1, **keyed()).ok
        assert book.reserve(1, **keyed()).code == "rate-limited"

    def test_a_rate_has_a_burst_and_refills(self, book, clock, keyed):
        limit(book, Limit("customer", "rate", every=10_000_000, burst=3))
        for left in (2, 1, 0):
            granted = book.reserve(1, **keyed())
            assert json.loads(granted.limits)[0]["left"] == left
        refused = book.reserve(1, **keyed())
        assert (refused.code, refused.limit["limit"]) == ("rate-limited", "rate")
        clock.forward(10)
        assert book.reserve(1, **keyed()).ok
        assert book.reserve(1, **keyed()).code == "rate-limited"

    def test_none_left_is_free_again(self, book, keyed):
        limit(book, DAILY, Limit("key", "largest", uuid7(), hard=1))
        limit(book)
        assert limits.of(book.customer_id) == []
        assert book.reserve(9_000, **keyed()).ok

    def test_the_providers_go_before_the_plans(self, book):
        limit(book, DAILY, source="plan")
        limit(book, DAILY._replace(hard=500))
        assert book.debit(300).ok
        limit(book, source="provider")
        assert book.debit(1).code == "spend-cap-reached"

    def test_the_customers_own_are_checked_beside_them(self, book):
        limit(book, DAILY, source="plan")
        limit(book, DAILY._replace(hard=20), source="customer")
        assert book.debit(21).code == "spend-cap-reached"
        assert book.debit(20).ok

    def test_reported_work_counts_and_is_not_refused(self, book):
        limit(book, DAILY, Limit("customer", "rate", every=10_000_000, burst=1))
        assert book.debit(150, happened_at=datetime(2026, 1, 1, tzinfo=UTC)).ok
        assert used(book)[1] == 150


class TestACommitAfterExpiry:
    def test_takes_what_is_available_where_the_plan_says_so(self, clock):
        book = Book.funded(100)
        hold = book.reserve(60)
        clock.forward(901)
        assert book.commit(hold, 50).code == "reservation-expired"
        wallets.set_late_commit(book.customer_id, charge=True)
        book.debit(70)
        late = book.commit(hold, 50)
        assert (late.code, late.committed, late.uncollected, late.available) == ("ok", 30, 20, 0)
        again = book.commit(hold, 50)
        assert (again.code, again.committed, again.available) == ("ok", 30, 0)


class TestReportedWork:
    def test_may_go_below_zero_as_debt(self):
        book = Book.funded(100)
        assert book.debit(150).code == "insufficient-credits"
        assert book.debit(150, overrun="debt").available == -50
        assert book.debit(1).code == "insufficient-credits"
        book.grant(60)
        assert book.refresh().available == 10
        assert book.debit(11).code == "insufficient-credits"


def _owner(sql: str, parameters: list[str]):
    with connections["owner"].cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()
