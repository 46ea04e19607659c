"""The mail of an alert: what is left, why it is told, and what it means."""

from collections.abc import Sequence
from uuid import UUID

from django.conf import settings

from accounts.models import Customer
from billing import mails, shown
from billing.alerts.wording import threshold_in_words
from billing.models import Alert, AlertKind, Mail
from billing.top_up import standing as top_up
from billing.top_up import suspending
from ledger import runway


def tell(alerts: Sequence[Alert], *, to: Sequence[str], company: Customer) -> Mail | None:
    """Of several at once the most severe. None: there is nobody to tell."""
    worst = min(alerts, key=_severity)
    context = {
        "company": company.name,
        "alert": worst,
        "available": shown.credits(worst.available),
        "required": shown.credits(worst.required) if worst.required else "",
        "is_out": worst.available <= 0,
        "threshold": threshold_in_words(worst.basis, worst.value or 0) if worst.basis else "",
        "days_left": _days_left(worst),
        "top_up": top_up.line(company, with_money=True),
        "is_top_up_well": top_up.is_well(company),
        "refused_with": "403 key-suspended" if suspending.is_at_the_end(company.id) else "402",
        "buy": settings.TOP_UP_URL,
    }
    return mails.write(
        "alert",
        str(worst.event_id),
        to=to,
        template=f"alert_{worst.kind}",
        context=context,
        customer_id=company.id,
    )


def _days_left(alert: Alert) -> int | None:
    """Of nothing there is nothing to tell."""
    if alert.available <= 0:
        return None
    return runway.days(alert.customer_id, available=alert.available)


def _severity(alert: Alert) -> tuple[int, int, UUID]:
    """Dry, then low: the lowest level first. Of recoveries, the highest one says the most."""
    level = alert.level or 0
    place = [AlertKind.DRY, AlertKind.LOW, AlertKind.RECOVERED].index(AlertKind(alert.kind))
    return place, -level if alert.kind == AlertKind.RECOVERED else level, alert.event_id
