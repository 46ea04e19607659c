"""Usage day by day, as charts."""

from collections.abc import Callable, Sequence
from datetime import date

from billing.charts import Chart
from billing.portal.days import Days
from billing.portal.usage import asked as usage_asked
from billing.portal.usage import sums as usage_sums
from billing.portal.usage import tables as usage_tables
from billing.portal.usage.asked import CALLS, Asked
from billing.portal.usage.sums import Total
from ledger.usage import Dimension, Used

_NAMES = {Dimension.ENDPOINT: "endpoint", Dimension.KEY: "key", Dimension.OUTCOME: "outcome"}


def by_day(rows: Sequence[Used], asked: Asked) -> Chart | None:
    """Stacked by what is chosen; None without anything to draw."""
    return stacked(
        rows,
        asked,
        title=f"{asked.unit.capitalize()} a day, by {_NAMES[asked.split]}",
        of=lambda one: usage_asked.words_of(one, asked.split),
    )


def failed(rows: Sequence[Used], asked: Asked) -> Chart | None:
    """Of each day, by how they ended; None where no call failed."""
    return stacked(
        [one for one in rows if one.group.outcome in usage_sums.FAILED],
        asked._replace(unit=CALLS),
        title="Calls that failed a day, by outcome",
        of=lambda one: usage_asked.outcome_in_words(one.group.outcome),
    )


def stacked(
    rows: Sequence[Used], asked: Asked, *, title: str, of: Callable[[Used], str]
) -> Chart | None:
    days = asked.days.all
    found = usage_sums.totals(rows, lambda one: (one.group.day, of(one)))
    names = [
        name
        for name, total in usage_tables.by_weight(rows, of, asked)
        if usage_tables.weight(total, asked)
    ]
    if not names:
        return None
    return Chart(
        kind="stacked",
        title=title,
        unit=asked.unit,
        x=[name_of(day, asked.days) for day in days],
        series=[
            (name, [usage_tables.weight(found.get((day, name), Total()), asked) for day in days])
            for name in names
        ],
        of="UTC day",
        is_open=asked.days.last == asked.days.today,
    )


def name_of(day: date, days: Days) -> str:
    """With its year where the days are of two."""
    return f"{day:%-d %b}" if days.first.year == days.last.year else f"{day:%-d %b %y}"
