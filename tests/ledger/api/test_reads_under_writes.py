"""The call log and usage against a model in plain Python, while several connections write."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, combinations
from random import Random
from threading import Event, Lock, Thread
from typing import Any

import pytest
from django.db import connection

from accounts import ids
from ledger import services
from ledger.amounts import CREDIT
from ledger.ids import ReservationId
from ledger.prices import rate_cards
from tests.factories.accounts import ApiKeyFactory, CustomerFactory, ServiceKeyFactory
from tests.ledger.api.conftest import Caller, operate, path

WRITERS = 4
CALLS_EACH = 60
GROUPINGS = list(
    chain.from_iterable(combinations(("day", "endpoint", "key"), size) for size in range(4))
)


@dataclass
class Call:
    name: str
    endpoint: str | None
    key: str | None
    status: str = "held"
    committed: int = 0
    reversed: int = 0


@dataclass
class Sums:
    """What was asked for so far, and what was answered."""

    lock: Lock = field(default_factory=Lock)
    sums: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, amount: int) -> None:
        with self.lock:
            self.sums[name] += amount

    def now(self) -> Counter[str]:
        with self.lock:
            return self.sums.copy()


class Writer(Thread):
    """Makes calls and ends them in all ways, and keeps book of them."""

    def __init__(self, seed: int, business: "Business") -> None:
        super().__init__()
        self.random = Random(seed)
        self.business = business
        self.calls: list[Call] = []

    def run(self) -> None:
        for _ in range(CALLS_EACH):
            self.call()
        connection.close()

    def call(self) -> None:
        endpoint, price_id = self.random.choice(self.business.prices)
        key = self.random.choice(self.business.keys)
        hold = operate(
            "reserve",
            self.business.customer,
            amount=5 * CREDIT,
            price_id=price_id,
            api_key_id=key and ids.decode("key", key),
        )
        name = ReservationId(hold.customer_id, hold.reservation_id, price_id or 0)
        made = Call(str(name), endpoint, key)
        self.calls.append(made)
        fate = self.random.choice(("held", "release", "commit", "reverse"))
        if fate == "release":
            self.settle(made, hold, "release")
            made.status = "released"
        elif fate in ("commit", "reverse"):
            self.commit(made, hold, amount=self.random.randint(0, 5 * CREDIT))
        if fate == "reverse" and made.committed:
            self.reverse(made, hold, amount=self.random.randint(1, made.committed))

    def commit(self, made: Call, hold: Any, *, amount: int) -> None:
        self.business.sums.add("to be committed", amount)
        self.settle(made, hold, "commit", amount=amount)
        self.business.sums.add("committed", amount)
        made.committed, made.status = amount, "committed"

    def reverse(self, made: Call, hold: Any, *, amount: int) -> None:
        self.business.sums.add("to be reversed", amount)
        self.settle(made, hold, "reverse", amount=amount)
        self.business.sums.add("reversed", amount)
        made.reversed = amount
        if amount == made.committed:
            made.status = "reversed"

    def settle(self, made: Call, hold: Any, op: str, **fields: Any) -> None:
        operate(op, self.business.customer, reservation_id=hold.reservation_id, **fields)


class Business:
    def __init__(self) -> None:
        self.customer = CustomerFactory()
        services.grant(self.customer.id, amount=10**6 * CREDIT, kind="promo")
        keys = [ApiKeyFactory(customer=self.customer).key.id for _ in range(2)]
        self.keys = [None, *(ids.encode("key", key) for key in keys)]
        self.prices: list[tuple[str | None, int | None]] = [(None, None), *_prices()]
        self.sums = Sums()
        self.caller = Caller(ServiceKeyFactory().secret)

    def pages(self, list_of: str, query: str) -> Iterator[dict[str, Any]]:
        cursor = ""
        while cursor is not None:
            body = self.caller.get(path(self.customer, f"/{list_of}?{query}{cursor}")).json()
            yield from body["data"]
            cursor = body["next_cursor"] and f"&cursor={body['next_cursor']}"

    def used(self) -> int:
        (total,) = self.pages("usage", "")
        return _micro(total["credits"])


def _prices() -> list[tuple[str, int]]:
    """Of two endpoints, on two cards that stay drafts, out of other tests' way."""
    endpoints = [
        rate_cards.create_endpoint(code=f"under-writes-{n}", name=f"{n}") for n in range(2)
    ]
    cards = [
        rate_cards.create_card(name=f"under-writes-{n}", effective_at=datetime.now(UTC))
        for n in range(2)
    ]
    return [
        (endpoint.code, rate_cards.set_price(card, endpoint, per_call=CREDIT).id)
        for endpoint in endpoints
        for card in cards
    ]


