"""Lines become lots, some at a time. Each has its own key in the ledger, and a line that is a lot
names it: whoever stops, wherever, goes on with the next, and nothing is entered twice."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F

from accounts import services as accounts
from accounts.models import Customer
from billing import sold
from billing.books.cohorts import OPENING, Cohort
from billing.books.rows import value
from billing.care.openings import owners
from billing.models import BillingProfile, OpeningImport, OpeningLine, OpeningState
from ledger import selectors, services
from ledger.errors import LedgerError
from ledger.operations import Operation
from ledger.services import Leg

AT_ONCE: Final = 500
# What ends while it is being entered still has to be entered, and expires then as all does.
LEAST: Final = timedelta(minutes=1)
CLEARING: Final = "3900"
REASON: Final = "Opening balance"


def run_waiting() -> int:
    """Lots entered, of all that is approved."""
    batches = OpeningImport.objects.filter(state=OpeningState.APPLYING).order_by("decided_at")
    return sum(run(batch) for batch in batches)


def run(batch: OpeningImport) -> int:
    """All that is left of it; how many lots that were. What the ledger refuses stays to be tried
    again, and the page says why."""
    count = 0
    try:
        while done := _some(batch.id):
            count += done
    except LedgerError as refusal:
        OpeningImport.objects.filter(id=batch.id).update(error=refusal.detail)
    batch.refresh_from_db()
    return count


@transaction.atomic
def _some(batch_id: UUID) -> int:
    """Two who enter one file take turns."""
    batch = OpeningImport.objects.select_for_update().get(id=batch_id)
    if batch.state != OpeningState.APPLYING:
        return 0
    lines = list(OpeningLine.objects.filter(batch=batch, lot_id=None).order_by("id")[:AT_ONCE])
    if not lines:
        finished = OpeningImport.objects.filter(id=batch_id)
        finished.update(state=OpeningState.DONE, finished_at=selectors.now(), error="")
        return 0
    _find_owners(lines)
    _enter(lines, actor=str(batch.decided_by_id))
    OpeningLine.objects.bulk_update(lines, ["customer", "lot_id"])
    OpeningImport.objects.filter(id=batch_id).update(lines_done=F("lines_done") + len(lines))
    return len(lines)


def _enter(lines: Sequence[OpeningLine], *, actor: str) -> None:
    """A customer's rows in the order of the file. Raises LedgerError."""
    classes, now = _escheat_classes(lines), selectors.now()
    months = _months(lines)
    wanted = [
        _operation(line, months[line.pk], classes.get(line.customer_id), now, actor)
        for line in lines
    ]
    for line, result in zip(lines, services.apply(wanted), strict=True):
        if not result.ok:
            raise LedgerError(result.code, f"Row {line.row}: the ledger says {result.code}.")
        line.lot_id = result.lot_id


def _operation(
    line: OpeningLine, month: datetime | None, escheat: str | None, now: datetime, actor: str
) -> Operation:
    is_priced = line.deferred > 0
    cohort = month and Cohort(month.date(), line.currency, OPENING, escheat or "").name
    assert line.customer_id
    return services.granting(
        line.customer_id,
        amount=line.credits,
        kind=line.kind,
        expires_at=line.expires_at and max(line.expires_at, now + LEAST),
        price=line.deferred,
        currency=line.currency if is_priced else None,
        money=[Leg(CLEARING, "2100", line.deferred, line.currency)] if is_priced else [],
        cohort=cohort if is_priced else None,
        escheat_class=escheat if is_priced else None,
        document=f"opening:{line.reference}",
        reason=REASON,
        actor=actor,
        key=f"opening {line.pk}",
    )


def _find_owners(lines: Sequence[OpeningLine]) -> None:
    """Those that an earlier line, or somebody else, has made meanwhile, and new ones."""
    new = [line for line in lines if line.customer_id is None]
    by_id = owners.by_external_id({line.external_id for line in new} - {""})
    by_email = owners.by_email({line.email for line in new if not line.external_id})
    known: dict[str, Customer] = {**{email: some[0] for email, some in by_email.items()}, **by_id}
    for line in new:
        identity = line.external_id or line.email
        if identity not in known:
            known[identity] = accounts.create_customer(
                name=line.name, email=line.email or None, external_id=line.external_id or None
            )
        line.customer = known[identity]


def _escheat_classes(lines: Sequence[OpeningLine]) -> dict[UUID | None, str]:
    """By customer, of those whose place has one."""
    priced = {line.customer_id for line in lines if line.deferred}
    profiles = BillingProfile.objects.filter(customer_id__in=priced).exclude(country="")
    found = {one.customer_id: sold.class_of_place(one.country, one.region) for one in profiles}
    return {customer: code for customer, code in found.items() if code}


def _months(lines: Sequence[OpeningLine]) -> dict[int, datetime | None]:
    """When each was bought, in the provider's time zone: its cohort's month."""
    zone = ZoneInfo(value("select time_zone from ledger_books"))
    return {line.pk: line.purchased_at and line.purchased_at.astimezone(zone) for line in lines}
