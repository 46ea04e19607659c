"""The core and the model, asked the same, answer the same."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any, Literal
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from pytest_django import DjangoDbBlocker

from accounts.ids import uuid7
from accounts.models import Customer
from ledger import checks, limits, services, wallets
from ledger.errors import Refused as CoreRefused
from ledger.limits import Limit
from ledger.models import Price
from ledger.operations import Operation, Result
from ledger.prices import rate_cards
from ledger.wallets import Watched
from tests.factories.ledger import Book, Clock
from tests.ledger.core.model import (
    DAY,
    FOREVER,
    Answer,
    Cap,
    Refused,
    Reservation,
    Rule,
    Wallet,
)

COLUMNS = (
    *("code", "state", "amount", "committed", "released", "uncollected", "lots", "lot_amounts"),
    *("available", "held", "frozen", "required", "reversed"),
)
# The model's clock stands still between moves and the database's goes on: instants that are
# compared are half an HOUR apart, so that the seconds which a case takes do not matter.
HOUR = 3600
LIVES = [HOUR * n + HOUR // 2 for n in (1, 2, 5, 30)]
OTHER_REQUEST = 99

ZONES = ("Asia/Kathmandu", "America/New_York")
PURPOSES = ("alert", "top_up")
TOLD = """
    select array_agg(kind order by id) from ledger_event
    where customer_id = %s and kind in ('balance.low', 'top_up.needed', 'balance.recovered')
    group by subject, data->>'purpose' having data->>'purpose' <> 'dry'
"""
MONEY = {"unit": "USD", "debit": "1100", "credit": "1000", "amount": 7}

amounts = st.integers(0, 12)
some = st.integers(1, 12)
RULE = Rule(3, ((10, 2), (30, 1), (FOREVER, 3)))
RULE_SENT = {
    "per_call": 0,
    "minimum": None,
    "maximum": None,
    "units": [
        {
            "name": "tokens",
            "size": 1,
            "amount": 0,
            "free": "3",
            "mode": "graduated",
            "tiers": [
                {"up_to": "10", "amount": 2},
                {"up_to": "30", "amount": 1},
                {"up_to": None, "amount": 3},
            ],
        }
    ],
}
subjects = st.none() | st.integers(0, 1)
which = st.integers(0, 1)
index = st.integers(0, 3)
# A key is the row's id, or it is not: because it is a hash, or because it was not made about now.
keys = st.sampled_from(["none", "id", "hash", "late"])


def an(op: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An operation before its names are known: reservations and lots are numbers."""
    return st.fixed_dictionaries({"op": st.just(op), "wallet": which, "key": keys, **fields})


