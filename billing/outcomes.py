"""What became of a fact."""

from typing import NamedTuple

from billing.models import EventState


class Outcome(NamedTuple):
    state: EventState
    reason: str = ""
    code: str = ""  # of a refusal


class Parked(Exception):
    """It comes before what it needs."""


class Unfit(Exception):
    """It does not fit what we know, and never will."""

    code = "unfit"


class OtherCurrency(Unfit):
    """Nothing is reckoned from one into another (E19)."""

    code = "currency-mismatch"
