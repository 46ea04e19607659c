"""What the page of usage tells, and its file."""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple
from uuid import UUID

from django.utils.safestring import SafeString

from accounts import csv_files
from billing import shown
from billing.charts import Chart, figure
from billing.portal.usage import charts as usage_charts
from billing.portal.usage import figures as usage_figures
from billing.portal.usage import sums as usage_sums
from billing.portal.usage import tables as usage_tables
from billing.portal.usage.asked import CALLS, CREDITS, SPLITS, Asked
from billing.portal.usage.figures import Compared, Projection
from billing.portal.usage.tables import Table
from ledger import amounts, selectors, usage
from ledger.usage import Dimension, Unbilled, Used

HEADER: Final = (
    "day",
    "endpoint",
    "key",
    "key_name",
    "key_prefix",
    "outcome",
    "calls",
    "credits",
)


class Choice(NamedTuple):
    name: str
    query: str
    is_current: bool


class Usage(NamedTuple):
    """`state` is equal as long as nothing of this has changed; it is asked for again while the
    days are not over."""

    state: str
    asks_again: bool
    calls: str
    credits: str
    error_rate: str
    failed: str
    compared: Compared
    unbilled: Unbilled | None
    unbilled_sum: str
    projection: Projection | None
    projected: str
    projection_how: str
    units: list[Choice]
    splits: list[Choice]
    by_day: SafeString
    failures: SafeString
    days: Table
    tables: list[Table]
    is_empty: bool


def told(customer_id: UUID, asked: Asked) -> Usage:
    found = rows(customer_id, asked)
    by_day = usage_sums.merged(found, {Dimension.DAY, asked.split, Dimension.OUTCOME})
    tables = usage_tables.tables(found, asked)
    total = usage_sums.total(by_day)
    compared = usage_figures.compared(customer_id, asked, total)
    unbilled = usage_figures.unbilled(customer_id, asked)
    projection = usage_figures.projection(customer_id, asked, selectors.now(customer_id))
    return Usage(
        state=_state(by_day, tables, compared, unbilled),
        asks_again=asked.days.first <= asked.days.today <= asked.days.last,
        calls=f"{total.calls:,}",
        credits=shown.credits(total.amount),
        error_rate=total.error_rate_in_words,
        failed=f"{total.failed:,} of {total.said:,} calls",
        compared=compared,
        unbilled=unbilled,
        unbilled_sum=f"{sum(unbilled):,}" if unbilled else "",
        projection=projection,
        projected=shown.estimated(projection.whole) if projection else "",
        projection_how=usage_figures.how(projection) if projection else "",
        units=[
            Choice(one.capitalize(), asked.address(unit=one), one == asked.unit)
            for one in (CREDITS, CALLS)
        ],
        splits=[
            Choice(f"By {one.value}", asked.address(split=one.value), one is asked.split)
            for one in SPLITS
        ],
        by_day=_figure(usage_charts.by_day(by_day, asked)),
        failures=_figure(usage_charts.failed(by_day, asked)),
        days=usage_tables.days(by_day, asked),
        tables=tables,
        is_empty=not total.calls,
    )


def rows(customer_id: UUID, asked: Asked) -> list[Used]:
    """What all of the page is made of, so that its parts agree."""
    found = usage.sums(customer_id, asked.days.period, list(Dimension))
    return [one for one in found if asked.has(one)] if asked.narrowed else found


def lines(rows: Iterable[Used]) -> Iterator[Sequence[str]]:
    """Of the file, in the words and amounts of the API."""
    for one in rows:
        yield (
            str(one.group.day),
            csv_files.safe(one.group.endpoint or ""),
            usage_tables.id_of(one.key),
            csv_files.safe(one.key.name if one.key else ""),
            one.key.prefix if one.key else "",
            one.group.outcome or "",
            str(one.calls),
            amounts.show(one.amount),
        )


def _figure(chart: Chart | None) -> SafeString:
    return figure(chart) if chart else SafeString("")


def _state(*known: object) -> str:
    return blake2b(repr(known).encode(), digest_size=8).hexdigest()
