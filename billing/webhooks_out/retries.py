"""When a delivery is tried again: ten attempts within three days."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

# After each attempt that failed, give or take a fifth. After the tenth it has failed.
PAUSES: Final = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=20),
    timedelta(hours=34),
)
JITTER: Final = 0.2
ATTEMPTS_MAX: Final = len(PAUSES) + 1

# How long an endpoint is left alone after failures in a row: 1, 2, 4 … seconds, and a minute.
REST_MAX: Final = timedelta(minutes=1)

RETRY_AFTER_MAX: Final = timedelta(days=1)
_WITH_RETRY_AFTER: Final = frozenset({429, 503})


def pause(attempts: int) -> timedelta | None:
    """After so many attempts; None after the last."""
    if attempts >= ATTEMPTS_MAX:
        return None
    return PAUSES[attempts - 1] * random.uniform(1 - JITTER, 1 + JITTER)


def rest(failures: int) -> timedelta:
    return min(timedelta(seconds=2 ** min(failures - 1, 10)), REST_MAX)


def retry_after(
    status: int | None, headers: Mapping[str, str], now: datetime | None = None
) -> timedelta:
    """How long the receiver asked to be left alone: seconds or a date (RFC 9110, 10.2.3), at most
    a day; nothing where it did not, or not in a way that can be read."""
    said = headers.get("retry-after", "").strip()
    if status not in _WITH_RETRY_AFTER or not said:
        return timedelta(0)
    asked = _seconds(said) if said.isdecimal() else _until(said, now or datetime.now(UTC))
    return max(timedelta(0), min(asked, RETRY_AFTER_MAX))


def _seconds(said: str) -> timedelta:
    # More digits than any number of seconds has.
    return timedelta(seconds=int(said)) if len(said) < 10 else RETRY_AFTER_MAX


def _until(said: str, now: datetime) -> timedelta:
    try:
        until = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return timedelta(0)
    return (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
