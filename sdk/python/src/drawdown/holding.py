"""How a hold around some work ends. What the two kinds of client share."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from drawdown import operations
from drawdown.amounts import Credits
from drawdown.answers import Reservation
from drawdown.operations import Operation, Outcome, Quantity

# The service's own length of a hold.
LENGTH: Final = timedelta(seconds=900)
# It is extended when so much of its time is over, which leaves time to try again.
EXTENDED_AT: Final = 0.5


@dataclass(slots=True)
class Settlement:
    """What the end of the work will commit: nothing said is the whole hold."""

    amount: Credits | None = None
    quantity: Quantity | None = None
    outcome: Outcome | None = None
    status_code: int | None = None

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

    operation: Operation
    reservation: Reservation | None
    length: timedelta = LENGTH
    settlement: Settlement = field(default_factory=Settlement)
    settled: Reservation | None = None
    # None but where Drawdown was unreachable, and the policy let the work begin all the same.
    offline: Any = None
    has_ended: bool = False

    @property
    def id(self) -> str | None:
        return self.reservation.id if self.reservation else None

    @property
    def customer(self) -> str | None:
        """Who pays, as the service found by the key."""
        if self.reservation:
            return self.reservation.customer
        return self.offline.customer if self.offline else None

    def use(
        self,
        *,
        amount: Credits | None = None,
        quantity: Quantity | None = None,
        outcome: Outcome | None = None,
        status_code: int | None = None,
    ) -> None:
        """What the work came to, for the commit at its end."""
        self.settlement = Settlement(amount, quantity, outcome, status_code)

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
