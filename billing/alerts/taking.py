"""Events of the ledger become alerts: a row each, and a mail for those of one instant."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from accounts.models import Customer
from billing.alerts.arming import arm
from billing.alerts.outdated import worth_a_mail
from billing.alerts.telling import tell
from billing.mails import recipients
from billing.models import Alert, AlertKind, AlertSettings
from ledger.outbox import Event

_KINDS: Final = {
    "balance.low": AlertKind.LOW,
    "balance.recovered": AlertKind.RECOVERED,
    "balance.exhausted": AlertKind.DRY,
}


def take(events: Sequence[Event]) -> None:
    arm({event.customer_id for event in events if event.kind == "credits.added"})
    alerts = [_alert(event) for event in events if _is_alert(event)]
    if alerts:
        _mail(worth_a_mail(alerts))
        Alert.objects.bulk_create(alerts)


def _is_alert(event: Event) -> bool:
    return event.kind in _KINDS and event.data.get("purpose") != "top_up"


def _alert(event: Event) -> Alert:
    """That it ran dry, and has recovered from that, is of no threshold."""
    is_of_threshold = event.data.get("purpose") == "alert"
    return Alert(
        customer_id=event.customer_id,
        event_id=event.id,
        kind=_KINDS[event.kind],
        basis=event.data["basis"] if is_of_threshold else "",
        value=event.data["value"] if is_of_threshold else None,
        level=event.data["level"] if is_of_threshold else None,
        available=event.data["available"],
        required=event.data.get("required"),
        happened_at=event.created_at,
    )


def _mail(alerts: Sequence[Alert]) -> None:
    customers = {alert.customer_id for alert in alerts}
    silent = AlertSettings.objects.filter(pk__in=customers).exclude(enabled=True, by_email=True)
    told = customers - set(silent.values_list("pk", flat=True))
    to, companies = recipients.of(told), Customer.objects.in_bulk(told)
    for together in _by_instant(alerts):
        if company := companies.get(together[0].customer_id):
            mail = tell(together, to=to[company.id], company=company)
            for alert in together:
                alert.mail = mail


def _by_instant(alerts: Sequence[Alert]) -> list[list[Alert]]:
    """What one call crossed."""
    found: dict[tuple[UUID, object], list[Alert]] = defaultdict(list)
    for alert in alerts:
        found[alert.customer_id, alert.happened_at].append(alert)
    return list(found.values())
