"""Lists of reservations, and of their commits, each list one call of the core."""

import time
from collections.abc import Sequence
from random import choices

import psycopg

from benchmarks.keys import new_key
from benchmarks.load import Load

APPLY = "select * from ledger_apply(%b::json)"
CODE = 1

# Written out, because the generator shares two cores with the database.
RESERVE = (
    '{"op":"reserve","customer_id":"%s","key":"%s","key_is_id":true,"request":1,'
    '"amount":4000000,"expires_in":900,"overrun":"reject","price_id":1,"service_id":1}'
)
COMMIT = (
    '{"op":"commit","customer_id":"%s","key":"%s","key_is_id":true,"request":1,'
    '"reservation_id":"%s","amount":3000000,"service_id":1}'
)


def run(conninfo: str, customers: Sequence[str], size: int, seconds: float) -> Load:
    with psycopg.connect(conninfo, autocommit=True, prepare_threshold=0) as connection:
        cursor = connection.cursor(binary=True)
        _pairs(cursor, choices(customers, k=size))
        lists, cpu = 0, time.process_time()
        start = now = time.perf_counter()
        while now - start < seconds:
            _pairs(cursor, choices(customers, k=size))
            lists += 1
            now = time.perf_counter()
        return Load(lists * size, now - start, time.process_time() - cpu)


def _pairs(cursor: psycopg.Cursor, customers: Sequence[str]) -> None:
    # The key is the id of the reservation, so that nothing of the answer has to be read.
    keys = [new_key() for _ in customers]
    _apply(cursor, [RESERVE % pair for pair in zip(customers, keys, strict=True)])
    commits = zip(customers, keys, strict=True)
    _apply(cursor, [COMMIT % (customer, new_key(), key) for customer, key in commits])


def _apply(cursor: psycopg.Cursor, operations: Sequence[str]) -> None:
    cursor.execute(APPLY, [f"[{','.join(operations)}]"])
    answer = cursor.pgresult
    assert answer is not None
    codes = {answer.get_value(row, CODE) for row in range(answer.ntuples)}
    if answer.ntuples != len(operations) or codes != {b"ok"}:
        raise RuntimeError(f"the core answered {answer.ntuples} operations with {codes}")
