"""How a hold around some work ends. What the two kinds of client share."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from drawdown import amounts, operations
from drawdown.amounts import Credits
from drawdown.answers import Reservation
from drawdown.errors import Conflict, DrawdownError, Missing, Problem
from drawdown.operations import Operation, Outcome, Quantity

# The service's own length of a hold.
LENGTH: Final = timedelta(seconds=900)
# It is extended when so much of its time is over, which leaves time to try again.
EXTENDED_AT: Final = 0.5
FAILED_FROM: Final = 400


@dataclass(slots=True)
class Settlement:
    """What the end of the work will commit: nothing said is the whole hold."""

    amount: Credits | None = None
    quantity: Quantity | None = None
    outcome: Outcome | None = None
    status_code: int | None = None

    def is_plain(self) -> bool:
        """Whether the whole price is what it costs: it was done, and nothing more is said."""
        failed = self.status_code is not None and self.status_code >= FAILED_FROM
        is_done = self.outcome in (None, "success") and not failed
        return is_done and self.amount is None and self.quantity is None

    def told(self) -> dict[str, Any]:
        """As a usage event has it. Raises as `amounts.text` does."""
        said = {name: value for name, value in self.fields().items() if value is not None}
        return said if self.amount is None else said | {"amount": amounts.text(self.amount)}

    def fields(self) -> dict[str, Any]:
        return {
            "amount": self.amount,
            "quantity": self.quantity,
            "outcome": self.outcome,
            "status_code": self.status_code,
        }


@dataclass(slots=True)
class Hold:
    """Credits that wait for the end of some work."""

    operation: Operation | None
    reservation: Reservation | None
    length: timedelta = LENGTH
    settlement: Settlement = field(default_factory=Settlement)
    settled: Reservation | None = None
    # None but where Drawdown was unreachable, and the policy let the work begin all the same.
    offline: Any = None
    # None but where a lease pays for it: the block that does.
    block: Any = None
    has_ended: bool = False

    @property
    def id(self) -> str | None:
        return self.reservation.id if self.reservation else None

    @property
    def customer(self) -> str | None:
        """Who pays, as the service found by the key."""
        known = self.reservation or self.offline or self.block
        return known.customer if known else None

    def use(
        self,
        *,
        amount: Credits | None = None,
        quantity: Quantity | None = None,
        outcome: Outcome | None = None,
        status_code: int | None = None,
    ) -> None:
        """What the work came to, for the commit at its end. Raises TypeError and ValueError for
        what no commit can say."""
        settlement = Settlement(amount, quantity, outcome, status_code)
        json.dumps(settlement.told())
        self.settlement = settlement

    def answered(self, status_code: int) -> None:
        """The outcome of an HTTP request, where the work did not say one itself."""
        if self.settlement.outcome is None and self.settlement.status_code is None:
            self.settlement.status_code = status_code

    def commits(self) -> Operation:
        assert self.reservation is not None
        return operations.commit(self.reservation.id, **self.settlement.fields())

    def releases(self) -> Operation:
        assert self.reservation is not None
        return operations.release(self.reservation.id)

    def extends(self) -> Operation:
        assert self.reservation is not None
        return operations.extend(self.reservation.id, expires_in=self.length)

    def extend_after(self) -> float:
        """Seconds."""
        return self.length.total_seconds() * EXTENDED_AT


def is_refused(error: DrawdownError) -> bool:
    """Whether the commit that it answers was not done, nor will be, and the hold still stands."""
    if not isinstance(error, Problem) or isinstance(error, Conflict | Missing):
        return False
    return not error.should_retry
