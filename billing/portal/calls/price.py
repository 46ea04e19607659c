"""In words, how what a call held and cost came to be."""

from fractions import Fraction
from typing import Final, NamedTuple

from billing import shown
from ledger.models import Price
from ledger.prices.parts import Kind, Step
from ledger.prices.pricing import CALLS


class Line(NamedTuple):
    text: str
    note: str
    amount: str


_WORDS: Final = {
    Kind.ROUNDING: ("Rounded", "Once, to the millionth of a credit"),
    Kind.ASKED: ("Amount of the service", "The service told it, not a price"),
    Kind.IN_PARTS: ("Committed in parts", "Before the last commit"),
    Kind.OTHER: (
        "Beyond what was reserved",
        "It comes after all that the month had had when the call ended",
    ),
    Kind.UNCOLLECTED: ("Not collected", "More than was held, or than was there"),
}


def lines(steps: list[Step], outcome: str = "") -> list[Line]:
    return [_line(step, outcome) for step in steps]


def _line(step: Step, outcome: str) -> Line:
    amount = shown.credits(step.amount)
    if step.kind is Kind.PER_CALL:
        return Line("The call", "", amount)
    if step.kind is Kind.FREE:
        return Line(_many(step.quantity, step.unit), "Free by the month's quota", amount)
    if step.kind is Kind.UNITS:
        return Line(f"{_many(step.quantity, step.unit)} × {_rate(step)}", _tier(step), amount)
    if step.kind in (Kind.MINIMUM, Kind.MAXIMUM):
        least = "At least" if step.kind is Kind.MINIMUM else "At most"
        return Line(f"{least} {shown.credits(step.rate)} a call", "", amount)
    if step.kind is Kind.OUTCOME:
        how = outcome.lower() or "its outcome"
        return Line(f"{step.percent} % of it is billed", f"By how it ended: {how}", amount)
    return Line(*_WORDS[step.kind], amount)


def card(price: Price) -> str:
    return price.rate_card.name


def _rate(step: Step) -> str:
    credits = shown.credits(step.rate)
    if step.size == 1:
        return credits
    return f"{credits} per {step.size:,}"


def _tier(step: Step) -> str:
    if step.tier is None:
        return ""
    begins, ends = step.tier
    if ends is None:
        return f"The month's tier above {number(begins)}" if begins else "The month's only tier"
    if begins:
        return f"The month's tier from {number(begins)} to {number(ends)}"
    return f"The month's tier up to {number(ends)}"


def _many(quantity: Fraction, unit: str) -> str:
    if unit == CALLS:
        return "1 call" if quantity == 1 else f"{number(quantity)} calls"
    return f"{number(quantity)} {unit}"


def number(quantity: Fraction) -> str:
    """A decimal, which every quantity is."""
    nanos = int(quantity * 10**9)
    whole, rest = divmod(nanos, 10**9)
    return f"{whole:,}" + (f".{rest:09}".rstrip("0") if rest else "")