def _micro(credits: str) -> int:
    whole, _, rest = credits.partition(".")
    return int(whole) * CREDIT + int(rest.ljust(6, "0"))


def _watch(business: Business, stop: Event, wrong: list[Any]) -> None:
    while not stop.is_set():
        before, used, after = business.sums.now(), business.used(), business.sums.now()
        least = before["committed"] - after["to be reversed"]
        most = after["to be committed"] - before["reversed"]
        if not least <= used <= most:
            wrong.append((least, used, most))
    connection.close()


@pytest.fixture(scope="module")
def _unblocked(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="module")
def written(_unblocked: None) -> Iterator[tuple[Business, list[Call]]]:
    """Calls that several connections made, with usage right at every moment meanwhile."""
    business, stop, wrong = Business(), Event(), []
    writers = [Writer(seed, business) for seed in range(WRITERS)]
    watcher = Thread(target=_watch, args=(business, stop, wrong))
    for thread in (watcher, *writers):
        thread.start()
    for writer in writers:
        writer.join()
    stop.set()
    watcher.join()
    assert wrong == []
    yield business, [call for writer in writers for call in writer.calls]
    connection.close()


def expected_usage(calls: Iterable[Call], by: tuple[str, ...]) -> dict[tuple[Any, ...], Any]:
    """Calls and micro-credits of each group."""
    groups: dict[tuple[Any, ...], Any] = {}
    today = str(datetime.now(UTC).date())
    for call in calls:
        if call.status in ("committed", "reversed"):
            where = {"day": today, "endpoint": call.endpoint, "key": call.key}
            calls_so_far, amount = groups.get(group := tuple(where[one] for one in by), (0, 0))
            groups[group] = (calls_so_far + 1, amount + call.committed - call.reversed)
    return groups


def shown_group(row: dict[str, Any], by: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(row[one]["id"] if one == "key" and row[one] else row[one] for one in by)


@pytest.mark.parametrize("by", GROUPINGS)
def test_usage_is_as_the_model_has_it(written, by):
    business, calls = written
    query = f"limit=2&group_by={','.join(by)}" if by else ""
    found = [
        (shown_group(row, by), (row["calls"], _micro(row["credits"])))
        for row in business.pages("usage", query)
    ]
    assert len(found) == len(dict(found))
    assert dict(found) == expected_usage(calls, by)


def test_the_call_log_is_as_the_model_has_it(written):
    business, calls = written
    found = {
        row["id"]: (
            row["endpoint"],
            row["key"] and row["key"]["id"],
            row["status"],
            _micro(row["committed"]),
            _micro(row["reversed"]),
            _micro(row["cost"]),
        )
        for row in business.pages("calls", "limit=7")
    }
    assert found == {
        call.name: (
            call.endpoint,
            call.key,
            call.status,
            call.committed,
            call.reversed,
            call.committed - call.reversed,
        )
        for call in calls
    }


@pytest.mark.parametrize("status", ["held", "released", "committed", "reversed"])
def test_a_filtered_call_log_is_as_the_model_has_it(written, status):
    business, calls = written
    for endpoint, _ in business.prices[1::2]:
        found = business.pages("calls", f"limit=3&status={status}&endpoint={endpoint}")
        assert {row["id"] for row in found} == {
            call.name for call in calls if (call.status, call.endpoint) == (status, endpoint)
        }
