"""A company with as many calls as wanted over the last days, each made by the core itself at its
time: the ledger's clock begins so long ago, and goes on with every list of calls."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from random import Random
from typing import Any, Final, NamedTuple

from django.db import connections

from accounts.models import Customer, Member
from ledger import marks, services, usage_sums
from ledger.amounts import CREDIT
from ledger.operations import Operation, Result
from ledger.prices import rate_cards
from ledger.prices.pricing import OUTCOMES
from tests.factories.accounts import ApiKeyFactory, MemberFactory
from tests.factories.billing import bought, new_pack
from tests.factories.ledger import Clock

# One in so many is held first and ends in some way; the others are debits.
HELD: Final = 10
LOTS: Final = 40
PURCHASES: Final = 30


class Calls(NamedTuple):
    total: int
    days: int
    at_once: int  # of one instant


class Company:
    def __init__(self, calls: Calls) -> None:
        self.random = Random(1)
        self.clock = Clock()
        span = timedelta(days=calls.days)
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "select ledger_make_partitions(ledger_now() - %s, ledger_now())",
                [span + timedelta(days=32)],
            )
        self.clock.forward(-span.total_seconds())
        self.member: Member = MemberFactory(customer__name="A million calls")
        self.keys = [ApiKeyFactory(customer=self.customer, name=f"key {n}").key for n in range(5)]
        self.prices = _prices()
        self._fund(calls.total)
        lists = calls.total // calls.at_once
        for _ in range(lists):
            self._call(calls.at_once)
            self.clock.forward(span.total_seconds() / lists)
        self._buy()

    @property
    def customer(self) -> Customer:
        return self.member.customer

    def _fund(self, calls: int) -> None:
        """A call costs four credits at most. Lots are used one after the other."""
        for number in range(LOTS):
            services.grant(
                self.customer.id,
                amount=(calls * 5 // LOTS + 1000) * CREDIT,
                kind="promo",
                expires_at=self.clock.after((number + 60) * 86_400),
                reason=f"Lot {number}",
            )

    def _buy(self) -> None:
        """Today, when packs are on sale."""
        pack = new_pack(1000, "100.00")
        for _ in range(PURCHASES):
            bought(self.customer, pack)

    def _call(self, number: int) -> None:
        held = number // HELD
        made = self._do(self._operations(["reserve"] * held + ["debit"] * (number - held)))
        self._do(self._ends(islice(made, held)))

    def _operations(self, ops: list[str]) -> Iterator[Operation]:
        for op in ops:
            yield Operation(
                op=op,
                customer_id=self.customer.id,
                amount=self.random.randint(1, 4 * CREDIT),
                price_id=self.random.choice(self.prices),
                api_key_id=self.random.choice(self.keys).id,
                request_id=f"req_{self.random.getrandbits(64):016x}",
                **({"expires_in": 900} if op == "reserve" else {}),
            )

    def _ends(self, made: Iterator[Result]) -> Iterator[Operation]:
        for number, one in enumerate(made):
            how: dict[str, Any] = {"op": "release"}
            if number % 10:
                how = {"op": "commit", "outcome": self.random.choice(list(OUTCOMES))}
            yield Operation(customer_id=self.customer.id, reservation_id=one.reservation_id, **how)

    def _do(self, operations: Iterator[Operation]) -> list[Result]:
        asked = list(operations)
        results = services.apply(asked) if asked else []
        refused = [one for one in results if not one.ok]
        assert not refused, refused[0]
        return results


def analyze() -> None:
    """As autovacuum does, sooner or later."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("analyze")


def add_up(step: int = marks.STEP) -> None:
    """What jobs in the background add up for the pages, with a mark at so many versions."""
    while usage_sums.advance(seconds=60):
        pass
    marks.write_all(step)


def _prices() -> list[int]:
    card = rate_cards.create_card(name="speed", effective_at=Clock().now())
    endpoints = [rate_cards.create_endpoint(code=f"speed-{n}", name=f"Speed {n}") for n in range(6)]
    made = [rate_cards.set_price(card, one, per_call=CREDIT).id for one in endpoints]
    rate_cards.publish(card)
    return made
