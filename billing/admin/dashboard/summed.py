"""Figures from the sums of transfers: of a time and of that before, and part by part."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from billing.admin.dashboard.blocks import Figure, Seen
from billing.charts import Chart
from billing.compared import in_words
from billing.dashboard.spans import Span
from ledger.company_sums import Sum

LATE_AFTER: Final = timedelta(minutes=5)
STILL: Final = (
    "What was posted so far is still being summed: figures grow until it is done. See that the"
    " worker runs."
)


class Measure(NamedTuple):
    """How much a sum adds to it."""

    name: str
    of: Callable[[Sum], int]


class Measured(NamedTuple):
    now: int
    before: int
    parts: dict[datetime, int]


def measured(sums: Iterable[Sum], measure: Measure) -> Measured:
    now, before, parts = 0, 0, dict[datetime, int]()
    for one in sums:
        amount = measure.of(one)
        if not amount:
            continue
        if one.at is None:
            before += amount
        else:
            now += amount
            parts[one.at] = parts.get(one.at, 0) + amount
    return Measured(now, before, parts)


def figure(measure: Measure, found: Measured, shown: Callable[[int], str]) -> Figure:
    return Figure(
        measure.name, shown(found.now), in_words(found.now, found.before, shown(found.before))
    )


def chart(
    span: Span, title: str, unit: str, found: Sequence[tuple[Measure, Measured]]
) -> Chart | None:
    """Stacked hour by hour or day by day; None where there is nothing to draw."""
    series = [
        (measure.name, [one.parts.get(at, 0) for at in span.parts])
        for measure, one in found
        if any(one.parts.values())
    ]
    if not series:
        return None
    return Chart("stacked", title, unit, labels(span), series, of=of_parts(span), is_open=True)


def labels(span: Span) -> list[str]:
    if span.by == "hour":
        return [f"{at:%H:%M}" for at in span.parts]
    return [f"{at:%-d %b}" for at in span.parts]


def of_parts(span: Span) -> str:
    return "UTC hour" if span.by == "hour" else "UTC day"


def warning(seen: Seen) -> str:
    """Where the sums are behind."""
    if seen.summed_at is None or seen.span.now - seen.summed_at > LATE_AFTER:
        return STILL
    return ""
