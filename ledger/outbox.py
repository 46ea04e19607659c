"""Events for the outside: written in the transaction that caused them, handed on afterwards."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from django.db import DatabaseError, connection, transaction

# Who hands events on listens on it.
CHANNEL: Final = "ledger_outbox"
NOTIFY: Final = f"notify {CHANNEL}"

logger = logging.getLogger(__name__)


class Event(NamedTuple):
    """Amounts in `data` are micro-credits; `subject` is the id of what it is about."""

    customer_id: UUID
    id: UUID
    kind: str
    subject: str | None
    data: dict[str, Any]
    created_at: datetime


class Backlog(NamedTuple):
    events: int
    age: timedelta  # of the oldest


def tell(
    customer_id: UUID, kind: str, subject: str | None = None, data: Mapping[str, Any] | None = None
) -> None:
    """Write an event of ours in the current database transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select ledger_announce(%s, %s, %s, %s::jsonb)",
            [customer_id, kind, subject, msgspec.json.encode(data or {}).decode()],
        )
    wake_after_commit()


def wake_after_commit() -> None:
    transaction.on_commit(wake)


def wake() -> None:
    """Let the relay look now. That nobody is told is no loss: it looks by itself now and then."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(NOTIFY)
    except DatabaseError as error:
        logger.warning("The relay was not woken: %s", error)


def claim(*, customers: int, events: int) -> list[Event]:
    """Take events that were not handed on yet, the oldest customers' first, each customer's in
    order and by nobody else; handed on when the current database transaction is committed."""
    with connection.cursor() as cursor:
        cursor.execute("select * from ledger_claim_events(%s, %s)", [customers, events])
        return [Event(*row)._replace(data=msgspec.json.decode(row[4])) for row in cursor.fetchall()]


def put_off(customers: Sequence[UUID]) -> None:
    """Events of these could not be handed on: try again later, and later each time."""
    with connection.cursor() as cursor:
        cursor.execute("select ledger_put_off_events(%s)", [list(customers)])


def backlog() -> Backlog:
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*), coalesce(ledger_now() - min(created_at), '0') from ledger_outbox"
        )
        return Backlog(*cursor.fetchall()[0])
