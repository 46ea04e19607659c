"""What a service does around one of its customer's calls: hold, work, settle, in many ways."""

import random
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

WORK_SECONDS = 0.005
SHORT = (1, 3)  # seconds, of holds that are left to expire


class Reply(NamedTuple):
    status: int
    body: Any


@dataclass
class Step:
    """One request; `reply` is there once it is answered."""

    customer: str
    path: str
    body: dict[str, Any]
    reply: Reply = field(default=Reply(0, None))


# Each step is answered before the next is made.
Steps = Generator[Step, None, None]
Held = Generator[Step, None, dict[str, Any] | None]


def first_grants(chance: random.Random, customer: str, *, is_poor: bool) -> Iterator[Step]:
    """A poor customer runs dry."""
    path = f"/customers/{customer}/grants"
    if is_poor:
        yield Step(customer, path, {"amount": "60.5", "kind": "goodwill"})
        return
    price = {"amount": f"{chance.randint(10, 99)}.{chance.randint(0, 99):02}", "currency": "USD"}
    yield Step(customer, path, {"amount": "500000", "kind": "paid", "price": price})
    for _ in range(chance.randint(0, 3)):
        amount = f"{chance.randint(1, 90)}.{chance.randint(0, 999_999):06}"
        priority = chance.choice([50, 100])
        yield Step(customer, path, {"amount": amount, "kind": "promo", "priority": priority})


class Scenarios:
    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._ways = {
            self._commit_all: 30,
            self._commit_less: 22,
            self._release: 9,
            self._leave: 7,
            self._debit: 9,
            self._batch: 7,
            self._overrun: 5,
            self._in_parts: 5,
            self._reverse: 4,
            self._extend: 2,
        }

    def one(self, customer: str) -> Steps:
        (way,) = self._chance.choices(list(self._ways), list(self._ways.values()))
        return way(customer)

    def _commit_all(self, customer: str) -> Steps:
        hold = yield from self._held(customer)
        if hold:
            body = self._chance.choice([{}, {}, {"outcome": "success"}, {"status_code": 200}])
            yield self._settling(hold, "commit", body)

    def _commit_less(self, customer: str) -> Steps:
        hold = yield from self._held(customer)
        if hold:
            yield self._settling(hold, "commit", self._less(hold))

    def _release(self, customer: str) -> Steps:
        hold = yield from self._held(customer)
        if hold:
            yield self._settling(hold, "release", {})

    def _leave(self, customer: str) -> Steps:
        yield from self._held(customer, expires_in=self._chance.randint(*SHORT))

    def _debit(self, customer: str) -> Steps:
        yield Step(customer, "/debits", {"customer": customer} | self._call())

    def _overrun(self, customer: str) -> Steps:
        hold = yield from self._held(
            customer, overrun=self._chance.choice(["reject", "cap", "available"])
        )
        if hold:
            more = f"{hold['amount'].split('.')[0]}9.5"
            yield self._settling(hold, "commit", {"amount": more})
            yield self._settling(hold, "release", {})

    def _in_parts(self, customer: str) -> Steps:
        hold = yield from self._held(customer)
        if hold:
            yield self._settling(hold, "commit", {"amount": "0.3", "final": False})
            yield self._settling(hold, "commit", {"amount": "0.2", "final": False})
            verb = self._chance.choice(["commit", "release"])
            yield self._settling(hold, verb, {})

    def _reverse(self, customer: str) -> Steps:
        hold = yield from self._held(customer)
        if hold:
            yield self._settling(hold, "commit", {})
            amount = self._chance.choice([{}, {"amount": "0.25"}])
            yield self._settling(hold, "reverse", {"reason": "Wrong answer"} | amount)

    def _extend(self, customer: str) -> Steps:
        hold = yield from self._held(customer)
        if hold:
            yield self._settling(hold, "extend", {"expires_in": 3600})
            yield self._settling(hold, "commit", {})

    def _batch(self, customer: str) -> Steps:
        """Among others: a reservation to settle, and a key that is sent twice."""
        hold = yield from self._held(customer)
        operations = [self._item("debit", customer) for _ in range(self._chance.randint(1, 4))]
        operations.append(self._item("reserve", customer) | {"expires_in": SHORT[0]})
        if hold:
            verb = self._chance.choice(["commit", "release"])
            operations.append({"op": verb, "reservation": hold["id"]} | self._key())
        operations.append(self._chance.choice(operations))
        yield Step(customer, "/batch", {"operations": operations})

    def _held(self, customer: str, **fields: Any) -> Held:
        """The reservation, after the work that it is for; None when it was refused."""
        step = Step(customer, "/reservations", {"customer": customer} | self._call() | fields)
        yield step
        time.sleep(self._chance.random() * WORK_SECONDS)
        return step.reply.body if step.reply.status == 201 else None

    def _call(self) -> dict[str, Any]:
        """What the customer asked for, by name, by path or with an amount."""
        return self._chance.choice(
            [
                {"endpoint": "classify"},
                {"endpoint": "summarize"},
                {"endpoint": "extract-pdf"},
                {"method": "POST", "path": "/v1/files/42/summary"},
                {"endpoint": "generate", "quantity": {"tokens": self._chance.randint(0, 9000)}},
                {"endpoint": "generate", "quantity": self._chance.randint(1, 9000)},
                {"endpoint": "classify", "amount": f"{self._chance.randint(1, 30)}.000125"},
                {"amount": self._chance.randint(0, 30)},
            ]
        )

    def _less(self, hold: dict[str, Any]) -> dict[str, Any]:
        if hold["amount"] == "0":
            return {"amount": 0}
        if hold["endpoint"] == "generate" and self._chance.random() < 0.5:
            return {"quantity": {"tokens": 0}}
        return self._chance.choice(
            [
                {"amount": "0.123456"},
                {"amount": "0"},
                {"amount": "0.5"},
                {"outcome": "server_error"},
            ]
        )

    def _settling(self, hold: dict[str, Any], verb: str, body: dict[str, Any]) -> Step:
        return Step(hold["customer"], f"/reservations/{hold['id']}/{verb}", body)

    def _item(self, op: str, customer: str) -> dict[str, Any]:
        return {"op": op, "customer": customer} | self._call() | self._key()

    def _key(self) -> dict[str, str]:
        return {"idempotency_key": f"item {self._chance.getrandbits(96):024x}"}
