"""A week of a customer's credits, mailed to its owners on Mondays where they ask for it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum

from accounts.models import Customer, CustomerStatus, Member, Role
from billing import mails, shown
from billing.models import Mail, NotificationPreference, Purchase, PurchaseState
from ledger import runway, selectors, usage
from ledger.periods import Period

KIND = "weekly-digest"
SOON = timedelta(days=14)
A_WEEK = timedelta(days=7)


def set_weekly_digest(customer: Customer, *, wanted: bool) -> None:
    """From the next week on. Asked for again, it stays as it was."""
    if wanted != wants_weekly_digest(customer):
        NotificationPreference.objects.update_or_create(
            customer=customer, defaults={"weekly_digest": wanted}
        )


def wants_weekly_digest(customer: Customer) -> bool:
    return NotificationPreference.objects.filter(customer=customer, weekly_digest=True).exists()


def write_all(today: date) -> int:
    """Of the week before the one of this day, for who asked for it in time; how many were written.
    Asked again: none."""
    monday = today - timedelta(days=today.weekday())
    return sum(_write(customer, monday) for customer in _waiting(monday))


def _waiting(monday: date) -> Iterator[Customer]:
    in_time = _week_before(monday).end
    wanted = NotificationPreference.objects.filter(weekly_digest=True, changed_at__lt=in_time)
    customers = Customer.objects.filter(
        pk__in=wanted.values("customer"), status=CustomerStatus.ACTIVE
    )
    for customer in customers.order_by("pk").iterator():
        if not Mail.objects.filter(kind=KIND, about=_about(customer.pk, monday)).exists():
            yield customer


def _write(customer: Customer, monday: date) -> bool:
    owners = Member.objects.filter(
        customer=customer, role=Role.OWNER, user__is_active=True
    ).order_by("pk")
    figures = _figures(customer.pk, _week_before(monday))
    with transaction.atomic():
        mail = mails.write(
            KIND,
            _about(customer.pk, monday),
            to=list(owners.values_list("user__email", flat=True)),
            template="weekly_digest",
            context={"customer": customer, **figures},
            customer_id=customer.pk,
        )
    return mail is not None


def _about(customer_id: UUID, monday: date) -> str:
    return f"{customer_id.hex} {monday.isoformat()}"


def _week_before(monday: date) -> Period:
    end = datetime.combine(monday, time(), UTC)
    return Period(end - A_WEEK, end)


def _figures(customer_id: UUID, week: Period) -> dict[str, Any]:
    available = selectors.balance(customer_id).available
    bought = Purchase.objects.filter(
        customer_id=customer_id,
        state=PurchaseState.PAID,
        paid_at__gte=week.start,
        paid_at__lt=week.end,
    ).aggregate(credits=Sum(F("credits") + F("bonus_credits")))["credits"]
    return {
        "first_day": week.start.date(),
        "last_day": week.end.date() - timedelta(days=1),
        "used": shown.credits(usage.use(customer_id, week).amount),
        "bought": shown.credits(bought or 0),
        "available": shown.credits(available),
        "expiring": shown.credits(_expiring(customer_id)),
        "soon_days": SOON.days,
        "days_left": runway.days(customer_id, available=available),
    }


def _expiring(customer_id: UUID) -> int:
    until = selectors.now() + SOON
    lots = selectors.expiring_lots(customer_id)
    return sum(
        lot.remaining - lot.held - lot.frozen
        for lot in lots
        if lot.expires_at and lot.expires_at <= until
    )
