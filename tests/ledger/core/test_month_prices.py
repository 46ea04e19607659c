"""Prices that depend on the month so far: decided under the wallet's lock, kept on the hold, and
counted for what was used in the end."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connections
from psycopg.types.json import Jsonb

from accounts.ids import uuid7
from accounts.models import Customer
from ledger.prices import rate_cards
from tests.accounts.conftest import committed
from tests.factories.ledger import Book, Clock, key

__all__ = ["committed"]

TIERS = [
    {"up_to": "100", "amount": 10},
    {"up_to": "200", "amount": 5},
    {"up_to": None, "amount": 1},
]


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
    return Book.funded(1_000_000)


@pytest.fixture
def price() -> int:
    endpoint = rate_cards.create_endpoint(code=f"e{uuid7().hex}", name="E")
    card = rate_cards.create_card(name=uuid7().hex, effective_at=datetime(2020, 1, 1, tzinfo=UTC))
    return rate_cards.set_price(card, endpoint, per_call=1).id


def unit(**fields: Any) -> dict[str, Any]:
    return {
        "name": "tokens",
        "size": 1,
        "amount": 10,
        "free": "0",
        "mode": "flat",
        "tiers": [],
    } | fields


def rule(*units: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"per_call": 0, "minimum": None, "maximum": None, "units": list(units)} | fields


GRADUATED = rule(unit(mode="graduated", tiers=TIERS))


def price_of(rule: dict[str, Any], quantities: dict[str, str], so_far: dict[str, str]) -> int:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "select ledger_price_of(%s, %s, %s)", [Jsonb(rule), Jsonb(quantities), Jsonb(so_far)]
        )
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("rule", "quantity", "so_far", "expected"),
    [
        (GRADUATED, "50", "0", 500),
        (GRADUATED, "150", "0", 1_250),
        (GRADUATED, "100", "100", 500),
        (GRADUATED, "100", "150", 300),
        (GRADUATED, "0.5", "99.75", 4),  # 2.5 + 1.25 = 3.75
        (rule(unit(mode="volume", tiers=TIERS)), "150", "0", 750),
        (rule(unit(mode="volume", tiers=TIERS)), "100", "0", 1_000),
        (rule(unit(mode="volume", tiers=TIERS)), "1", "200", 1),
        (rule(unit(free="100")), "150", "0", 500),
        (rule(unit(free="100")), "50", "20", 0),
        (rule(unit(free="100"), minimum=7), "50", "20", 0),
        (rule(unit(free="100"), minimum=7, per_call=1), "50", "20", 7),
        (rule(unit(), maximum=100), "150", "0", 100),
        (rule(unit(amount=1, size=2)), "1", "0", 0),  # a half, to the even
        (rule(unit(amount=3, size=2)), "1", "0", 2),
        (rule(unit(amount=1, size=3), unit(name="images", amount=1, size=3)), "1", "0", 0),
        (rule(unit(name="calls", amount=4, free="2")), "0", "0", 0),
    ],
)
def test_by_hand(rule, quantity, so_far, expected):
    assert price_of(rule, {"tokens": quantity}, {"tokens": so_far}) == expected


class TestTheMonth:
    def hold(self, book, price, tokens, rule=GRADUATED, **fields):
        return book.reserve(
            None, rule=rule, price_id=price, quantities={"tokens": str(tokens)}, **key(), **fields
        )

    def test_each_call_is_priced_after_the_last(self, book, price):
        assert [self.hold(book, price, 60).amount for _ in range(4)] == [600, 500, 300, 140]

    def test_what_was_not_used_counts_no_more(self, book, price):
        first = self.hold(book, price, 100)
        book.release(first)
        assert self.hold(book, price, 100).amount == 1_000

    def test_a_commit_is_priced_where_its_hold_stood(self, book, price):
        first = self.hold(book, price, 100)
        self.hold(book, price, 100)
        done = book.commit(first, rule=GRADUATED, quantities={"tokens": "40"})
        assert done.committed == 400
        assert self.hold(book, price, 60).amount == 300

    def test_what_is_beyond_a_hold_comes_after_all_that_the_month_has_had(self, book, price):
        free = rule(unit(free="1000"))
        holds = [self.hold(book, price, 1, free, overrun="available") for _ in range(3)]
        taken = [
            book.commit(hold, rule=free, quantities={"tokens": "990"}).committed for hold in holds
        ]
        # 3 are reserved: 1 + 989 of the first, 1 + 8 of the second, and 1 of the third are free.
        assert taken == [0, (989 - 8) * 10, 989 * 10]

    def test_the_same_commit_again_is_answered_again(self, book, price):
        hold = self.hold(book, price, 100)
        done = book.commit(hold, rule=GRADUATED, quantities={"tokens": "40"})
        self.hold(book, price, 100)
        again = book.commit(hold, rule=GRADUATED, quantities={"tokens": "40"})
        assert (again.code, again.committed) == ("ok", done.committed)
        other = book.commit(hold, rule=GRADUATED, quantities={"tokens": "41"})
        assert other.code == "reservation-committed"

    def test_an_unbilled_call_counts_for_nothing(self, book, price):
        first = self.hold(book, price, 100)
        book.commit(first, 0)
        assert self.hold(book, price, 100).amount == 1_000

    def test_an_expired_hold_counts_for_nothing(self, book, price, clock):
        self.hold(book, price, 100)
        clock.forward(901)
        assert self.hold(book, price, 100).amount == 1_000

    def test_parts_are_priced_one_after_the_other(self, book, price):
        hold = self.hold(book, price, 200)
        parts = [
            book.commit(hold, rule=GRADUATED, quantities={"tokens": "80"}, final=False).committed
            for _ in range(2)
        ]
        assert parts == [800, 800 + 200 + 300]
        done = book.commit(hold, rule=GRADUATED, quantities={"tokens": "10"})
        assert done.committed == 1_300 + 50
        assert self.hold(book, price, 30).amount == 30 * 5

    def test_a_reversed_call_counts_for_nothing(self, book, price):
        hold = self.hold(book, price, 100)
        book.commit(hold)
        book.reverse(hold)
        assert self.hold(book, price, 100).amount == 1_000

    def test_a_month_is_of_the_customers_time_zone(self, book, price):
        Customer.objects.filter(id=book.customer_id).update(time_zone="Asia/Tokyo")
        at = datetime(2026, 1, 31, 20, tzinfo=UTC)
        book.debit(
            None, rule=GRADUATED, price_id=price, quantities={"tokens": "100"}, happened_at=at
        )
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "select month::text, quantities from ledger_tally where customer_id = %s",
                [book.customer_id],
            )
            assert cursor.fetchall() == [("2026-02-01", '{"calls": "1", "tokens": "100"}')]

    def test_endpoints_are_counted_each_for_itself(self, book, price):
        self.hold(book, price, 100)
        endpoint = rate_cards.create_endpoint(code=f"e{uuid7().hex}", name="E")
        card = rate_cards.create_card(
            name=uuid7().hex, effective_at=datetime(2021, 1, 1, tzinfo=UTC)
        )
        other = rate_cards.set_price(card, endpoint, per_call=1).id
        assert self.hold(book, other, 100).amount == 1_000

    def test_a_share_of_it_is_billed(self, book, price):
        hold = self.hold(book, price, 100)
        assert book.commit(hold, percent=25).committed == 250
        hold = book.reserve(10)
        assert book.commit(hold, percent=25).committed == 2  # 2.5, to the even
