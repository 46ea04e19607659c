"""The debit API: how much it granted, and what it refused and why."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from django.utils.safestring import SafeString

from billing import figures
from billing.admin.dashboard import summed
from billing.admin.dashboard.blocks import Block, Cell, Figure, Seen, Table, minute
from billing.charts import Chart
from billing.charts import figure as drawn
from billing.compared import in_words
from ledger import answer_counts
from ledger.answer_counts import Count
from ledger.periods import Period

# What takes credits, of which each is asked for.
DEBITS: Final = ("reserve", "debit", "event")
GRANTED: Final = ""
EMPTY: Final = "The debit API was not asked in this time. As soon as it is, its answers stand here."
NOTES: Final = (
    "A debit is a reservation, a direct debit or a reported usage event; one that is sent again"
    " counts once, those of sandboxes not at all. What a web process counted in its last"
    f" seconds is lost when it is killed, and after {answer_counts.KEPT_FOR.days} days counts are"
    " forgotten; credits and money are never counted here."
)


def block(seen: Seen) -> Block:
    debits = [one for one in seen.counts if one.operation in DEBITS]
    made = Block(
        "answers",
        "Debits and refusals",
        minute(seen.span.now),
        notes=[NOTES],
        links=seen.links(
            ("ledger.view_reservation", "Reservations", "ledger_reservation_changelist"),
            (
                "ledger.view_refusedevent",
                "Usage events to decide on",
                "ledger_refusedevent_changelist?state__exact=waiting",
            ),
        ),
    )
    if not seen.counts:
        made.empty = EMPTY
        return made
    made.figures = _figures(seen, debits)
    made.charts = _charts(seen, debits)
    refused = [one for one in seen.counts if one.reason != GRANTED]
    made.tables = [_refusals(refused, sum(one.number for one in debits if one.at))]
    return made


def _figures(seen: Seen, debits: list[Count]) -> list[Figure]:
    now = _sums(one for one in debits if one.at)
    before = _sums(one for one in debits if not one.at)
    granted, refused = now[True], now[False]
    whole = granted + refused
    minutes = Decimal((seen.span.now - seen.span.period.start) / timedelta(minutes=1))
    return [
        Figure(
            "Debits granted",
            f"{granted:,}",
            in_words(granted, before[True], f"{before[True]:,}"),
        ),
        Figure("Granted a minute", _rate(granted, minutes), _lately(seen)),
        Figure(
            "Debits refused",
            f"{refused:,}",
            in_words(refused, before[False], f"{before[False]:,}"),
        ),
        Figure("Refused, of all", figures.percent(Decimal(refused) / whole if whole else None, 1)),
    ]


def _sums(counts: Iterable[Count]) -> Counter[bool]:
    """By whether they were granted."""
    found = Counter[bool]()
    for one in counts:
        found[one.reason == GRANTED] += one.number
    return found


def _lately(seen: Seen) -> str:
    """In the last five minutes that are over."""
    step = answer_counts.STEP
    end = datetime.fromtimestamp(
        seen.span.now.timestamp() // step.total_seconds() * step.total_seconds(), UTC
    )
    lately = Period(end - step, end)
    counts = answer_counts.counts(lately, Period(end, end), by="hour")
    granted = _sums(one for one in counts if one.operation in DEBITS)[True]
    return f"{_rate(granted, Decimal(5))} at {end - step:%H:%M}"


def _rate(count: int, minutes: Decimal) -> str:
    rate = Decimal(count) / max(minutes, Decimal(1))
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:,.1f}"


def _charts(seen: Seen, debits: list[Count]) -> list[SafeString]:
    parts: dict[str, Counter[datetime]] = {"Granted": Counter(), "Refused": Counter()}
    for one in debits:
        if one.at:
            parts["Granted" if one.reason == GRANTED else "Refused"][one.at] += one.number
    series = [
        (name, [found[at] for at in seen.span.parts]) for name, found in parts.items() if found
    ]
    if not series:
        return []
    labels, of = summed.labels(seen.span), summed.of_parts(seen.span)
    chart = Chart("stacked", "Debits", "calls", labels, series, of=of, is_open=True)
    return [drawn(chart)]


def _refusals(refused: list[Count], debits: int) -> Table:
    """The most frequent first."""
    now, before = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for one in refused:
        (now if one.at else before)[one.reason, one.operation] += one.number
    rows: list[list[Cell]] = [
        [reason, operation, f"{now[reason, operation]:,}", f"{before[reason, operation]:,}"]
        for reason, operation in sorted(now | before, key=lambda of: (-now[of], -before[of], of))
    ]
    return Table("Refusals by reason", ("Reason", "Operation", "Now", "Before"), rows)
