"""Margins as tables: by endpoint, beside its target and what is expected at list price, and by
customer."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final
from uuid import UUID

from django.utils import timezone
from moneyed import get_currency

from accounts.models import Customer
from billing.books.reports.table import Column, Row, Table, total
from billing.charts import Chart
from billing.margins.expected import Expected, expected
from billing.margins.realised import Line, Margins, realised
from billing.margins.targets import targets
from ledger.models import Endpoint, Price
from ledger.prices import rate_cards

CHARTED: Final = 12
UNDER, UNDER_AT_LIST = "Under its target", "Under its target at list price"
_FIGURES = (
    Column("calls", "Calls", "number"),
    Column("credits", "Credits used", "credits"),
    Column("revenue", "Revenue", "money"),
    Column("share", "Partners' share", "money"),
    Column("cost", "Cost", "money"),
    Column("margin", "Gross margin", "money"),
    Column("part", "Margin", "percent"),
)
NOTE = (
    "Revenue is what the credits of the calls cost, lot by lot, less what was reversed. Cost is of"
    " all calls that were made, those that were not billed too. Totals are rounded once, so"
    " that they may be a few of the smallest coins away from the sum of what is shown."
)


def report(start: date, end: date) -> list[Table]:
    """Of the calls from the first day to the last. Raises RateMissing."""
    found = realised(start, end)
    return [_endpoints(found), _customers(found)]


def _endpoints(found: Margins) -> Table:
    names = dict(Endpoint.objects.values_list("id", "code"))
    at_list = _at_list(found)
    currencies = sorted({one.pack_currency for each in at_list.values() for one in each})
    columns = (
        Column("name", "Endpoint", "text"),
        *_FIGURES,
        Column("target", "Target", "percent"),
        *(Column(f"list_{code}", f"At list price, {code}", "percent") for code in currencies),
        Column("flag", "To look at", "text"),
    )
    target = targets()
    used = {line.of for line in found.endpoints}
    unused = [
        Line(of, 0, 0, Decimal(0), Decimal(0), Decimal(0))
        for of in sorted(at_list)
        if of not in used
    ]
    rows: list[Row] = []
    for line in [*found.endpoints, *unused]:
        of = line.of
        assert of is None or isinstance(of, int)
        aimed = target[of] if of is not None else None
        listed = at_list.get(of, []) if of is not None else []
        rows.append(
            {
                "name": names.get(of, "(no endpoint)") if of is not None else "(no endpoint)",
                **_figures(line, found.currency),
                "target": aimed,
                **{f"list_{one.pack_currency}": one.part for one in listed},
                "flag": _flag(line, listed, aimed),
            }
        )
    return Table(
        "endpoints",
        f"By endpoint, {found.currency}",
        columns,
        rows,
        found.currency,
        _total(columns, rows, found.endpoints, found.currency),
        NOTE,
        _chart(rows),
    )


def _at_list(found: Margins) -> dict[int, list[Expected]]:
    card = rate_cards.in_force(None, timezone.now())
    prices = Price.objects.filter(rate_card=card) if card else Price.objects.none()
    at_list: dict[int, list[Expected]] = {}
    for one in expected(prices, found.quantities):
        at_list.setdefault(one.endpoint, []).append(one)
    return at_list


def _flag(line: Line, listed: list[Expected], target: Decimal | None) -> str:
    if target is None:
        return ""
    flags = []
    if line.calls and line.is_under(target):
        flags.append(UNDER)
    if any(one.is_under(target) for one in listed):
        flags.append(UNDER_AT_LIST if not flags else "at list price too")
    return ", ".join(flags)


def _customers(found: Margins) -> Table:
    ids = [line.of for line in found.customers if isinstance(line.of, UUID)]
    known = Customer.objects.filter(pk__in=ids)
    names: dict[object, str] = {customer.pk: customer.name for customer in known}
    columns = (Column("name", "Customer", "text"), *_FIGURES)
    rows: list[Row] = [
        {"name": names.get(line.of, str(line.of)), **_figures(line, found.currency)}
        for line in found.customers
    ]
    title = f"By customer, {found.currency}"
    whole = _total(columns, rows, found.customers, found.currency)
    return Table("customers", title, columns, rows, found.currency, whole)


def _figures(line: Line, currency: str) -> dict[str, Any]:
    """In minor units; what is left is the difference of what is shown."""
    revenue, share, cost = (
        minor(amount, currency) for amount in (line.revenue, line.share, line.cost)
    )
    return {
        "calls": line.calls,
        "credits": line.credits,
        "revenue": revenue,
        "share": share,
        "cost": cost,
        "margin": revenue - share - cost,
        "part": line.part,
    }


def minor(amount: Decimal, currency: str) -> int:
    whole = amount * get_currency(currency).sub_unit
    return int(whole.quantize(Decimal(1), ROUND_HALF_EVEN))


def _total(
    columns: tuple[Column, ...], rows: list[Row], lines: Sequence[Line], currency: str
) -> Row:
    """Of what is exact, and rounded once: it is the same in both tables."""
    whole = Line(
        None,
        sum(line.calls for line in lines),
        sum(line.credits for line in lines),
        sum((line.revenue for line in lines), Decimal(0)),
        sum((line.share for line in lines), Decimal(0)),
        sum((line.cost for line in lines), Decimal(0)),
    )
    return dict(total(columns, rows)) | _figures(whole, currency)


def _chart(rows: list[Row]) -> Chart | None:
    shown = [row for row in rows if row["part"] is not None and row["target"] is not None]
    if not shown:
        return None
    shown = shown[:CHARTED]
    series: list[tuple[str, list[int | Decimal]]] = [
        ("Margin", [_within(row, "part") for row in shown]),
        ("Target", [_within(row, "target") for row in shown]),
    ]
    return Chart("bars", "Margin by endpoint", "%", [row["name"] for row in shown], series)


def _within(row: Mapping[str, Any], name: str) -> Decimal:
    """A loss of many times the price would leave no room for the others."""
    return max(Decimal(row[name]), Decimal(-1))
