"""A place in history, which stands in the order of ids. Two customers' rows may have one id, made
from one idempotency key, so a place names both."""

import re
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)

ORDER: Final = ("-id", "-customer_id")
_TEXT: Final = re.compile(r"[0-9a-f]{64}")


class Place(NamedTuple):
    id: UUID
    customer_id: UUID

    def __str__(self) -> str:
        return self.id.hex + self.customer_id.hex


def read(text: str) -> Place:
    """Raises ValueError."""
    if not _TEXT.fullmatch(text):
        raise ValueError(text)
    return Place(UUID(text[:32]), UUID(text[32:]))


def of(row: Any) -> Place:
    return Place(row.id, row.customer_id)


def below(rows: QuerySet[M], place: Place | None) -> QuerySet[M]:
    """The older ones."""
    if place is None:
        return rows
    found = rows.filter(id__lte=place.id)
    return found.exclude(id=place.id, customer_id__gte=place.customer_id)


def down_to(rows: QuerySet[M], place: Place | None) -> QuerySet[M]:
    """Those from there on, itself included."""
    if place is None:
        return rows
    found = rows.filter(id__gte=place.id)
    return found.exclude(id=place.id, customer_id__lt=place.customer_id)
