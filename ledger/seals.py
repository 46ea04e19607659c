"""Seals of history: a chain of digests for each wallet, and its heads for safe keeping elsewhere.

Who can write anything here can make a whole chain anew. A head that somebody else keeps shows it.
See docs/audit.md.
"""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection

from ledger.checks.base import Check, Finding

STEP: Final = 1000
AT_ONCE: Final = 10
# A wallet that does little is sealed so often at most.
EVERY: Final = timedelta(hours=1)
_CUSTOMERS_AT_ONCE: Final = 200
_NOBODY: Final = UUID(int=0)

_WAITING: Final = """
select w.customer_id from ledger_wallet w left join lateral (
    select version_to, sealed_at from ledger_seal s
    where s.customer_id = w.customer_id order by version_from desc limit 1
) s on true
where w.customer_id > %(last)s and w.version > coalesce(s.version_to, 0)
    and (s.version_to is null or w.version - s.version_to >= %(step)s
        or s.sealed_at <= clock_timestamp() - %(every)s)
order by w.customer_id limit %(many)s
"""
_HEADS: Final = """
select w.customer_id, s.version_to, encode(s.digest, 'hex'), s.sealed_at
from ledger_wallet w cross join lateral (
    select * from ledger_seal s
    where s.customer_id = w.customer_id order by version_from desc limit 1
) s
where w.customer_id > %(last)s order by w.customer_id limit %(many)s
"""
_LATEST: Final = "select max(sealed_at) from ledger_seal"
_SEALED: Final = """
select encode(s.digest, 'hex') from ledger_seal s
where s.customer_id = %s and s.version_from <= %s and s.version_to = %s
"""
HEADS: Final = Check(
    "heads",
    "Every head that was exported is in its chain",
    "Who keeps heads elsewhere can prove that the chain was not made anew.",
    sql="",
)


class Head(NamedTuple):
    """The digest, in hexadecimal, stands for all transfers up to this version."""

    customer_id: UUID
    version: int
    digest: str
    sealed_at: datetime


def write_all(*, seconds: float, every: timedelta = EVERY, step: int = STEP) -> int:
    """Of every wallet that has gone on, until the time is over; how many seals that were."""
    until, written = time.monotonic() + seconds, 0
    for customer_id in _waiting(every, step):
        written += write(customer_id, step=step, until=until)
        if time.monotonic() >= until:
            break
    return written


def write(customer_id: UUID, *, step: int = STEP, until: float | None = None) -> int:
    """A few in each database transaction, so that a process may end anywhere."""
    written = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute("select ledger_write_seals(%s, %s, %s)", [customer_id, step, AT_ONCE])
            now = int(cursor.fetchall()[0][0])
        written += now
        if now < AT_ONCE or (until is not None and time.monotonic() >= until):
            return written


def heads() -> Iterator[Head]:
    """The last seal of every wallet that has one, in the order of customers' ids."""
    last = _NOBODY
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_HEADS, {"last": last, "many": _CUSTOMERS_AT_ONCE})
            found = [Head(*row) for row in cursor.fetchall()]
        yield from found
        if len(found) < _CUSTOMERS_AT_ONCE:
            return
        last = found[-1].customer_id


def latest() -> datetime | None:
    """When something was sealed last."""
    with connection.cursor() as cursor:
        cursor.execute(_LATEST)
        found = cursor.fetchone()[0]
    return found if isinstance(found, datetime) else None


def compare(kept: list[Head]) -> Finding:
    """Heads that were exported earlier, with the chains as they are."""
    lost = [
        {"customer_id": head.customer_id, "version": head.version, "kept": head.digest, "is": now}
        for head in kept
        if (now := _digest_at(head)) != head.digest
    ]
    return Finding(HEADS, len(lost), lost)


def _digest_at(head: Head) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute(_SEALED, [head.customer_id, head.version, head.version])
        found = cursor.fetchall()
    return str(found[0][0]) if found else None


def _waiting(every: timedelta, step: int) -> Iterator[UUID]:
    last = _NOBODY
    while True:
        asked: dict[str, Any] = {
            "last": last,
            "step": step,
            "every": every,
            "many": _CUSTOMERS_AT_ONCE,
        }
        with connection.cursor() as cursor:
            cursor.execute(_WAITING, asked)
            found = [customer for (customer,) in cursor.fetchall()]
        yield from found
        if len(found) < _CUSTOMERS_AT_ONCE:
            return
        last = found[-1]
