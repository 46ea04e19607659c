"""Reported usage that a customer could not cover: whose is posted as debt, and the list of what was
refused. Events themselves come by the fast path (`fastpath/reporting.py`)."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

import msgspec
from django.db import connection, transaction
from django.db.models import Count, Min, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from ledger import keys, services
from ledger.models import RefusedEvent, RefusedState, Shortage, UsageTerms
from ledger.operations import Operation, Result

AT_ONCE: Final = 500

_ACCEPTED_SINCE: Final = """
update ledger_refusedevent r
set state = 'posted', closed_at = clock_timestamp(), closed_reason = 'Sent again, and accepted.'
where r.state = 'waiting' and (
    exists (select from ledger_key k where k.customer_id = r.customer_id and k.key = r.key
        and k.request = (r.operation->>'request')::bigint)
    or exists (select from ledger_call c where c.customer_id = r.customer_id and c.id = r.key
        and c.request = (r.operation->>'request')::bigint))
"""


def set_policy(customer_id: UUID, shortage: Literal["refuse", "debt"]) -> None:
    """What becomes of this customer's usage events that it cannot cover: refused into the list, or
    posted below its credit limit. Every process knows within a second."""
    UsageTerms.objects.update_or_create(
        customer_id=customer_id, defaults={"shortage": Shortage(shortage), "changed_at": Now()}
    )


def policy(customer_id: UUID) -> Shortage:
    terms = UsageTerms.objects.filter(customer_id=customer_id).first()
    return Shortage(terms.shortage) if terms else Shortage.REFUSE


class Waiting(NamedTuple):
    """Refused events that nobody has decided on yet."""

    events: int
    customers: int
    age: timedelta  # of the oldest


def waiting() -> Waiting:
    found = RefusedEvent.objects.filter(state=RefusedState.WAITING).aggregate(
        events=Count("id"), customers=Count("customer", distinct=True), oldest=Min("received_at")
    )
    age = timezone.now() - found["oldest"] if found["oldest"] else timedelta(0)
    return Waiting(found["events"], found["customers"], max(age, timedelta(0)))


def note_accepted() -> int:
    """Those that their sender has sent again since, and that were accepted, wait no more."""
    with connection.cursor() as cursor:
        cursor.execute(_ACCEPTED_SINCE)
        return int(cursor.rowcount)


class Retried(NamedTuple):
    posted: int
    refused: int


def retry(events: QuerySet[RefusedEvent], *, actor: str) -> Retried:
    """Post those that still wait, in the order in which they happened, by the prices that they
    were refused at: those of their own time. What cannot be covered yet goes on waiting."""
    ids = events.filter(state=RefusedState.WAITING).order_by("happened_at", "id")
    total = Retried(0, 0)
    for some in _in_parts(list(ids.values_list("id", flat=True))):
        tried = _retry(some, actor)
        total = Retried(total.posted + tried.posted, total.refused + tried.refused)
    return total


def dismiss(events: QuerySet[RefusedEvent], *, reason: str, actor: str) -> int:
    """They are not charged, ever, also when their sender repeats them; how many that were.
    Raises ValueError without a reason."""
    if not reason.strip():
        raise ValueError("Say why they are not charged.")
    ids = list(
        events.filter(state=RefusedState.WAITING).order_by("id").values_list("id", flat=True)
    )
    return sum(_dismiss(some, reason.strip(), actor) for some in _in_parts(ids))


@transaction.atomic
def _retry(some: Iterable[int], actor: str) -> Retried:
    locked = RefusedEvent.objects.select_for_update().filter(
        id__in=some, state=RefusedState.WAITING
    )
    rows = list(locked.order_by("happened_at", "id"))
    debtors = set(
        UsageTerms.objects.filter(
            customer_id__in={row.customer_id for row in rows}, shortage=Shortage.DEBT
        ).values_list("customer_id", flat=True)
    )
    now = timezone.now()
    asked = [_operation(row, row.customer_id in debtors, now) for row in rows]
    results = services.apply(asked) if asked else []
    for row, result in zip(rows, results, strict=True):
        _note(row, result, actor, now)
    posted = sum(result.ok for result in results)
    return Retried(posted, len(rows) - posted)


@transaction.atomic
def _dismiss(some: Iterable[int], reason: str, actor: str) -> int:
    """The core remembers their keys. What was accepted in the meantime is charged, and said so."""
    locked = RefusedEvent.objects.select_for_update().filter(
        id__in=some, state=RefusedState.WAITING
    )
    rows = list(locked.order_by("id"))
    now = timezone.now()
    asked = [_dismissal(row, now) for row in rows]
    results = services.apply(asked) if asked else []
    dismissed = 0
    for row, result in zip(rows, results, strict=True):
        if result.ok and result.replayed:
            _note(row, result, actor, now)
            continue
        row.state, row.closed_at = RefusedState.DISMISSED, now
        row.closed_by, row.closed_reason = actor, reason
        row.save()
        dismissed += 1
    return dismissed


def _dismissal(row: RefusedEvent, now: datetime) -> Operation:
    refused = _operation(row, False, now)
    return Operation(
        op="dismiss",
        customer_id=refused.customer_id,
        key=refused.key,
        key_is_id=refused.key_is_id,
        request=refused.request,
        happened_at=refused.happened_at,
    )


def _operation(row: RefusedEvent, is_debtor: bool, now: datetime) -> Operation:
    operation: Operation = msgspec.convert(row.operation, Operation)
    assert operation.key is not None
    operation.key_is_id = keys.can_be_a_row(operation.key, now_ms=int(now.timestamp() * 1000))
    operation.overrun = "debt" if is_debtor else None
    return operation


def _note(row: RefusedEvent, result: Result, actor: str, now: datetime) -> None:
    if result.ok:
        row.state, row.closed_at, row.closed_by = RefusedState.POSTED, now, actor
        row.closed_reason = "Sent again, and accepted." if result.replayed else "Retried."
    else:
        row.reason = result.code
        row.required, row.available = result.required or row.required, result.available or 0
    row.save()


def _in_parts(ids: list[int]) -> Iterator[list[Any]]:
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]
