"""What a customer was told of its caps, for the portal's page of alerts."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from accounts.models import Customer
from billing.caps import wording
from billing.caps.taking import KIND
from billing.models import Mail
from ledger import selectors
from ledger.models import Event

_SHOWN: Final = 20
_OF_THE_LAST: Final = timedelta(days=31)


class Told(NamedTuple):
    tone: str
    title: str
    text: str
    at: datetime
    mail: Mail | None


def told(customer: Customer) -> list[Told]:
    """The last first."""
    since = selectors.lowest_id(selectors.now() - _OF_THE_LAST)
    kinds = (wording.WARNED, wording.REACHED)
    events = Event.objects.filter(customer=customer, id__gte=since, kind__in=kinds)
    found = list(events.order_by("-id")[:_SHOWN])
    mails = _mails([event.id for event in found])
    return [_told(event, customer, mails.get(str(event.id))) for event in found]


def _mails(events: list[UUID]) -> dict[str, Mail]:
    found = Mail.objects.filter(kind=KIND, about__in=[str(id) for id in events])
    return {mail.about: mail for mail in found}


def _told(event: Event, customer: Customer, mail: Mail | None) -> Told:
    cap = wording.of(event.data or {}, customer)
    used = f"{cap.used} credits of {cap.whose} were used {cap.period}."
    if event.kind == wording.REACHED:
        title = f"Spend cap reached: {cap.limit} credits"
        return Told("bad", title, f"{used} A call was refused.", event.created_at, mail)
    return Told("warn", f"Spend cap warns: {cap.limit} credits", used, event.created_at, mail)
