"""Lists, page by page. Rows stand in the order of a key that never changes, and new ones come in
front, so that a reader who goes on from a cursor misses none and sees none twice."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any, Generic, NamedTuple, TypeVar
from uuid import UUID

import msgspec
from django.http import QueryDict
from rest_framework.serializers import Serializer

from accounts.errors import InvalidRequest

DEFAULT_LIMIT = 50
MAX_LIMIT = 100

_NUMBER = re.compile(r"[0-9]{1,9}")


class ByNumber(msgspec.Struct, array_like=True):
    """The order of lots and of transactions within a wallet, and of prices."""

    number: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class ById(msgspec.Struct, array_like=True):
    """The order of reservations: two customers' may have one id, made from one idempotency key."""

    id: UUID
    customer_id: UUID


class ByGroup(msgspec.Struct, array_like=True, frozen=True):
    """The order of sums of usage."""

    day: date | None
    endpoint: str | None
    key: UUID | None
    outcome: str | None = None  # cursors of earlier releases have none


Row = TypeVar("Row")
Key = TypeVar("Key", bound=msgspec.Struct)


class Asked(NamedTuple, Generic[Key]):
    limit: int
    after: Key | None

    @property
    def rows(self) -> int:
        """One more than the page shows: it tells whether another page follows."""
        return self.limit + 1


def asked(query: QueryDict, key: type[Key]) -> Asked[Key]:
    """The page that `limit` and `cursor` ask for. Raises InvalidRequest."""
    return Asked(_limit(query.get("limit")), _after(query.get("cursor"), key))


def page(
    rows: Sequence[Row],
    asked: Asked[Any],
    *,
    key: Callable[[Row], msgspec.Struct],
    show: type[Serializer[Any]],
) -> dict[str, Any]:
    shown = rows[: asked.limit]
    more = len(rows) > asked.limit
    return {
        "data": show(shown, many=True).data,
        "next_cursor": _cursor(key(shown[-1])) if more else None,
    }


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= MAX_LIMIT:
        raise InvalidRequest([{"field": "limit", "detail": f"A number from 1 to {MAX_LIMIT}."}])
    return int(text)


def _cursor(key: msgspec.Struct) -> str:
    return urlsafe_b64encode(msgspec.json.encode(key)).decode()


def _after(cursor: str | None, key: type[Key]) -> Key | None:
    if cursor is None:
        return None
    try:
        return msgspec.json.decode(urlsafe_b64decode(cursor), type=key)
    except (ValueError, msgspec.DecodeError):
        detail = "Only a next_cursor of this list, as it was given."
        raise InvalidRequest([{"field": "cursor", "detail": detail}]) from None
