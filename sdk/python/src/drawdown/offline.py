"""What to do when Drawdown is unreachable. By default: nothing is sold (closed). Or open within a
bound: so many credits for each customer, for so many seconds, journaled and posted afterwards."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from time import monotonic
from typing import Any, Final

from drawdown.errors import OverBound, Unreachable
from drawdown.holding import Hold, Settlement
from drawdown.journal import Entry, Journal, LateCommit
from drawdown.operations import Operation

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
    fields: dict[str, Any] = field(default_factory=dict)


class Bound:
    """How much of an `Open` is used. For several threads."""

    def __init__(self, policy: Open | None) -> None:
        self.policy = policy
        self._lock = threading.Lock()
        self._away_since: float | None = None
        self._running: dict[str, Decimal] = {}
        self._customers: OrderedDict[bytes, str] = OrderedDict()

    def answered(self, operation: Operation, customer: str) -> None:
        """Drawdown is there, and said whose key this is."""
        self._away_since = None
        key = operation.fields.get("api_key")
        if key is None or self.policy is None:
            return
        with self._lock:
            self._customers[_digest(key)] = customer
            self._customers.move_to_end(_digest(key))
            if len(self._customers) > KEYS_KNOWN:
                self._customers.popitem(last=False)

    def let(self, operation: Operation, error: Unreachable) -> Pass:
        """That this call begins all the same. Raises the error where the policy is closed to it,
        and OverBound."""
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
        kept = {name: fields[name] for name in ("quantity", "amount", "metadata") if name in fields}
        return Pass(customer, endpoint, cost, kept)

    def spent(self, passed: Pass, settlement: Settlement) -> Entry:
        """Its work was done: journaled, to be posted when Drawdown is there."""
        assert self.policy is not None
        given = {name: value for name, value in settlement.fields().items() if value is not None}
        if "amount" in given:
            given["amount"] = str(given["amount"])
        metadata = dict(passed.fields.get("metadata", {})) | FLAG
        data = {**passed.fields, **given, "metadata": metadata}
        entry = self.policy.journal.write(
            customer=passed.customer, endpoint=passed.endpoint, credits=passed.credits, data=data
        )
        self.over(passed)
        return entry

    def commit_later(self, hold: Hold, commit: Operation, error: Unreachable) -> None:
        """The work is done and its commit was not answered: it is sent again until it is. Raises
        the error where there is no journal."""
        if self.policy is None or hold.customer is None:
            raise error
        endpoint = (hold.reservation and hold.reservation.endpoint) or ""
        assert commit.reservation is not None
        late = LateCommit(commit.key, commit.reservation, commit.fields, hold.customer, endpoint)
        self.policy.journal.write_commit(late)

    def over(self, passed: Pass) -> None:
        with self._lock:
            self._running[passed.customer] -= passed.credits
            if not self._running[passed.customer]:
                del self._running[passed.customer]

    def _check(self, policy: Open, customer: str, cost: Decimal, error: Unreachable) -> None:
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


def _digest(key: str) -> bytes:
    return sha256(key.encode()).digest()
