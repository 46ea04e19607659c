"""What the ledger refuses.

LedgerError
├── Refused          what the core answered; `code` is the core's own
├── UnknownCustomer  not-found
├── MalformedAmount  malformed-amount
├── MalformedMoney   malformed-money
├── PriceMalformed   price-malformed
├── CapBelowSpent    cap-below-spent
├── CardPublished    rate-card-published
├── CardNotPublished rate-card-not-published
├── CardEmpty        rate-card-empty
├── CardOpen         rate-card-open
├── CardClashes      rate-card-clashes
├── CardLacks        rate-card-lacks-endpoints
├── CardNeeded       rate-card-needed
├── CardNotPinnable  rate-card-not-pinnable
├── PinOverlaps      pin-overlaps
└── PinOver          pin-over
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
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


class CapBelowSpent(LedgerError):
    """A cap would be below what its window has had: `members` name both."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        whose = f" of {members['subject']}" if members["subject"] else ""
        detail = (
            f"{members['used']} credits{whose} are spent or held already, which is more than a cap"
            f" of {members['limit']}: give at least what is used."
        )
        super().__init__("cap-below-spent", detail, members)


class CardPublished(LedgerError):
    def __init__(self, name: str) -> None:
        super().__init__("rate-card-published", f"Rate card {name} is published: make a new one.")


class PriceMalformed(LedgerError):
    def __init__(self, detail: str) -> None:
        super().__init__("price-malformed", detail)


class CardNotPublished(LedgerError):
    def __init__(self, name: str) -> None:
        super().__init__(
            "rate-card-not-published",
            f"Rate card {name} is a draft, or is retired already: this takes a published one.",
        )


class CardClashes(LedgerError):
    def __init__(self, name: str, other: str, effective_at: datetime) -> None:
        super().__init__(
            "rate-card-clashes",
            f"Rate card {other} of the same customers begins on {effective_at:%Y-%m-%d %H:%M} UTC"
            f" too: give {name} another date, or retire {other}.",
        )


class CardLacks(LedgerError):
    """`codes` are those of the endpoints."""

    def __init__(self, name: str, before: str, codes: Sequence[str]) -> None:
        self.codes = list(codes)
        super().__init__(
            "rate-card-lacks-endpoints",
            f"Rate card {name} has no price of {', '.join(codes)}, which {before} before it sells: "
            "give it one, or say that the endpoint is withdrawn.",
        )


class CardNeeded(LedgerError):
    def __init__(self, name: str) -> None:
        super().__init__(
            "rate-card-needed",
            f"Nothing could be called without rate card {name}: publish the next one first.",
        )


class CardNotPinnable(LedgerError):
    def __init__(self, name: str) -> None:
        super().__init__(
            "rate-card-not-pinnable",
            f"Nobody can be pinned to rate card {name}: take a published one that is in force "
            "already and is not of a single customer.",
        )


class PinOverlaps(LedgerError):
    def __init__(self, name: str, until: datetime | None) -> None:
        told = f"until {until:%Y-%m-%d %H:%M} UTC" if until else "without an end"
        super().__init__(
            "pin-overlaps",
            f"The customer is pinned to rate card {name} {told}: end that pin first.",
        )


class PinOver(LedgerError):
    def __init__(self) -> None:
        super().__init__("pin-over", "The pin would have ended already: give an instant to come.")


class CardOpen(LedgerError):
    """`codes` are those of the endpoints whose price is not filled in."""

    def __init__(self, name: str, codes: Sequence[str]) -> None:
        self.codes = list(codes)
        super().__init__(
            "rate-card-open",
            f"Rate card {name} has no price yet of {', '.join(codes)}: fill it in, or take the "
            "endpoint off the card.",
        )


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
    "clock-not-moved": "Only a test wallet's clock is moved, and only ahead.",
    "not-found": "There is no such object.",
}


def _sentence(result: Result) -> str:
    if result.code == "insufficient-credits":
        return f"It takes {result.required} micro-credits; {result.available} are available."
    if result.code == "cap-below-spent" and result.limits is not None:
        return _below_spent(result.limit)
    return _SENTENCES.get(result.code, "The ledger refused this.")


_WINDOWS = {"day": " today", "month": " this month"}


def _below_spent(limit: Mapping[str, Any]) -> str:
    whose = {"key": " by one key", "endpoint": " at one endpoint"}.get(limit["scope"], "")
    when = _WINDOWS.get(limit["cap"], "")
    then = f", or wait until the {limit['cap']} is over" if when else ""
    return (
        f"{_credits(limit['used'])} credits are spent or held already{when}{whose}, which is more"
        f" than the cap of {_credits(limit['limit'])} would be: take a higher cap{then}."
    )


def _credits(amount: int) -> str:
    return f"{(Decimal(amount) / 1_000_000).normalize():f}"
