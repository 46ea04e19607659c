"""Use and margin of calls, of each time that the dashboard looks at: the margins report itself,
worked out beforehand because it reads every call (some seven seconds for a million)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

from django.utils import timezone

from billing import margins
from billing.books.errors import RateMissing
from billing.dashboard import spans
from billing.dashboard.spans import Span
from billing.margins import Line, Margins
from billing.models import CallFigures
from ledger import selectors

# Again after so long, or after so many times as long as it took.
AGAIN_AFTER: Final = timedelta(minutes=5)
REST: Final = 30
CUSTOMERS_KEPT: Final = 10


def work_out_due() -> str:
    """Those whose time has come; beat asks every minute."""
    known = {one.days: one for one in CallFigures.objects.all()}
    due = [days for days in spans.LENGTHS if _is_due(known.get(days), timezone.now())]
    for days in due:
        work_out(spans.of(days, selectors.now()))
    return f"{len(due)} worked out"


def work_out(span: Span) -> CallFigures:
    began, found = monotonic(), _found(span)
    took = timedelta(seconds=monotonic() - began)
    said = {"start": span.period.start, "end": span.period.end, "as_of": span.now, "took": took}
    figures, _ = CallFigures.objects.update_or_create(
        days=span.days, defaults=said | {"worked_at": timezone.now()} | found
    )
    return figures


def _is_due(last: CallFigures | None, now: datetime) -> bool:
    return last is None or now - last.worked_at >= max(AGAIN_AFTER, last.took * REST)


def _found(span: Span) -> dict[str, Any]:
    try:
        return _kept(margins.realised_between(*span.period))
    except RateMissing as refusal:
        return _kept(Margins("", [], [], {})) | {"error": refusal.detail}


def _kept(found: Margins) -> dict[str, Any]:
    customers = sorted(found.customers, key=lambda line: (-line.credits, str(line.of)))
    return {
        "currency": found.currency,
        "error": "",
        "endpoints": _lines(
            sorted(found.endpoints, key=lambda line: (-line.credits, str(line.of)))
        ),
        "customers": _lines(customers[:CUSTOMERS_KEPT]),
        "customers_in_all": len(customers),
    }


def _lines(lines: Sequence[Line]) -> list[list[Any]]:
    return [
        [str(line.of) if line.of is not None else None, line.calls, line.credits]
        + [str(amount) for amount in (line.revenue, line.share, line.cost)]
        for line in lines
    ]
