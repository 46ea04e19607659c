"""Which figures are on which page, and where the API says them. Amounts are micro-credits, and
numbers of calls are told as if they were credits."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final, NamedTuple

from billing.models import Purchase
from tests.billing.portal.figures.page import micro
from tests.billing.portal.figures.told import Row, Told

SHOWN_AT_ONCE: Final = 8
DAYS: Final = 90

Says = Callable[[Told], list[int]]


class Page(NamedTuple):
    """An address's name, what it is asked for, and what its figures are called, each with what the
    API says of it. Of `sets`, rows are in an order of the page's own, and those of nothing are
    left out."""

    name: str
    figures: dict[str, Says]
    query: Callable[[Told], dict[str, str]] = lambda told: {"of": str(told.customer.id)}
    sets: bool = False


def _one(name: str) -> Says:
    return lambda told: [told.balance[name]]


def _used_of_limits(told: Told) -> list[int]:
    used = [one["open"] if one["used"] is None else one["used"] for one in told.limits]
    return [micro(str(one)) for one in used if one is not None]


def _bought(told: Told) -> list[int]:
    """The last first, as its ids are in order."""
    return [
        sum(micro(lot["amount"]) for lot in told.lots_of(one.payment.lots))
        for one in Purchase.objects.filter(customer=told.customer).order_by("-id")
    ]


def days(told: Told) -> tuple[date, date]:
    """Up to that of the ledger's clock."""
    last = told.now.date()
    return last - timedelta(days=DAYS - 1), last


def _of_days(told: Told) -> dict[str, str]:
    first, last = days(told)
    return {"from": str(first), "to": str(last)}


def used(column: str, *by: str) -> Says:
    def says(told: Told) -> list[int]:
        first, last = days(told)
        until = last + timedelta(days=1)
        rows: list[Row] = told.usage(
            *by, **{"from": f"{first}T00:00:00Z", "to": f"{until}T00:00:00Z"}
        )
        return [micro(str(row[column])) for row in rows]

    return says


def _by(dimension: str) -> dict[str, Says]:
    columns = {"Credits": "credits", "Calls": "calls"}
    return {f"by-{dimension}/{said}": used(column, dimension) for said, column in columns.items()}


OVERVIEW: Final = {
    "available": _one("available"),
    "held": _one("held"),
    "expiring": lambda told: told.expiring[:SHOWN_AT_ONCE],
}
PAGES: Final = [
    Page("overview", OVERVIEW),
    Page("overview", {"frozen": _one("frozen")}, sets=True),
    Page("figures", OVERVIEW),
    Page("limits", {"used-of-limit": _used_of_limits}),
    Page("purchases", {"bought": _bought}),
    Page("usage", {"#used": used("credits"), "#calls": used("calls")}, _of_days),
    Page(
        "usage",
        _by("day") | _by("endpoint") | _by("key") | _by("outcome"),
        _of_days,
        sets=True,
    ),
    Page(
        "calls", {"log/Credits": lambda told: [micro(one["cost"]) for one in told.calls]}, _of_days
    ),
    Page("statement", {"#closing": _one("total")}, _of_days),
]
