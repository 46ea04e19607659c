"""What to do when Drawdown is away. By default: nothing is sold (closed). Or open within a
bound: so many credits for each customer, for so many seconds, journaled and posted afterwards."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from time import monotonic
from typing import Any, Final

from drawdown import forks
from drawdown.errors import DrawdownError, OverBound
from drawdown.holding import Hold, Settlement
from drawdown.journal import Entry, Journal
from drawdown.operations import Operation
from drawdown.problems import ReservationExpired

KEYS_KNOWN: Final = 10_000
FLAG: Final = {"drawdown_offline": "true"}


@dataclass(frozen=True, slots=True)
class Open:
    """`costs` says of each endpoint that may be sold meanwhile what a call counts as against the
    bound, in credits; what it is charged is the service's to say. Others stay closed."""

    journal: Journal
    costs: Mapping[str, Decimal]
    credits: Decimal
    seconds: float


@dataclass(slots=True)
class Pass:
    """One call that begins without a hold."""

    customer: str
    endpoint: str
    credits: Decimal
    fields: Mapping[str, Any]  # what was asked for


class Bound:
    """How much of an `Open` is used. For several threads."""

    def __init__(self, policy: Open | None) -> None:
        self.policy = policy
        self._lock = threading.Lock()
        self._away_since: float | None = None
        self._running: dict[str, Decimal] = {}
        self._customers: OrderedDict[bytes, str] = OrderedDict()
        forks.watch(self)

    def begin_anew(self) -> None:
        """In a process that was forked: what was running runs in its parent."""
        self._lock = threading.Lock()
        self._running = {}

    def is_there(self) -> None:
        """Drawdown is: it answered."""
        self._away_since = None

    def answered(self, operation: Operation, customer: str) -> None:
        """Drawdown is there, and said whose key this is."""
        self.is_there()
        key = operation.fields.get("api_key")
        if key is None or self.policy is None:
            return
        with self._lock:
            self._customers[_digest(key)] = customer
            self._customers.move_to_end(_digest(key))
            if len(self._customers) > KEYS_KNOWN:
                self._customers.popitem(last=False)

    def let(self, operation: Operation, error: DrawdownError) -> Pass:
        """That this call begins all the same. Raises the error where Drawdown is there, or the
        policy is closed to it, and OverBound."""
        if not error.is_absence:
            self.is_there()
            raise error
        policy, fields = self.policy, operation.fields
        endpoint = str(fields.get("endpoint", ""))
        cost = policy.costs.get(endpoint) if policy else None
        customer = self._customer(fields)
        if policy is None or cost is None or customer is None:
            raise error
        cost = max(cost, Decimal(fields.get("amount", 0)))
        with self._lock:
            self._check(policy, customer, cost, error)
            self._running[customer] = self._running.get(customer, Decimal(0)) + cost
        return Pass(customer, endpoint, cost, fields)

    def spent(self, passed: Pass, settlement: Settlement) -> Entry:
        """Its work was done: journaled, to be posted when Drawdown is there. Raises as
        `amounts.text` does for what the work says of itself, and sqlite3.Error."""
        assert self.policy is not None
        try:
            return self.policy.journal.write(
                customer=passed.customer,
                endpoint=passed.endpoint,
                credits=passed.credits,
                data=_data(passed.fields, settlement.told()),
            )
        finally:
            self.over(passed)

    def commit_later(self, hold: Hold, commit: Operation, error: DrawdownError) -> None:
        """The work is done, and Drawdown was away or its hold expired meanwhile: the commit is sent
        again until it is answered, or turns into an event. Raises the error where it is another, or
        there is no journal."""
        is_late = error.is_absence or isinstance(error, ReservationExpired)
        if self.policy is None or hold.reservation is None or not is_late:
            raise error
        assert hold.operation is not None
        self.policy.journal.write_commit(
            key=commit.key,
            reservation=hold.reservation.id,
            fields=commit.fields,
            customer=hold.reservation.customer,
            endpoint=hold.reservation.endpoint or "",
            data=_data(hold.operation.fields, commit.fields),
        )

    def over(self, passed: Pass) -> None:
        with self._lock:
            left = self._running.pop(passed.customer, Decimal(0)) - passed.credits
            if left > 0:
                self._running[passed.customer] = left

    def _check(self, policy: Open, customer: str, cost: Decimal, error: DrawdownError) -> None:
        now = monotonic()
        if self._away_since is None:
            self._away_since = now
        if now - self._away_since > policy.seconds:
            raise OverBound(f"Drawdown is away for over {policy.seconds:g} seconds.") from error
        used = policy.journal.owed(customer) + self._running.get(customer, Decimal(0))
        if used + cost > policy.credits:
            raise OverBound(f"{customer} has used {used} of {policy.credits} credits.") from error

    def _customer(self, fields: Mapping[str, Any]) -> str | None:
        if "customer" in fields:
            return str(fields["customer"])
        return self._customers.get(_digest(str(fields["api_key"])))


def _data(asked: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Of an event: what the work came to, or what was asked for where it does not say."""
    says = "quantity" in told or "amount" in told
    kept = {name: asked[name] for name in ("quantity", "amount") if name in asked and not says}
    return {**kept, **told, "metadata": {**asked.get("metadata", {}), **FLAG}}


def _digest(key: str) -> bytes:
    return sha256(key.encode()).digest()
