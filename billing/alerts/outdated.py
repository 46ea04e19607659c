"""After an outage: a mail of what is no longer so would alarm for nothing."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from billing import mails
from billing.models import Alert, AlertKind, Mail, MailState
from ledger import selectors
from ledger.models import Threshold

FRESH: Final = timedelta(hours=1)


def worth_a_mail(alerts: Sequence[Alert]) -> list[Alert]:
    """Those that have just happened, and of the older ones those that are so yet."""
    fresh_since = selectors.now() - FRESH
    old = [alert for alert in alerts if alert.happened_at < fresh_since]
    crossed = _crossed({alert.customer_id for alert in old})
    return [
        alert
        for alert in alerts
        if alert.happened_at >= fresh_since
        or (alert.kind != AlertKind.RECOVERED and _place(alert) in crossed)
    ]


@mails.outdates("alert")
def is_outdated(mail: Mail) -> bool:
    """Also where a later one was sent before it, which tells of what came of it."""
    later = Mail.objects.filter(
        customer=mail.customer, kind=mail.kind, id__gt=mail.pk, state=MailState.SENT
    )
    told = Alert.objects.filter(event_id=mail.about)
    return later.exists() or not worth_a_mail(list(told))


def _crossed(customers: set[UUID]) -> set[tuple[UUID, str, int | None]]:
    """As an alert has it: that it ran dry is of no threshold."""
    found = Threshold.objects.filter(customer__in=customers, crossed=True)
    low = found.filter(purpose="alert").values_list("customer_id", "basis", "value")
    dry = found.filter(purpose="dry").values_list("customer_id", flat=True)
    return {*low, *((customer_id, "", None) for customer_id in dry)}


def _place(alert: Alert) -> tuple[UUID, str, int | None]:
    return alert.customer_id, alert.basis, alert.value
