"""Whether the books balance, as the last check found it."""

from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from billing.admin import shown as billing_shown
from billing.admin.dashboard.blocks import Block, Figure, Link, Seen, minute
from billing.models import BooksCheck
from ledger.admin import shown

# They are checked once a night.
OLD_AFTER: Final = timedelta(hours=36)


def block(seen: Seen) -> Block | None:
    if not seen.may("billing.view_bookscheck"):
        return None
    last = BooksCheck.objects.order_by("-id").defer("findings").first()
    made = Block(
        "balance",
        "Books balance",
        minute(last.started_at if last else None),
        figures=[figure(last, timezone.now())],
        links=seen.links(
            ("billing.view_bookscheck", "All checks", "billing_bookscheck_changelist")
        ),
    )
    if last is not None:
        made.links.insert(0, Link("This check", billing_shown.page(last)))
    return made


def figure(last: BooksCheck | None, now: datetime) -> Figure:
    if last is None:
        return Figure("Books", "not checked yet", "They are checked once a night", "warn")
    age = f"checked {shown.age(last.started_at, now)} ago"
    if last.broken:
        checks = f"{last.broken} of {last.checks} checks broken"
        return Figure("Books", "broken", f"{checks}, {age}", "bad")
    if now - last.started_at > OLD_AFTER:
        why = "they should be each night: see the job books"
        return Figure("Books", "not checked lately", f"{age}; {why}", "bad")
    return Figure("Books", "balance", f"{last.checks} checks hold, {age}", "good")
