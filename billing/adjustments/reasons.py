"""Why credits are adjusted: a fixed list for each kind, and the wording that customers read."""

from collections.abc import Mapping
from typing import Final

from billing.models import AdjustmentKind as Kind

REASONS: Final[Mapping[str, Mapping[str, str]]] = {
    Kind.ADD: {
        "too-few-issued": "Correction: too few credits had been issued",
        "charged-too-much": "Correction: too much had been charged",
        "carried-over": "Credits carried over from an earlier account",
    },
    Kind.VOID: {
        "issued-in-error": "Correction: credits had been issued in error",
        "issued-twice": "Correction: credits had been issued twice",
        "too-many-issued": "Correction: too many credits had been issued",
    },
    Kind.FORFEIT: {
        "terms-breached": "Forfeited: the terms of service were breached",
        "fraud": "Forfeited: the account was misused",
        "account-closed": "Forfeited when the account was closed",
    },
    Kind.GOODWILL: {
        "outage": "Goodwill after an outage",
        "poor-results": "Goodwill for results that fell short",
        "late-help": "Goodwill: our help came late",
        "courtesy": "Goodwill",
    },
    Kind.EXTEND: {
        "outage": "Expiry put off after an outage",
        "asked": "Expiry put off as you asked",
        "agreed": "Expiry put off as agreed",
    },
    Kind.REINSTATE: {
        "asked-in-time": "Expired credits given back as you asked",
        "not-told": "Expired credits given back: we had not told you in time",
        "expired-in-error": "Expired credits given back: they should not have expired",
    },
    Kind.MOVE: {
        "merged": "Moved: accounts were joined",
        "asked": "Moved as you asked",
        "wrong-account": "Moved: they had been issued to another account",
    },
    Kind.REVERSE: {
        "call-failed": "Given back: the call had failed",
        "charged-twice": "Given back: the call had been charged twice",
        "wrong-price": "Given back: the call had been charged at a wrong price",
    },
}


def wording(kind: str, reason: str) -> str:
    """What the customer reads."""
    return REASONS[kind][reason]


def choices(kind: str) -> list[tuple[str, str]]:
    return list(REASONS[kind].items())


def all_choices() -> list[tuple[str, str]]:
    """Of every kind, by code: one code may stand for several kinds."""
    codes = sorted({code for reasons in REASONS.values() for code in reasons})
    return [(code, code.replace("-", " ").capitalize()) for code in codes]
