"""Lists of reservations, and of their commits, each list one call of the core."""

import time
from collections.abc import Sequence
from random import choices
from typing import NamedTuple

import psycopg

from benchmarks.keys import new_key
from benchmarks.load import Load

# As the gatherer asks: what is answered `busy`, since somebody else has locked the wallet, is asked
# again with the next list, or waited for where nothing else is left.
APPLY = "select code from ledger_apply(%b::json, %b)"

# Written out, because the generator shares two cores with the database.
RESERVE = (
    '{"op":"reserve","customer_id":"%s","key":"%s","key_is_id":true,"request":1,'
    '"amount":4000000,"expires_in":900,"overrun":"reject","price_id":1,"service_id":1,'
    '"api_key_id":"%s"}'
)
COMMIT = (
    '{"op":"commit","customer_id":"%s","key":"%s","key_is_id":true,"request":1,'
    '"reservation_id":"%s","amount":3000000,"service_id":1}'
)


class Pair(NamedTuple):
    """The key is the id of the reservation, so that nothing of the answer has to be read."""

    customer: str
    key: str


def run(conninfo: str, customers: Sequence[str], size: int, seconds: float) -> Load:
    with psycopg.connect(conninfo, autocommit=True, prepare_threshold=0) as connection:
        lists = _Lists(connection.cursor(binary=True), customers, size)
        lists.next()
        done, cpu = 0, time.process_time()
        start = now = time.perf_counter()
        while now - start < seconds:
            done += lists.next()
            now = time.perf_counter()
        return Load(done, now - start, time.process_time() - cpu)


class _Lists:
    """A list of reservations and one of commits in turn, each with what was busy before."""

    def __init__(self, cursor: psycopg.Cursor, customers: Sequence[str], size: int) -> None:
        self._cursor = cursor
        self._customers = customers
        self._size = size
        self._unheld: list[Pair] = []
        self._held: list[Pair] = []

    def next(self) -> int:
        """How many pairs it completed."""
        new = choices(self._customers, k=self._size - len(self._unheld))
        pairs = self._unheld + [Pair(customer, new_key()) for customer in new]
        self._unheld = self._apply(pairs, [RESERVE % (*pair, pair.customer) for pair in pairs])
        busy = set(self._unheld)
        pairs = self._held + [pair for pair in pairs if pair not in busy]
        commits = [COMMIT % (pair.customer, new_key(), pair.key) for pair in pairs]
        self._held = self._apply(pairs, commits)
        return len(pairs) - len(self._held)

    def _apply(self, pairs: Sequence[Pair], operations: Sequence[str]) -> list[Pair]:
        """Those whose wallet is busy."""
        codes = self._codes(operations, wait=False)
        if codes.count(b"ok") == 0:
            codes = self._codes(operations, wait=True)
        return [pair for pair, code in zip(pairs, codes, strict=True) if code == b"busy"]

    def _codes(self, operations: Sequence[str], wait: bool) -> list[bytes | None]:
        self._cursor.execute(APPLY, [f"[{','.join(operations)}]", wait])
        answer = self._cursor.pgresult
        assert answer is not None
        codes = [answer.get_value(row, 0) for row in range(answer.ntuples)]
        if len(codes) != len(operations) or not set(codes) <= {b"ok", b"busy"}:
            raise RuntimeError(f"the core answered {len(codes)} operations with {set(codes)}")
        return codes
