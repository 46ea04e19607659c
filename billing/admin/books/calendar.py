"""Months as staff's pages list them: how each stands, and what comes next."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from django.urls import reverse

from billing.books import months, periods, reopening
from billing.books.cohorts import last_day
from billing.models import Period, PeriodState, ReopenRequest
from ledger.admin import shown

MONTHS_MAX = 120
_BADGES = {
    PeriodState.CLOSED: ("Closed", "good"),
    PeriodState.CLOSING: ("Being closed", "warn"),
    PeriodState.REOPENED: ("Reopened", "warn"),
}


class MonthRow(NamedTuple):
    month: date
    period: Period | None
    badge: str
    tone: str  # good, warn, quiet
    what_next: str
    is_next: bool
    waiting: ReopenRequest | None

    @property
    def name(self) -> str:
        return f"{self.month:%Y-%m}"

    @property
    def title(self) -> str:
        return f"{self.month:%B %Y}"

    @property
    def page(self) -> str:
        return page_of(self.month)

    @property
    def reports(self) -> str:
        return reverse("admin:billing_report_change", args=[self.name])

    @property
    def closed_at(self) -> str:
        return shown.instant(self.period.closed_at if self.period else None)

    @property
    def closed_by(self) -> str:
        if self.period is None or self.period.closed_at is None:
            return "-"
        return self.period.closed_by.email if self.period.closed_by else "a command"

    @property
    def is_closing(self) -> bool:
        return self.period is not None and self.period.state == PeriodState.CLOSING

    @property
    def is_closed(self) -> bool:
        return self.period is not None and self.period.state == PeriodState.CLOSED


class Books(NamedTuple):
    """What all months have in common."""

    today: date
    closed_through: date | None
    next_to_close: date | None


def read(text: str) -> date:
    """2026-10, or its first day. Raises ValueError."""
    return months.read(text.removesuffix("-01") if len(text) == 10 else text)


def page_of(month: date) -> str:
    return reverse("admin:billing_period_change", args=[f"{month:%Y-%m}"])


def listed() -> list[MonthRow]:
    """From the first that has entries or was closed until now, the last first."""
    books = _books()
    known = {period.month: period for period in Period.objects.select_related("closed_by")}
    waiting = {request.month: request for request in reopening.waiting()}
    return [
        _row(month, known.get(month), waiting.get(month), books)
        for month in _back_from(books.today.replace(day=1), _first(known, books))
    ]


def standing(month: date) -> MonthRow:
    period = Period.objects.select_related("closed_by", "reopened_by", "approved_by")
    waiting = reopening.waiting(month)
    return _row(
        month, period.filter(month=month).first(), waiting[0] if waiting else None, _books()
    )


def _books() -> Books:
    return Books(periods.today(), periods.closed_through(), periods.next_to_close())


def _first(known: dict[date, Period], books: Books) -> date:
    this = books.today.replace(day=1)
    return min([*known, books.next_to_close or this, this])


def _back_from(month: date, first: date) -> Iterator[date]:
    for _ in range(MONTHS_MAX):
        yield month
        if month <= first:
            return
        month = (month - timedelta(days=1)).replace(day=1)


def _row(
    month: date, period: Period | None, waiting: ReopenRequest | None, books: Books
) -> MonthRow:
    badge, tone = _badge(month, period, books)
    return MonthRow(
        month,
        period,
        badge,
        tone,
        _what_next(month, period, waiting, books),
        month == books.next_to_close,
        waiting,
    )


def _badge(month: date, period: Period | None, books: Books) -> tuple[str, str]:
    if period is not None and period.state in _BADGES:
        return _BADGES[PeriodState(period.state)]
    if books.closed_through is not None and last_day(month) <= books.closed_through:
        return "Closed", "good"
    return ("Open", "warn") if last_day(month) < books.today else ("Not over", "quiet")


def _what_next(
    month: date, period: Period | None, waiting: ReopenRequest | None, books: Books
) -> str:
    if waiting is not None:
        return f"{waiting.asked_by.email} asks to reopen it: decide"
    if period is not None and period.state == PeriodState.CLOSING:
        return "Continue closing it"
    if books.closed_through is not None and last_day(month) <= books.closed_through:
        return "-" if period else "Nothing was entered: closed with the next"
    if last_day(month) >= books.today:
        return f"Over after {last_day(month)}"
    if month == books.next_to_close:
        return "Close it"
    if books.next_to_close is None or month < books.next_to_close:
        return "Nothing was entered: closed with the next"
    return f"After {books.next_to_close:%Y-%m}"
