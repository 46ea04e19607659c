"""Every invariant of the books is proved, and what came of it is kept."""

import logging
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from billing import findings
from billing.books import periods, tie_outs
from billing.models import BooksCheck, NoticeKind
from billing.operators.notices import Said, settle
from ledger import checks
from ledger.checks import Finding

NIGHT_ENDS = 6  # o'clock, UTC
# Whatever becomes of the nights.
LONG_AGO = timedelta(hours=47)

logger = logging.getLogger(__name__)


def run(asked_by: User | None = None) -> BooksCheck:
    """Not within a transaction: it reads one snapshot of its own."""
    started_at = timezone.now()
    found = [*checks.verify(), *_of_last_closed()]
    books_check = BooksCheck.objects.create(
        started_at=started_at,
        finished_at=timezone.now(),
        asked_by=asked_by,
        checks=len(found),
        broken=sum(finding.broken > 0 for finding in found),
        findings=[findings.kept(finding) for finding in found],
    )
    if books_check.broken:
        names = ", ".join(finding.check.name for finding in found if finding.broken)
        logger.error("The books do not balance (check %s): %s", books_check.pk, names)
    return books_check


def run_and_tell() -> BooksCheck:
    """Operators, too, are told what is broken, and when it no longer is."""
    books_check = run()
    settle(NoticeKind.BOOKS_BROKEN, [_said(books_check)] if books_check.broken else [])
    return books_check


def is_due(now: datetime) -> bool:
    """Once a night, UTC; one that a person asked for tells no operator, and puts off none."""
    last = BooksCheck.objects.filter(asked_by=None).order_by("-id").first()
    if last is None or now - last.started_at > LONG_AGO:
        return True
    return last.started_at.date() < now.date() and now.hour < NIGHT_ENDS


def _said(books_check: BooksCheck) -> Said:
    broken = [finding for finding in books_check.findings if finding["broken"]]
    return Said(
        f"The books do not balance: {books_check.broken} of {books_check.checks} checks",
        "\n".join(f"{one['name']}: {one['title']} ({one['broken']})" for one in broken),
        reverse("admin:billing_bookscheck_change", args=[books_check.pk]),
    )


def _of_last_closed() -> list[Finding]:
    """What tied when the last month was closed ties for ever."""
    through = periods.closed_through()
    return list(tie_outs.run(through.replace(day=1), through)) if through else []
