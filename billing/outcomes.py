"""What became of a fact."""

from typing import NamedTuple

from billing.models import EventState


class Outcome(NamedTuple):
    state: EventState
    reason: str = ""


class Parked(Exception):
    """It comes before what it needs."""


class Unfit(Exception):
    """It does not fit what we know, and never will."""
