"""However operations travel, they are decided alike: alone, in a list, or gathered with others."""

import json
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.ids import uuid7
from ledger import services
from ledger.operations import APPLY, Operation, Result, encode
from tests.factories.ledger import Book

NAMED = ("reservation_id", "transaction_id", "lot_id", "lots", "customer_id", "ord", "expires_at")

amounts = st.integers(0, 60)
index = st.integers(0, 6)
key_kinds = st.sampled_from(["id", "id", "hash", "none"])


def an(op: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"op": st.just(op), "key": key_kinds, **fields})


overruns = st.sampled_from(["reject", "cap", "available"])
asking = st.one_of(
    *[an("reserve", amount=amounts, overrun=overruns, expires_in=st.just(900))] * 2,
    *[an("commit", of=index, amount=st.none() | amounts, final=st.booleans())] * 2,
    an("release", of=index),
    an("reverse", of=index, amount=st.none() | amounts),
    an("extend", of=index, expires_in=st.just(60)),
    an("debit", amount=amounts),
    an("grant", amount=st.integers(1, 50), detail=st.just({"kind": "promo"})),
    an("limit", amount=amounts),
    st.fixed_dictionaries({"op": st.just("again"), "nth": index}),
)
lists = st.lists(asking, min_size=2, max_size=8)


class Twin:
    """A customer like any other of its kind, and operations on it that name nothing but numbers."""

    def __init__(self, asked: list[dict[str, Any]]) -> None:
        self.book = Book.funded(40)
        self.book.grant(60, priority=200)
        self.holds = [self.book.reserve(10).reservation_id, self.book.reserve(50).reservation_id]
        self.operations: list[Operation] = []
        for one in asked:
            self.operations.append(self._operation(dict(one)))

    def _operation(self, one: dict[str, Any]) -> Operation:
        if one["op"] == "again":
            done = self.operations
            return done[one["nth"] % len(done)] if done else self.book.operation("refresh")
        kind, of = one.pop("key"), one.pop("of", None)
        if of is not None:
            one["reservation_id"] = self.holds[of % len(self.holds)]
        key = None if kind == "none" else uuid4() if kind == "hash" else uuid7()
        if kind == "id" and one["op"] in ("reserve", "debit"):
            self.holds.append(key)
        return self.book.operation(**one, key=key, key_is_id=kind == "id", request=1)

    def told(self, results: list[Result]) -> list[dict[str, Any]]:
        lots: dict[UUID | None, int | None] = {None: None}
        lots |= {lot: number for number, lot in enumerate(self.book.lots())}
        return [_without_names(result, lots) for result in results]

    def story(self) -> tuple[Any, ...]:
        """What there is now, and how it came."""
        lots = self.book.lots()
        numbers: dict[UUID | None, int] = {lot: number for number, lot in enumerate(lots)}
        moves = [(*move[:-1], numbers.get(move[-1])) for move in self.book.transfers()]
        return list(lots.values()), moves, sorted(self.book.events())


def _without_names(result: Result, lots: dict[UUID | None, int | None]) -> dict[str, Any]:
    """All that does not differ between two customers who were asked the same."""
    columns = {name: getattr(result, name) for name in result.__struct_fields__}
    named = {name: columns.pop(name) for name in NAMED}
    columns["named"] = [name for name in NAMED if named[name] is not None]
    columns["lots"] = named["lots"] and [lots[lot] for lot in named["lots"]]
    return columns


some_cases = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@some_cases
@given(asked=lists)
def test_a_list_equals_the_same_operations_one_by_one(asked):
    together, apart = Twin(asked), Twin(asked)
    at_once = services.apply(together.operations)
    in_turn = [services.apply([operation])[0] for operation in apart.operations]
    assert together.told(at_once) == apart.told(in_turn)
    assert together.story() == apart.story()


@some_cases
@given(asked=st.lists(lists, min_size=2, max_size=3), chance=st.randoms(use_true_random=False))
def test_a_gathered_call_equals_the_same_calls_alone(asked, chance):
    gathered, alone = [Twin(one) for one in asked], [Twin(one) for one in asked]
    turns = [number for number, one in enumerate(asked) for _ in one]
    chance.shuffle(turns)
    waiting = [iter(twin.operations) for twin in gathered]
    results = services.apply([next(waiting[turn]) for turn in turns])
    for number, (twin, other) in enumerate(zip(gathered, alone, strict=True)):
        own = [result for turn, result in zip(turns, results, strict=True) if turn == number]
        assert twin.told(own) == other.told(services.apply(other.operations))
        assert twin.story() == other.story()


def test_a_repeated_key_in_a_list_is_a_replay_of_its_first(book):
    one = book.operation("debit", amount=40, key=uuid7(), key_is_id=True, request=1)
    first, again = services.apply([one, one])
    assert (again.replayed, again.reservation_id) == (True, first.reservation_id)
    assert book.refresh().available == 60


def test_a_refusal_leaves_its_neighbours_untouched(book):
    asked = [book.operation("debit", amount=amount) for amount in (60, 60, 40)]
    assert [result.code for result in services.apply(asked)] == ["ok", "insufficient-credits", "ok"]


def test_a_locked_wallet_is_busy_and_its_neighbours_do_not_wait_for_it(book):
    other = Book.funded(100)
    asked = [one.operation("debit", amount=1) for one in (book, other)]
    with transaction.atomic(using="owner"), connection.cursor() as cursor:
        _lock(book)
        cursor.execute(APPLY, [encode(asked), False])
        assert [Result(*row).code for row in cursor.fetchall()] == ["busy", "ok"]


def _lock(book: Book) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "select from ledger_wallet where customer_id = %s for update", [book.customer_id]
        )


def test_the_customer_may_be_named_beside_his_operations(book):
    """As Citus distributes it: the first argument names the shard."""
    asked = json.dumps([{"op": "debit", "amount": 40}, {"op": "debit", "amount": 1}])
    with connection.cursor() as cursor:
        cursor.execute("select * from ledger_apply(%s::uuid, %s::json)", [book.customer_id, asked])
        assert [Result(*row).available for row in cursor.fetchall()] == [60, 59]


def test_a_customer_without_a_wallet_is_told_apart(book):
    asked = [Book.new().operation("debit", amount=1), book.operation("debit", amount=1)]
    with connection.cursor() as cursor:
        cursor.execute(APPLY, [encode(asked), True])
        assert [Result(*row).code for row in cursor.fetchall()] == ["no-wallet", "ok"]
