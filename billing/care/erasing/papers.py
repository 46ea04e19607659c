"""Receipts, credit notes and invoices of customers that were erased: the law wants them kept as
they were issued for some years (`DOCUMENTS_KEPT_YEARS`). Then names and addresses go; numbers,
lines and amounts stay."""

from datetime import datetime

from django.conf import settings
from django.db import connection
from django.utils import timezone

from billing.models import Document, Erasure

_ERASE = "select billing_erase_documents(%s, %s)"


def erase_old(now: datetime | None = None) -> int:
    """How many documents that were."""
    now = now or timezone.now()
    count = 0
    before = kept_since(now)
    for erasure in Erasure.objects.filter(documents_done_at=None):
        count += _erase(erasure, before)
        if not Document.objects.filter(
            customer=erasure.customer_id, issued_at__gte=before
        ).exists():
            erasure.documents_done_at = now
            erasure.save(update_fields=["documents_done_at"])
    return count


def kept_since(now: datetime) -> datetime:
    """What was issued before is not kept any more: by whole calendar years, as the law counts."""
    first = now.year - settings.DOCUMENTS_KEPT_YEARS
    return now.replace(year=first, month=1, day=1, hour=0, minute=0, second=0, microsecond=0)


def _erase(erasure: Erasure, before: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_ERASE, [erasure.customer_id, before])
        return int(cursor.fetchall()[0][0])
