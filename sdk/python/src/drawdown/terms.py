"""What may be said of an operation, by name."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TypedDict

from drawdown.amounts import Credits
from drawdown.operations import Outcome, Overrun, Quantity


class DebitTerms(TypedDict, total=False):
    api_key: str | None  # in place of the customer: the key that its program presented
    method: str  # with path, in place of the endpoint
    path: str
    quantity: Quantity
    amount: Credits  # exactly so many credits (scope debits:amount)
    metadata: Mapping[str, str]
    key: str  # an idempotency key of your own


class ReserveTerms(DebitTerms, total=False):
    expires_in: timedelta
    overrun: Overrun


class CommitTerms(TypedDict, total=False):
    amount: Credits
    quantity: Quantity
    outcome: Outcome
    status_code: int
    final: bool
    key: str
