"""The name of one request, in its answer, in the log and on the rows that it wrote."""

import re
from contextvars import ContextVar
from os import urandom
from time import time_ns
from typing import Final

# Anything else could break a log line or a header.
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=-]{0,127}")
_OURS = re.compile(r"req_([0-9a-f]{12})[0-9a-f]{20}")
_NS_PER_MS: Final = 1_000_000

# Of the request that is being answered: whatever is logged meanwhile names it.
CURRENT: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)


def request_id(sent: str | None) -> str:
    """The caller's own where it is sane, else a new one, which begins with its time."""
    if sent and _SANE.fullmatch(sent):
        return sent
    return f"req_{time_ns() // _NS_PER_MS:012x}{urandom(10).hex()}"


def is_one(text: str) -> bool:
    """Whether a request could be named so."""
    return _SANE.fullmatch(text) is not None


def made_at_ms(name: str) -> int | None:
    """When we gave this name, in milliseconds of the epoch. None: a caller did."""
    match = _OURS.fullmatch(name)
    return int(match[1], 16) if match else None
