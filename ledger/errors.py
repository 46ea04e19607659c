"""What the ledger refuses.

LedgerError
├── Refused          what the core answered; `code` is the core's own
├── UnknownCustomer  not-found
├── MalformedAmount  malformed-amount
├── MalformedMoney   malformed-money
├── CardPublished    rate-card-published
└── CardEmpty        rate-card-empty
"""

from collections.abc import Mapping
from typing import Any

from ledger.operations import Result


class LedgerError(Exception):
    """A refusal: a stable `code`, a sentence, and `members` for the problem document."""

    code: str
    detail: str

    def __init__(self, code: str, detail: str, members: Mapping[str, Any] | None = None) -> None:
        self.code = code
        self.detail = detail
        self.members = dict(members or {})
        super().__init__(f"{code}: {detail}")


class Refused(LedgerError):
    """The core refused one operation; nothing was changed by it."""

    def __init__(self, result: Result) -> None:
        self.result = result
        super().__init__(result.code, _sentence(result))


class UnknownCustomer(LedgerError):
    def __init__(self) -> None:
        super().__init__("not-found", "There is no such customer.")


class MalformedAmount(LedgerError):
    def __init__(self, detail: str = "") -> None:
        super().__init__(
            "malformed-amount",
            detail
            or "An amount of credits is a decimal string with at most six places, or an integer.",
        )


class MalformedMoney(LedgerError):
    def __init__(self, detail: str) -> None:
        super().__init__("malformed-money", detail)


class CardPublished(LedgerError):
    def __init__(self, name: str) -> None:
        super().__init__("rate-card-published", f"Rate card {name} is published: make a new one.")


class CardEmpty(LedgerError):
    def __init__(self, name: str) -> None:
        super().__init__("rate-card-empty", f"Rate card {name} has no prices yet.")


_SENTENCES = {
    "expiry-in-past": "expires_at has passed already: give an instant to come, or none.",
    "unknown-kind": "A lot is paid, bonus, promo, goodwill or adjustment.",
    "price-not-allowed": "Only paid credits have a price.",
    "price-missing": "Paid credits need a price above zero, and its currency.",
    "malformed-money": "A money entry names an account that is not of the chart, or no currency.",
    "malformed-amount": "The amount must be above zero.",
    "unknown-cause": "A reduction needs a cause: void, forfeit, refund, dispute or escheat;"
    " of frozen credits, dispute.",
    "not-frozen": "Less than that is frozen.",
    "not-expired": "Less than that has expired of the lot.",
    "lot-has-ended": "The lot has expired or is used up, or it is not a paid one.",
    "lot-is-paid": "What was paid for is not void: refund it, or let it be forfeited.",
    "period-closed": "That day is in a closed period: post it in the open one.",
    "posting-in-future": "That day is still to come.",
    "balance-too-large": "A wallet holds at most 4 million million credits.",
    "credit-limit-in-use": "The customer owes more than that credit limit already.",
    "not-found": "There is no such object.",
}


def _sentence(result: Result) -> str:
    if result.code == "insufficient-credits":
        return f"It takes {result.required} micro-credits; {result.available} are available."
    return _SENTENCES.get(result.code, "The ledger refused this.")
