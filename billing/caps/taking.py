"""Events of caps become mails, each one, but of test wallets: nobody is woken for those."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.conf import settings
from django.urls import reverse

from accounts.models import Customer
from billing import mails
from billing.caps import wording
from billing.mails import recipients
from billing.models import AlertSettings, Mail
from ledger import selectors
from ledger.models import Event as StoredEvent
from ledger.outbox import Event

KIND: Final = "spend_cap"
_TEMPLATES: Final = {wording.WARNED: "spend_cap_warned", wording.REACHED: "spend_cap_reached"}


def take(events: Sequence[Event]) -> None:
    told = [event for event in events if event.kind in _TEMPLATES and not _is_over(event)]
    customers = {event.customer_id for event in told}
    if not customers:
        return
    silent = AlertSettings.objects.filter(pk__in=customers).exclude(enabled=True, by_email=True)
    customers -= set(silent.values_list("pk", flat=True))
    companies = Customer.objects.filter(sandbox_of=None).in_bulk(customers)
    to = recipients.of(companies)
    for event in told:
        if company := companies.get(event.customer_id):
            _mail(event, company, to[company.id])


def _mail(event: Event, company: Customer, to: Sequence[str]) -> None:
    context = {
        "company": company.name,
        "cap": wording.of(event.data, company),
        "page": settings.PUBLIC_URL.rstrip("/") + reverse("limits"),
    }
    mails.write(
        KIND,
        str(event.id),
        to=to,
        template=_TEMPLATES[event.kind],
        context=context,
        customer_id=company.id,
    )


@mails.outdates(KIND)
def is_outdated(mail: Mail) -> bool:
    """The window that it tells of has ended."""
    event = StoredEvent.objects.filter(customer=mail.customer_id, id=mail.about).first()
    return event is not None and _has_ended((event.data or {}).get("resets_at"))


def _is_over(event: Event) -> bool:
    return _has_ended(event.data.get("resets_at"))


def _has_ended(resets_at: str | None) -> bool:
    return resets_at is not None and datetime.fromisoformat(resets_at) <= selectors.now()
