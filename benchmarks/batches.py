"""Lists for /v1/batch: reservations, and then their commits."""

import re
from random import choices
from typing import Final

from benchmarks.callers import Target
from benchmarks.keys import new_key

_RESERVE: Final = '{"op":"reserve","idempotency_key":"%s","customer":"%s","endpoint":"summarize"}'
_COMMIT: Final = '{"op":"commit","idempotency_key":"%s","reservation":"%s","amount":"3"}'
_RESERVATION: Final = re.compile(rb'"status": ?201,.{0,40}?"id": ?"(rsv_[0-9a-f]+)"')
_COMMITTED: Final = re.compile(rb'"status": ?200,')


class Batches:
    path = "/v1/batch"
    media_type = "application/json"

    def __init__(self, target: Target, size: int) -> None:
        self._customers = target.customers
        self._size = size
        self._held: list[bytes] = []

    def next(self) -> bytes:
        if self._held:
            operations = [_COMMIT % (new_key(), one.decode()) for one in self._held]
        else:
            payers = choices(self._customers, k=self._size)
            operations = [_RESERVE % (new_key(), one) for one in payers]
        return f'{{"operations":[{",".join(operations)}]}}'.encode()

    def answered(self, head: bytes, body: bytes) -> int:
        done = _COMMITTED.findall(body) if self._held else _RESERVATION.findall(body)
        if len(done) != self._size:
            raise RuntimeError(f"{len(done)} of {self._size} were done: {body[:500]!r}")
        self._held = [] if self._held else done
        return len(done)
