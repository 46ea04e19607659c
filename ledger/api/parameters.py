"""What stands behind the question mark."""

from collections.abc import Collection
from uuid import UUID

from django.http import QueryDict

from accounts import ids
from accounts.errors import InvalidRequest


def choice(query: QueryDict, field: str, known: Collection[str]) -> str | None:
    """Raises InvalidRequest."""
    text = query.get(field)
    return None if text is None else _known(field, text, known)


def choices(query: QueryDict, field: str, known: Collection[str]) -> list[str]:
    """Some of `known`, with commas between, or none. Raises InvalidRequest."""
    text = query.get(field)
    return [] if text is None else [_known(field, one, known) for one in text.split(",")]


def text(query: QueryDict, field: str) -> str | None:
    """Raises InvalidRequest for what no database stores."""
    value = query.get(field)
    if value and "\0" in value:
        raise _wrong(field, "Null characters are not allowed.")
    return value


def key(query: QueryDict, field: str) -> UUID | None:
    """Raises InvalidId."""
    value = query.get(field)
    return None if value is None else ids.decode(ids.KEY, value)


def _known(field: str, text: str, known: Collection[str]) -> str:
    if text not in known:
        raise _wrong(field, f"One of {', '.join(known)}.")
    return text


def _wrong(field: str, detail: str) -> InvalidRequest:
    return InvalidRequest([{"field": field, "detail": detail}])
