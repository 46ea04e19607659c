from collections.abc import Mapping, Sequence
from datetime import UTC
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from accounts.models import Customer
from billing import mails, shown
from billing.expiry_notices import due
from billing.expiry_notices.due import Due
from billing.mails import recipients
from billing.models import ExpiryNotice, Mail
from ledger import outbox, selectors


def write_due() -> int:
    """What is due now, each with its event, and a mail for those of a customer that end on one day;
    how many notices that were."""
    written = 0
    while some := _write_some():
        written += some
    return written


def _write_some() -> int:
    with transaction.atomic():
        _one_at_a_time()
        found = due.some()
        customers = {one.customer_id for one in found}
        to, companies = recipients.of(customers), Customer.objects.in_bulk(customers)
        for (customer_id, _), ending in groupby(found, key=_day):
            _write(companies[customer_id], list(ending), to[customer_id])
    return len(found)


def _one_at_a_time() -> None:
    """Until the end of the database transaction: two would find the same."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('drawdown expiry notices'))")


def _day(one: Due) -> tuple[UUID, object]:
    return one.customer_id, one.expires_at.astimezone(UTC).date()


def _write(company: Customer, ending: Sequence[Due], to: Sequence[str]) -> None:
    first = ending[0]
    mail = mails.write(
        "expiry",
        # One that was outdated before it was sent may have told of the same.
        f"{first.lot_id} {first.days} {selectors.now().isoformat()}",
        to=to,
        template="expiry",
        context=_context(company, ending),
        customer_id=company.id,
    )
    ExpiryNotice.objects.bulk_create(_notice(one, to, mail) for one in ending)
    for one in ending:
        told = {"amount": one.amount, "expires_at": one.expires_at, "days": one.days}
        outbox.tell(one.customer_id, "lot.expiring", str(one.lot_id), told)


def _notice(one: Due, to: Sequence[str], mail: Mail | None) -> ExpiryNotice:
    return ExpiryNotice(
        customer_id=one.customer_id,
        lot_id=one.lot_id,
        expires_at=one.expires_at,
        days=one.days,
        amount=one.amount,
        recipients=list(to),
        mail=mail,
    )


def _context(company: Customer, ending: Sequence[Due]) -> Mapping[str, Any]:
    ends = ending[0].expires_at.astimezone(UTC)
    return {
        "company": company.name,
        "total": shown.credits(sum(one.amount for one in ending)),
        "lots": [
            {
                "credits": shown.credits(one.amount),
                "kind": shown.LOT_KINDS.get(one.kind, one.kind),
                "expires_at": one.expires_at,
            }
            for one in ending
        ],
        "expires_at": ends,
        "days_left": (ends.date() - selectors.now().astimezone(UTC).date()).days,
    }
