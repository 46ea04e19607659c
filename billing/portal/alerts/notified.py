"""All that a company was told: mails, and events as its webhooks and the API tell them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from accounts.models import Customer, Member
from accounts.permissions import RIGHTS, Right
from billing.jobs import digest
from billing.mails import recipients
from billing.models import AlertSettings, DeliveryState, Mail, WebhookDelivery
from billing.portal.alerts import watched
from billing.portal.alerts.watched import Badge
from billing.webhooks_out.catalogue import TYPES
from ledger.models import Event

_SENTENCES: Final = {one.name: one.sentence for one in TYPES}
_DELIVERIES: Final = {
    DeliveryState.DUE: Badge("accent", "On its way"),
    DeliveryState.DELIVERED: Badge("good", "Delivered"),
    DeliveryState.FAILED: Badge("bad", "Failed"),
    DeliveryState.SKIPPED: Badge("", "Not sent: the endpoint was disabled"),
}


class Kind(NamedTuple):
    """Mails of one kind: to whom they go now. `state` says why none is sent, where that is so."""

    what: str
    to: Sequence[str]
    state: str
    page: str  # where that is changed


class Delivered(NamedTuple):
    """`where` is empty for who may not see addresses: whoever has one can post there."""

    delivery: WebhookDelivery
    where: str
    badge: Badge


class Told(NamedTuple):
    name: str
    sentence: str
    at: datetime
    deliveries: Sequence[Delivered]


def kinds(customer: Customer) -> list[Kind]:
    """Which mails there are, and who gets each."""
    settings = AlertSettings.objects.filter(customer=customer).first()
    all_told = recipients.of([customer.id])[customer.id]
    buyers, keepers = _people(customer, Right.BUY), _people(customer, Right.KEYS)
    owners = _people(customer, Right.MEMBERS)
    silent = "" if settings is None or settings.enabled else "Off: alerts are off"
    if settings is not None and settings.enabled and not settings.by_email:
        silent = "Off: alerts are not sent by e-mail"
    weekly = "" if digest.wants_weekly_digest(customer) else "Off: nobody asked for it"
    return [
        Kind("The balance is low, at its end, or well again", all_told, silent, "alerts"),
        Kind("A spend cap warns, or refuses a call", all_told, silent, "limits"),
        Kind("Credits are about to expire", all_told, "", "alerts"),
        Kind("An automatic top-up: charged, failed or paused", buyers, "", "top-up"),
        Kind("An invoice of a plan: paid or failed", buyers, "", "plan"),
        Kind("A key is used from unusually many addresses", keepers, "", "keys"),
        Kind("A webhook is disabled because it fails", owners, "", "webhooks"),
        Kind("The week in figures, on Mondays", owners, weekly, "alerts"),
    ]


def events(customer: Customer, found: Sequence[Event], *, may_see_where: bool) -> list[Told]:
    deliveries = _deliveries(customer, [one.id for one in found], may_see_where=may_see_where)
    return [
        Told(one.kind, _SENTENCES[one.kind], one.created_at, deliveries[one.id]) for one in found
    ]


def names() -> list[str]:
    """Of events that are told to customers; the ledger knows others."""
    return list(_SENTENCES)


def mail(one: Mail) -> dict[str, object]:
    return {"mail": one, "badge": watched.badge_of_mail(one)}


def _deliveries(
    customer: Customer, ids: Sequence[UUID], *, may_see_where: bool
) -> Mapping[UUID, list[Delivered]]:
    found = WebhookDelivery.objects.filter(endpoint__customer=customer, event_id__in=ids)
    told: dict[UUID, list[Delivered]] = defaultdict(list)
    for one in found.select_related("endpoint").order_by("id"):
        where = (one.endpoint.description or one.endpoint.url) if may_see_where else ""
        told[one.event_id].append(Delivered(one, where, _DELIVERIES[DeliveryState(one.state)]))
    return told


def _people(customer: Customer, right: Right) -> list[str]:
    roles = [role for role, rights in RIGHTS.items() if right in rights]
    found = Member.objects.filter(customer=customer, role__in=roles, user__is_active=True)
    return list(found.order_by("user__email").values_list("user__email", flat=True))
