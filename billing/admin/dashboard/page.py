"""The dashboard as its page shows it."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from accounts.models import User
from billing.admin.dashboard import (
    answers,
    balance,
    credits,
    customers,
    endpoints,
    holds,
    relay,
    revenue,
)
from billing.admin.dashboard.blocks import Block, Seen
from billing.dashboard import spans
from billing.dashboard.spans import Span
from ledger import selectors

# How things stand now, and what came of the time that is looked at.
NOW: Final = (balance, relay, holds)
COLUMNS: Final = ((credits,), (answers, revenue))
WIDE: Final = (endpoints, customers)
_NAMES: Final = {1: "24 hours", 7: "7 days", 30: "30 days", 90: "90 days"}


class Choice(NamedTuple):
    name: str
    url: str
    is_current: bool


class Page(NamedTuple):
    """`state` is another one as soon as something on it is."""

    html: SafeString
    state: str


def asked(query: QueryDict) -> int:
    """So many days; the usual where it makes no sense."""
    days = query.get("days", "")
    return int(days) if days in {str(one) for one in spans.LENGTHS} else spans.USUAL


def page(user: User, days: int) -> Page:
    span = spans.of(days, selectors.now())
    seen = Seen(span, user)
    said: dict[str, Any] = {
        "choices": _choices(days),
        "times": _times(span),
        "now": _blocks(seen, NOW),
        "columns": [_blocks(seen, column) for column in COLUMNS],
        "wide": _blocks(seen, WIDE),
    }
    html = render_to_string("billing/admin/dashboard/_blocks.html", said)
    state = blake2b(html.encode(), digest_size=8).hexdigest()
    return Page(SafeString(html), f"{days}-{state}")


def _blocks(seen: Seen, modules: Sequence[Any]) -> list[Block]:
    """Those that the one who looks may see."""
    made = (module.block(seen) for module in modules)
    return [block for block in made if block is not None]


def _choices(days: int) -> list[Choice]:
    index = reverse("admin:index")
    return [Choice(_NAMES[one], f"{index}?days={one}", one == days) for one in spans.LENGTHS]


def _times(span: Span) -> str:
    start, end, before = span.period.start, span.now, span.before
    return (
        f"{start:%-d %b %Y, %H:%M} to {end:%-d %b, %H:%M} UTC. Before means"
        f" {before.start:%-d %b %Y, %H:%M} to {before.end:%-d %b, %H:%M}."
    )
