"""Endpoints by use, and by what is left of what they earn."""

from collections.abc import Mapping
from decimal import Decimal
from urllib.parse import urlencode

from billing import margins
from billing.admin.dashboard import lines
from billing.admin.dashboard.blocks import Block, Cell, Link, Seen, Table
from billing.charts import Chart
from billing.charts import figure as drawn
from billing.margins import Line
from ledger.models import Endpoint

CHARTED = 8
NO_ENDPOINT = "(no endpoint)"


def block(seen: Seen) -> Block:
    made = Block(
        "endpoints",
        "Endpoints by use and margin",
        lines.as_of(seen),
        empty=lines.empty(seen),
        links=seen.links(("ledger.view_endpoint", "Endpoints", "ledger_endpoint_changelist")),
    )
    if seen.may("billing.view_margin"):
        made.links.insert(0, Link("Gross margin of these days", _margins(seen)))
    if made.empty or seen.calls is None:
        return made
    found = lines.read(seen.calls.endpoints)
    names = {str(id): code for id, code in Endpoint.objects.values_list("id", "code")}
    drawable = lines.top(found, CHARTED)
    if drawable:
        labels = [_name(line, names) for line in drawable]
        series = [("Credits used", [line.credits for line in drawable])]
        made.charts = [
            drawn(
                Chart("bars", "Credits used by endpoint", "credits", labels, series, of="Endpoint")
            )
        ]
    made.tables = [_table(seen, found, names)]
    made.notes = [
        "A call counts when it was made, with what it costs by now; revenue is what its credits"
        " cost, less partners' shares."
    ]
    return made


def _table(seen: Seen, found: list[Line], names: dict[str, str]) -> Table:
    currency, whole = seen.calls.currency if seen.calls else "", lines.credits_in_all(seen)
    with_money = seen.may("billing.view_margin") and bool(currency)
    columns = ["Endpoint", "Calls", "Credits used", "Share"]
    if with_money:
        columns += [*lines.money_columns(currency), "Target"]
    targets = margins.targets() if with_money else None
    rows: list[list[Cell]] = []
    for line in found:
        rows.append([_name(line, names), *lines.use(line, whole)])
        if targets is not None:
            rows[-1] += lines.money(line, currency)
            rows[-1].append(_target(line, targets))
    return Table("Endpoints by credits used", columns, rows)


def _target(line: Line, targets: Mapping[int, Decimal]) -> str:
    if line.of is None:
        return "-"
    return "under it" if line.is_under(targets[int(str(line.of))]) else "met"


def _name(line: Line, names: dict[str, str]) -> str:
    return names.get(str(line.of), NO_ENDPOINT) if line.of is not None else NO_ENDPOINT


def _margins(seen: Seen) -> str:
    period = seen.span.period
    days = {"start": period.start.date(), "end": seen.span.now.date()}
    link = seen.links(("billing.view_margin", "", "billing_margin_changelist"))[0]
    return f"{link.url}?{urlencode(days)}"
