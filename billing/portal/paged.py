"""A long list, page by page from a row that was seen: no page costs more for what is before it."""

from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

SHOWN = 25
GONE = "That part of the list is not there any more: this is its beginning."

Row = TypeVar("Row", bound=Model)


class Page(NamedTuple, Generic[Row]):
    """`newer` and `older` are queries that lead on, empty at an end. `error` says why this is not
    what was asked for."""

    rows: Sequence[Row]
    newer: str = ""
    older: str = ""
    error: str = ""


def page(found: QuerySet[Row], asked: QueryDict, *, by: Sequence[str] = ("id",)) -> Page[Row]:
    """`before` and `after` name a row's id. `by` orders the list, the last first, and ends with the
    id; an index has to know it."""
    forward = "before" not in asked and "after" in asked
    name = asked.get("after" if forward else "before", "")
    if not name:
        return _page(found, by, first=True)
    start = _row(found, name)
    if start is None:
        return _page(found, by, first=True)._replace(error=GONE)
    if not forward:
        return _page(found.filter(_beyond(start, by, "lt")), by, first=False)
    rows = list(found.filter(_beyond(start, by, "gt")).order_by(*by)[: SHOWN + 1])
    shown = rows[:SHOWN][::-1]
    if not shown:
        return _page(found, by, first=True)
    return Page(shown, _query("after", shown[0], len(rows) > SHOWN), _query("before", shown[-1]))


def chunks(found: QuerySet[Row], *, by: Sequence[str] = ("id",), size: int = 500) -> Any:
    """All rows, the last first, as many in memory as a chunk has."""
    part = list(_ordered(found, by)[:size])
    while part:
        yield from part
        if len(part) < size:
            return
        part = list(_ordered(found.filter(_beyond(part[-1], by, "lt")), by)[:size])


def _page(found: QuerySet[Row], by: Sequence[str], *, first: bool) -> Page[Row]:
    rows = list(_ordered(found, by)[: SHOWN + 1])
    shown = rows[:SHOWN]
    if not shown:
        return Page([])
    older = _query("before", shown[-1], len(rows) > SHOWN)
    return Page(shown, "" if first else _query("after", shown[0]), older)


def _ordered(found: QuerySet[Row], by: Sequence[str]) -> QuerySet[Row]:
    return found.order_by(*(f"-{field}" for field in by))


def _beyond(row: Model, by: Sequence[str], how: str) -> Q:
    """Rows on that side of this one. The first condition is what an index is entered with."""
    values = {field: getattr(row, field) for field in by}
    *most, last = by
    if not most:
        return Q(**{f"{last}__{how}": values[last]})
    (field,) = most
    same = Q(**{field: values[field], f"{last}__{how}": values[last]})
    return Q(**{f"{field}__{how}e": values[field]}) & (
        Q(**{f"{field}__{how}": values[field]}) | same
    )


def _row(found: QuerySet[Row], name: str) -> Row | None:
    try:
        return found.filter(pk=found.model._meta.pk.to_python(name)).first()
    except (ValidationError, ValueError):
        return None


def _query(which: str, row: Model, leads_on: bool = True) -> str:
    return f"{which}={row.pk}" if leads_on else ""
