"""Lists of usage events that differ in their ids and customers only."""

import time
from itertools import count
from os import getpid
from random import choices
from typing import Final, Literal

from benchmarks.callers import Target
from benchmarks.keys import new_key

CONNECTIONS: Final = 6
SIZE: Final = 1000

Ids = Literal["uuid7", "text"]

_EVENT: Final = (
    '{"specversion":"1.0","id":"%s","source":"/meters/1","type":"summarize","subject":"%s",'
    '"time":"%s","data":{"outcome":"success","metadata":{"job":"1"}}}'
)
_numbers = count(1)


class Events:
    path = "/v1/events"
    media_type = "application/cloudevents-batch+json"

    def __init__(self, target: Target, ids: Ids) -> None:
        self._customers = target.customers
        self._ids = ids

    def next(self) -> bytes:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        events = [_EVENT % (self._id(), one, now) for one in choices(self._customers, k=SIZE)]
        return f"[{','.join(events)}]".encode()

    def answered(self, head: bytes, body: bytes) -> int:
        if not head.startswith(b"HTTP/1.1 202") or body.count(b'"accepted"') != SIZE:
            raise RuntimeError(f"a list was not accepted: {head!r} {body[:500]!r}")
        return SIZE

    def _id(self) -> str:
        return new_key() if self._ids == "uuid7" else f"{getpid()}-{next(_numbers)}"
