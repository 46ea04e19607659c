"""Fees are paid in advance and earned day by day: having the service at hand is what they are for.
Each day is earned when it is over, and each month gets its own days."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F

from billing.books import periods
from billing.books.cohorts import last_day
from billing.books.rows import value
from billing.models import Invoice
from billing.returns import leg
from billing.shares import part_of
from ledger import services

_FIRST_OPEN: Final = "select greatest(%(day)s::date, ledger_first_open())"
_ISSUED: Final = "select ledger_day(%(at)s)"


def earn_all() -> int:
    """How many invoices something was earned of. At once again: none."""
    today = periods.today()
    waiting = Invoice.objects.filter(fee__gt=F("fee_earned"), fee_from__lt=today)
    return sum(_earn(invoice_id, today) for invoice_id in waiting.values_list("id", flat=True))


def _earn(invoice_id: UUID, today: date) -> bool:
    with transaction.atomic():
        invoice = Invoice.objects.select_for_update().get(pk=invoice_id)
        before = invoice.fee_earned
        issued: date = value(_ISSUED, {"at": invoice.issued_at})
        for day in _days(invoice, today - timedelta(days=1)):
            _earn_until(invoice, day, not_before=issued)
        if invoice.fee_earned == before:
            return False
        invoice.save(update_fields=["fee_earned"])
    return True


def _days(invoice: Invoice, until: date) -> Iterator[date]:
    """The last of each month, and the last of all."""
    assert invoice.fee_from and invoice.fee_until
    last = min(until, invoice.fee_until - timedelta(days=1))
    day = last_day(invoice.fee_from)
    while day < last:
        yield day
        day = last_day(day + timedelta(days=1))
    if last >= invoice.fee_from:
        yield last


def _earn_until(invoice: Invoice, day: date, *, not_before: date) -> None:
    assert invoice.fee_from and invoice.fee_until
    over = (day - invoice.fee_from).days + 1
    earned = part_of(invoice.fee, over, (invoice.fee_until - invoice.fee_from).days)
    if earned <= invoice.fee_earned:
        return
    services.post(
        invoice.customer_id,
        kind="fee earned",
        money=[leg(invoice.currency, "2120", "4110", earned - invoice.fee_earned)],
        posted_on=value(_FIRST_OPEN, {"day": max(day, not_before)}),
        document=invoice.name,
        key=f"fee {invoice.name} {day}",
    )
    invoice.fee_earned = earned
