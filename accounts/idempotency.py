"""A write that is sent twice is done once: the second gets the first one's answer.

The answer is stored in the transaction that does the work, so that there is one exactly when the
work is done. A refusal leaves nothing behind, and its key may succeed later.
"""

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpResponse
from rest_framework.request import Request

from accounts.authentication import service_of
from accounts.errors import IdempotencyKeyReused
from accounts.idempotency_keys import lock_number, parse_header, request_hash, sent
from accounts.models import IdempotentReply

REMEMBERED_FOR = timedelta(days=30)


class Answer(NamedTuple):
    """What a write answers. Where `replay` is given, it is what the same request gets next time."""

    status: HTTPStatus
    content: Any = None
    replay: Any = None


def answer_once(request: Request, *, customer_id: UUID, work: Callable[[], Answer]) -> HttpResponse:
    """Do `work` in one transaction, or answer as this request was answered before.

    A key counts for the calling service and this customer; what concerns no single customer goes
    under the house. While a request runs, another with its key waits.

    Raises IdempotencyKeyMissing, IdempotencyKeyMalformed, IdempotencyKeyReused, and what `work`
    raises: then nothing is remembered.
    """
    service_id = service_of(request)
    key = _key(request)
    asked = request_hash(request.method or "", request.path, request.data)
    replies = IdempotentReply.objects.filter(
        customer_id=customer_id, service_id=service_id, key=key
    )
    with transaction.atomic():
        _wait_for_turn(lock_number(service_id, customer_id, key))
        if earlier := _remembered(replies):
            return _replay(earlier, asked=asked)
        answer = work()
        first = _encode(answer.content)
        IdempotentReply.objects.create(
            customer_id=customer_id,
            service_id=service_id,
            key=key,
            request_hash=asked,
            status=answer.status,
            body=first if answer.replay is None else _encode(answer.replay),
        )
    return _response(answer.status, first)


def forget(*, at_most: int) -> int:
    """Those that are remembered no more; how many. The oldest have the lowest ids."""
    oldest = IdempotentReply.objects.order_by("id").values("id")[:at_most]
    found = IdempotentReply.objects.filter(id__in=oldest)
    forgotten, _ = found.filter(created_at__lt=Now() - REMEMBERED_FOR).delete()
    return forgotten


def _key(request: Request) -> str:
    """Django joins headers that were sent twice; the server's own request has them apart."""
    scope = getattr(request, "scope", None)
    if scope is None:
        return parse_header(request.headers.get("Idempotency-Key"))
    return sent(scope["headers"])


def _wait_for_turn(number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])


def _remembered(replies: QuerySet[IdempotentReply]) -> IdempotentReply | None:
    replies.filter(created_at__lt=Now() - REMEMBERED_FOR).delete()
    return replies.first()


def _replay(earlier: IdempotentReply, *, asked: int) -> HttpResponse:
    if earlier.request_hash != asked:
        raise IdempotencyKeyReused
    response = _response(earlier.status, bytes(earlier.body))
    response["Idempotent-Replayed"] = "true"
    return response


def _encode(content: Any) -> bytes:
    return b"" if content is None else msgspec.json.encode(content)


def _response(status: int, body: bytes) -> HttpResponse:
    return HttpResponse(body, status=status, content_type="application/json")