holding = an(
    "reserve",
    amount=amounts,
    api_key=subjects,
    endpoint=subjects,
    tokens=st.sampled_from([None, None, 0, 2, 7, 11]),
    expires_in=st.sampled_from(LIVES),
    overrun=st.sampled_from(["reject", "cap", "available"]),
)
settling = (
    an(
        "commit",
        of=index,
        amount=st.none() | amounts,
        final=st.booleans(),
        tokens=st.sampled_from([None, None, 0, 3, 8]),
        percent=st.sampled_from([None, None, None, 33, 50]),
    )
    | an("release", of=index)
    | an("extend", of=index, expires_in=st.sampled_from([*LIVES, DAY + HOUR // 2]))
    | an("reverse", of=index, amount=st.none() | amounts)
)
granting = an(
    "grant",
    amount=st.integers(1, 40),
    kind=st.sampled_from(["promo", "paid", "goodwill"]),
    priority=st.sampled_from([50, 100]),
    life=st.sampled_from([None, None, -HOUR, 2 * HOUR, 5 * HOUR, DAY]),
)
correcting = (
    an(
        "adjust",
        amount=some,
        lot=st.none() | index,
        frozen=st.none() | amounts,
        cause=st.sampled_from(["void", "refund", "dispute"]),
    )
    | an("restore", amount=some, lot=index)
    | an("post")
    | an("freeze", amount=some, lot=st.none() | index)
    | an("unfreeze", amount=some, lot=st.none() | index)
    | an("limit", amount=amounts)
    | an("refresh")
)
retrying = st.fixed_dictionaries(
    {"op": st.just("retry"), "nth": st.integers(0, 20), "request": st.sampled_from([1, 1, 1, 99])}
)
debiting = an(
    "debit",
    amount=amounts,
    api_key=subjects,
    endpoint=subjects,
    tokens=st.sampled_from([None, None, 0, 2, 7, 11]),
)
a_cap = st.builds(
    lambda scope, kind, subject, period, hard: Cap(
        *(scope, kind, None if scope == "customer" else subject),
        *(period if kind == "spend" else None, hard),
    ),
    st.sampled_from(["customer", "key", "endpoint"]),
    st.sampled_from(["spend", "spend", "spend", "holds", "largest"]),
    st.integers(0, 1),
    st.sampled_from(["day", "month", "lifetime"]),
    st.integers(0, 60),
)
each_key = st.builds(
    lambda period, hard: Cap("key", "spend", None, period, hard),
    st.sampled_from(["day", "month", "lifetime"]),
    st.integers(5, 60),
)
caps = st.lists(a_cap | a_cap | each_key, max_size=5, unique_by=lambda cap: cap[:4])
operations = st.one_of(
    *[holding] * 4,
    *[settling] * 3,
    *[debiting] * 2,
    granting,
    correcting,
    retrying,
    retrying,
)


class CoreMachine(RuleBasedStateMachine):
    """Two customers, whose operations travel in mixed lists."""

    @initialize(
        grants=st.lists(granting, min_size=2, max_size=4),
        holds=st.lists(holding, min_size=1, max_size=4),
    )
    def fund(self, grants: list[dict[str, Any]], holds: list[dict[str, Any]]) -> None:
        self.clock = Clock()
        self.clock.reset()
        # Half past: no day begins within the seconds that a case takes.
        now = self.clock.now()
        self.clock.forward((30 * 60 - now.minute * 60 - now.second) % HOUR)
        self.start = self.clock.now()
        self.now = 0
        self.books = [Book.new(), Book.new()]
        self.wallets = [Wallet(starts=partial(self._starts, zone)) for zone in ZONES]
        for book, zone in zip(self.books, ZONES, strict=True):
            Customer.objects.filter(id=book.customer_id).update(time_zone=zone)
        self.keys = [uuid4(), uuid4()]
        self.prices = list(Price.objects.filter(rate_card__name="model").order_by("id"))
        self.made: list[list[tuple[UUID, Reservation]]] = [[], []]
        self.answered: list[tuple[Operation, Answer, Result]] = []
        self.lot_ids: list[dict[UUID | None, int | None]] = [{}, {}]
        self.send(grants + holds)

    @rule(asked=operations)
    def send_one(self, asked: dict[str, Any]) -> None:
        self.send([asked])

    @rule(asked=st.lists(operations, min_size=2, max_size=6))
    def send(self, asked: list[dict[str, Any]]) -> None:
        sent = [one for spec in asked if (one := self._decide(dict(spec)))]
        results = services.apply([operation for operation, _, _ in sent])
        assert [result.ord for result in results] == list(range(1, len(sent) + 1))
        self._learn_lots()
        for (operation, expected, reservation), result in zip(sent, results, strict=True):
            self._compare(operation, expected, result)
            if reservation and not result.replayed:
                self._name(operation, reservation, result)
        self._compare_wallets()

    @rule(hours=st.sampled_from([1, 1, 2, 3, 10, 24, 6 * 24]))
    def wait(self, hours: int) -> None:
        self.clock.forward(hours * HOUR)
        self.now += hours * HOUR

    @rule(giver=which, amount=some, lot=st.none() | index)
    def move(self, giver: int, amount: int, lot: int | None) -> None:
        here, there = self.wallets[giver], self.wallets[1 - giver]
        lot_id = self._lot_id(giver, lot)
        try:
            expected = {"code": "ok"} | here.move_to(
                there, self.now, amount, self.lot_ids[giver].get(lot_id)
            )
        except Refused as refused:
            expected = refused.answer
        try:
            ids = [book.customer_id for book in self.books]
            result = services.move(ids[giver], ids[1 - giver], amount=amount, lot_id=lot_id)
        except CoreRefused as refused:
            result = refused.result
        self._learn_lots()
        self._compare(self.books[giver].operation("move", amount=amount), expected, result)
        self._compare_wallets()

    @rule(whose=which, levels=st.lists(some, max_size=3), purpose=st.sampled_from(PURPOSES))
    def watch(self, whose: int, levels: list[int], purpose: Literal["alert", "top_up"]) -> None:
        thresholds = [Watched(uuid4(), "credits", level) for level in levels]
        wallets.watch(self.books[whose].customer_id, purpose=purpose, thresholds=thresholds)
        # That lets expire what is due, as the model does when it is asked.
        self.wallets[whose].settle(self.now)

    @rule(whose=which, source=st.sampled_from(["plan", "provider", "customer"]), given=caps)
    def cap(self, whose: int, source: limits.Source, given: list[Cap]) -> None:
        wallet = self.wallets[whose]
        wallet.settle(self.now)
        try:
            wallet.set_caps(self.now, source, given)
            expected = "ok"
        except Refused as refused:
            expected = refused.answer["code"]
        try:
            limits.set_limits(
                self.books[whose].customer_id, source, [self._limit(one) for one in given]
            )
            code = "ok"
        except CoreRefused as refused:
            code = refused.code
        assert code == expected, given
        self._compare_wallets()

    @rule(whose=which, charge=st.booleans())
    def charge_late(self, whose: int, charge: bool) -> None:
        wallets.set_late_commit(self.books[whose].customer_id, charge=charge)
        self.wallets[whose].settle(self.now)
        self.wallets[whose].late = charge

    def _limit(self, cap: Cap) -> Limit:
        subject: Any = cap.subject
        if subject is not None:
            is_key = cap.scope == "key"
            subject = self.keys[subject] if is_key else self.prices[subject].endpoint_id
        return Limit(cap.scope, cap.kind, subject, cap.period, cap.hard)

    def _starts(self, zone: str, period: str, now: float) -> float:
        if period not in ("day", "month"):
            return -FOREVER
        there = (self.start + timedelta(seconds=now)).astimezone(ZoneInfo(zone))
        begins = there.replace(hour=0, minute=0, second=0, microsecond=0)
        if period == "month":
            begins = begins.replace(day=1)
        return (begins.astimezone(UTC) - self.start).total_seconds()

    def teardown(self) -> None:
        if hasattr(self, "books"):
            customers = [book.customer_id for book in self.books]
            broken = [finding for finding in checks.run(connection, customers) if finding.broken]
            assert not broken
            for customer_id in customers:
                self._check_told(customer_id)

    def _check_told(self, customer_id: UUID) -> None:
        """Of each threshold: that it was crossed, that it recovered, in turns."""
        with connection.cursor() as cursor:
            cursor.execute(TOLD, [customer_id])
            for (kinds,) in cursor.fetchall():
                assert all(one != other for one, other in pairwise(kinds))

    # From what Hypothesis chose to an operation, and what the model says to it.

    def _decide(self, spec: dict[str, Any]) -> tuple[Operation, Answer, Reservation | None] | None:
        if spec["op"] == "retry":
            return self._decide_retry(spec["nth"], spec["request"])
        number, key = spec.pop("wallet"), spec.pop("key")
        fields = self._fields(number, spec)
        if spec["op"] == "restore" and fields["amount"] > self._refunded(number, fields["detail"]):
            return None
        operation = self.books[number].operation(**fields, **_key(key, spec["op"]))
        wallet = self.wallets[number]
        wallet.settle(self.now)
        try:
            reservation, answer = self._ask_model(number, wallet, operation)
            expected = {"code": "ok"} | answer
        except Refused as refused:
            return operation, refused.answer, None
        if reservation and operation.key_is_id and operation.key:
            self.made[number].append((operation.key, reservation))
        return operation, expected, reservation

    def _decide_retry(
        self, nth: int, request: int
    ) -> tuple[Operation, Answer, Reservation | None] | None:
        if not self.answered:
            return None
        operation, expected, first = self.answered[nth % len(self.answered)]
        is_uuid7 = operation.key is not None and operation.key.version == 7
        again = _changed(operation, request=request, key_is_id=is_uuid7 and nth % 2 == 0)
        if request == OTHER_REQUEST:
            return again, {"code": "idempotency-key-reused"}, None
        return again, expected | {"first": first}, None

    def _fields(self, number: int, spec: dict[str, Any]) -> dict[str, Any]:
        fields = dict(spec)
        if "of" in spec:
            made = self.made[number]
            of = fields.pop("of")
            fields["reservation_id"] = made[-1 - of % len(made)][0] if made else uuid7()
        tokens = fields.pop("tokens", None)
        if spec["op"] in ("reserve", "debit"):
            self._pay(fields, tokens)
        elif spec["op"] == "commit":
            self._settle(number, fields, tokens)
        if spec["op"] == "grant":
            fields["detail"] = self._grant_detail(fields)
        elif "lot" in spec:
            lot_id = self._lot_id(number, fields.pop("lot"))
            said = {"lot": lot_id, "frozen": fields.pop("frozen", None)}
            said["cause"] = fields.pop("cause", None)
            fields["detail"] = {name: value for name, value in said.items() if value is not None}
        elif spec["op"] == "post":
            fields["detail"] = {"kind": "dispute", "money": [MONEY]}
        return fields

    def _pay(self, fields: dict[str, Any], tokens: int | None) -> None:
        key, endpoint = fields.pop("api_key"), fields.pop("endpoint")
        fields["api_key_id"] = None if key is None else self.keys[key]
        fields["price_id"] = None if endpoint is None else self.prices[endpoint].id
        if tokens is not None and endpoint is not None:
            # The odd ones say their amount, which wins over the price.
            fields["amount"] = fields["amount"] if tokens == 11 else None
            fields |= {"rule": RULE_SENT, "quantities": {"tokens": str(tokens)}}

    def _settle(self, number: int, fields: dict[str, Any], tokens: int | None) -> None:
        if fields["amount"] is not None:
            fields["percent"] = None
        hold = dict(self.made[number]).get(fields["reservation_id"])
        if tokens is not None and hold and hold.rule:
            fields |= {"rule": RULE_SENT, "quantities": {"tokens": str(tokens)}}

    def _grant_detail(self, fields: dict[str, Any]) -> dict[str, Any]:
        life, kind = fields.pop("life"), fields.pop("kind")
        detail = {"kind": kind, "priority": fields.pop("priority")}
        if life is not None:
            detail["expires_at"] = (self.start + self._seconds(life)).isoformat()
        if kind == "paid":
            detail |= {"price": 7, "currency": "USD"}
        return detail

    def _seconds(self, life: int) -> timedelta:
        return timedelta(seconds=self.now + life)

    def _lot_id(self, number: int, lot: int | None) -> UUID | None:
        ids = [lot_id for lot_id in self.lot_ids[number] if lot_id]
        return ids[lot % len(ids)] if lot is not None and ids else None

    def _refunded(self, number: int, detail: dict[str, Any]) -> int:
        seq = self.lot_ids[number].get(detail.get("lot"))
        return sum(lot.refunded for lot in self.wallets[number].lots if lot.seq == seq)

    def _ask_model(
        self, number: int, wallet: Wallet, o: Operation
    ) -> tuple[Reservation | None, Answer]:
        names = dict(self.made[number])
        hold = names.get(o.reservation_id) if o.reservation_id else None
        lot = self.lot_ids[number].get((o.detail or {}).get("lot"))
        now, amount = self.now, o.amount or 0
        tokens = int(o.quantities["tokens"]) if o.quantities else None
        paying: dict[str, Any] = {}
        if o.op in ("reserve", "debit"):
            endpoints = [price.id for price in self.prices]
            paying = {
                "key": self.keys.index(o.api_key_id) if o.api_key_id else None,
                "endpoint": endpoints.index(o.price_id) if o.price_id else None,
                "rule": RULE if o.rule else None,
                "tokens": tokens or 0,
            }
        verbs: dict[str, Callable[[], Any]] = {
            "reserve": lambda: wallet.reserve(
                now, o.amount, o.expires_in or 0, o.overrun or "", **paying
            ),
            "debit": lambda: wallet.debit(now, o.amount, **paying),
            "commit": lambda: (
                None,
                wallet.commit(hold, now, o.amount, bool(o.final), tokens, o.percent),
            ),
            "release": lambda: (None, wallet.release(hold, now)),
            "extend": lambda: (None, wallet.extend(hold, now, o.expires_in or 0)),
            "reverse": lambda: (None, wallet.reverse(hold, now, o.amount)),
            "grant": lambda: (None, self._grant(wallet, o)),
            "adjust": lambda: (None, self._adjust(wallet, o, lot)),
            "restore": lambda: (None, wallet.restore(now, amount, lot)),
            "post": lambda: (None, wallet.post()),
            "freeze": lambda: (None, wallet.freeze(now, amount, lot)),
            "unfreeze": lambda: (None, wallet.unfreeze(now, amount, lot)),
            "limit": lambda: (None, wallet.limit(amount)),
            "refresh": lambda: (None, wallet.balances()),
        }
        return verbs[o.op]()

    def _grant(self, wallet: Wallet, o: Operation) -> Answer:
        detail = o.detail or {}
        expires = FOREVER
        if "expires_at" in detail:
            expires = (datetime.fromisoformat(detail["expires_at"]) - self.start).total_seconds()
        return wallet.grant(self.now, o.amount or 0, detail["kind"], detail["priority"], expires)

    def _adjust(self, wallet: Wallet, o: Operation, lot: int | None) -> Answer:
        detail = o.detail or {}
        return wallet.adjust(self.now, o.amount or 0, lot, detail.get("frozen", 0), detail["cause"])

    # What the core said to it.

    def _compare(self, operation: Operation, expected: Answer, result: Result) -> None:
        number = [book.customer_id for book in self.books].index(operation.customer_id)
        first = expected.pop("first", None)
        if first is not None:
            assert _told(result) == _told(first), operation
            assert result.replayed
            return
        assert not result.replayed
        got = {name: getattr(result, name) for name in COLUMNS}
        got["lots"] = result.lots and [self.lot_ids[number][lot] for lot in result.lots]
        for name, value in expected.items():
            told = got[name] or [] if name in ("lots", "lot_amounts") else got[name]
            assert told == value, (name, operation, expected, result)
        if result.ok and operation.key and operation.op != "refresh":
            self.answered.append((operation, dict(expected), result))

    def _name(self, operation: Operation, reservation: Reservation, result: Result) -> None:
        number = [book.customer_id for book in self.books].index(operation.customer_id)
        assert result.reservation_id
        if operation.key_is_id:
            assert result.reservation_id == operation.key
        else:
            self.made[number].append((result.reservation_id, reservation))

    def _learn_lots(self) -> None:
        for known, book in zip(self.lot_ids, self.books, strict=True):
            known |= {lot: seq for seq, lot in enumerate(book.lots(), start=1)} | {None: None}

    def _compare_wallets(self) -> None:
        for book, wallet in zip(self.books, self.wallets, strict=True):
            with connection.cursor() as cursor:
                cursor.execute(COUNTERS, [book.customer_id])
                counters = [json.loads(row[0]) for row in cursor.fetchall()]
            lots = [[lot.remaining, lot.held, lot.frozen] for lot in wallet.lots]
            own = [wallet.balance, wallet.held, wallet.frozen, wallet.debt]
            own += [wallet.credit_limit, wallet.version]
            assert counters in ([], [own, *lots])


# Without the transactions in which usage became revenue: the model knows no money.
COUNTERS = """
    with of as (select %s::uuid as customer_id)
    select jsonb_build_array(balance, held, frozen, debt, credit_limit, version - (
            select count(distinct t.version) from ledger_transfer t
            where t.customer_id = of.customer_id and t.kind like 'usage%%')), 0 as seq
    from of join ledger_wallet using (customer_id)
    union all
    select jsonb_build_array(remaining, held, frozen), seq
    from of join ledger_lot_state using (customer_id)
    order by seq
"""


def _key(kind: str, op: str) -> dict[str, Any]:
    if kind == "none" or op == "refresh":
        return {}
    return {"key": uuid4() if kind == "hash" else uuid7(), "key_is_id": kind == "id", "request": 1}


def _changed(operation: Operation, **changes: Any) -> Operation:
    fields = {name: getattr(operation, name) for name in operation.__struct_fields__}
    return Operation(**fields | changes)


def _told(result: Result) -> dict[str, Any]:
    names = [name for name in result.__struct_fields__ if name not in ("ord", "replayed", "told")]
    return {name: getattr(result, name) for name in names}


SHORT = settings(
    max_examples=80,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)


@pytest.fixture(scope="module", autouse=True)
def _prices(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    with django_db_blocker.unblock():
        if Price.objects.filter(rate_card__name="model").exists():
            return
        card = rate_cards.create_card(name="model", effective_at=datetime(2020, 1, 1, tzinfo=UTC))
        for code in ("model-a", "model-b"):
            endpoint = rate_cards.create_endpoint(code=code, name=code)
            rate_cards.set_price(card, endpoint, per_call=1)


def test_the_core_does_what_the_model_does() -> None:
    run_state_machine_as_test(CoreMachine, settings=SHORT)


@pytest.mark.soak
def test_the_core_does_what_the_model_does_in_3_000_cases() -> None:
    run_state_machine_as_test(CoreMachine, settings=settings(SHORT, max_examples=3_000))


@pytest.mark.soak
def test_the_core_does_what_the_model_does_in_20_000_cases() -> None:
    run_state_machine_as_test(CoreMachine, settings=settings(SHORT, max_examples=20_000))
