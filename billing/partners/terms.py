"""Whose an endpoint is. Terms hold from a day on and never for what was before: who accrues waits
while terms are made, so that no call is looked at without the terms that it is under."""

from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, Q

from accounts.models import User
from billing.books import locks
from billing.books.rows import value
from billing.models import Partner, PartnerTerm
from billing.partners.errors import (
    PartnerError,
    ShareOutOfRange,
    TermsInPast,
    TermsOver,
    TermsOverlap,
)
from ledger.amounts import LIMIT
from ledger.models import Endpoint

PERCENT_PLACES = 4


@transaction.atomic
def agree(
    partner: Partner,
    endpoint: Endpoint,
    *,
    percent: Decimal | None = None,
    credits: int | None = None,
    starts_on: date,
    ends_on: date | None = None,
    by: User | None = None,
) -> PartnerTerm:
    """From the beginning of a day, today from now on, until the beginning of another. Credits are
    micro-credits a call. Raises ShareOutOfRange, TermsInPast, TermsOverlap, PartnerError."""
    _check_share(percent, credits)
    locks.partners()
    starts_at = _instant(starts_on)
    ends_at = _instant(ends_on) if ends_on else None
    if ends_at is not None and ends_at <= starts_at:
        raise PartnerError("The last day must be after the first.")
    _check_free(endpoint, starts_at, ends_at)
    return PartnerTerm.objects.create(
        partner=partner,
        endpoint=endpoint,
        percent=percent,
        credits=credits,
        starts_at=starts_at,
        ends_at=ends_at,
        created_by=by,
    )


@transaction.atomic
def end(term: PartnerTerm, on: date) -> PartnerTerm:
    """They hold until the beginning of this day; today: until now. Terms that have not begun hold
    never, if they end before. Raises TermsOver, TermsInPast, TermsOverlap."""
    locks.partners()
    term = PartnerTerm.objects.select_for_update().get(pk=term.pk)
    if term.is_over(_now()):
        raise TermsOver
    ends_at = max(_instant(on), term.starts_at)
    _check_free(term.endpoint, term.starts_at, ends_at, but=term)
    term.ends_at = ends_at
    term.save(update_fields=["ends_at"])
    return term


def day_of(instant: datetime) -> date:
    """In the time zone of the books."""
    return instant.astimezone(_zone()).date()


def _check_share(percent: Decimal | None, credits: int | None) -> None:
    if (percent is None) == (credits is None):
        raise ShareOutOfRange
    if percent is not None and not 0 < percent <= 100:
        raise ShareOutOfRange
    if percent is not None and percent != round(percent, PERCENT_PLACES):
        raise ShareOutOfRange(f"Per cent have {PERCENT_PLACES} decimal places at most.")
    if credits is not None and not 0 < credits <= LIMIT:
        raise ShareOutOfRange


def _check_free(
    endpoint: Endpoint,
    starts_at: datetime,
    ends_at: datetime | None,
    *,
    but: PartnerTerm | None = None,
) -> None:
    others = PartnerTerm.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=starts_at), endpoint=endpoint
    ).exclude(ends_at=F("starts_at"))
    if ends_at is not None:
        others = others.filter(starts_at__lt=ends_at)
    if but is not None:
        others = others.exclude(pk=but.pk)
    other = others.select_related("partner").first()
    if other is not None:
        until = f"until {day_of(other.ends_at)}" if other.ends_at else "without an end"
        raise TermsOverlap(
            f"{endpoint} is {other.partner}'s from {day_of(other.starts_at)} {until}: end those"
            " terms first, or begin after them."
        )


def _instant(day: date) -> datetime:
    """When a day begins; of today, now. Raises TermsInPast."""
    now = _now()
    today = now.astimezone(_zone()).date()
    if day < today:
        raise TermsInPast
    return now if day == today else datetime.combine(day, time(), _zone())


def _zone() -> ZoneInfo:
    return ZoneInfo(value("select time_zone from ledger_books"))


def _now() -> datetime:
    now: datetime = value("select ledger_now()")
    return now
