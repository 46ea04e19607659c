"""What the page of alerts says: which balances are watched, and what was told."""

from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from accounts.models import Customer
from billing import caps, shown
from billing.alerts.wording import threshold_in_words
from billing.jobs import digest
from billing.mails import recipients
from billing.models import (
    Alert,
    AlertBasis,
    AlertKind,
    AlertSettings,
    AlertThreshold,
    Mail,
    MailState,
)
from billing.portal.alerts.forms import ThresholdForm
from ledger.models import Threshold

ALERTS_SHOWN: Final = 20


class Badge(NamedTuple):
    tone: str
    text: str


class Row(NamedTuple):
    """A threshold, with the balance at which it is told, and the form that changes it."""

    threshold: AlertThreshold
    words: str
    level: str
    badge: Badge
    form: ThresholdForm


class Told(NamedTuple):
    tone: str
    title: str
    text: str
    at: datetime
    mailed: str


_STATES: Final = {
    MailState.DUE: Badge("", "On its way"),
    MailState.SENT: Badge("good", "Sent"),
    MailState.FAILED: Badge("bad", "Failed"),
    MailState.OUTDATED: Badge("", "Not sent: outdated"),
}
_TONES: Final = {AlertKind.LOW: "warn", AlertKind.DRY: "bad", AlertKind.RECOVERED: "good"}


def initial(settings: AlertSettings) -> dict[str, Any]:
    return {
        "enabled": settings.enabled,
        "by_email": settings.by_email,
        "extra_recipients": "\n".join(settings.extra_recipients),
        "cool_down_hours": settings.cool_down_hours,
        "weekly_digest": digest.wants_weekly_digest(settings.customer),
    }


def thresholds(
    settings: AlertSettings, wrong: ThresholdForm | None, changed: UUID | None
) -> list[Row]:
    """With `wrong`, what was typed into the form of the one that was to be `changed`."""
    found = Threshold.objects.filter(customer_id=settings.customer_id, purpose="alert")
    watched = {one.id: one for one in found}
    return [
        Row(
            one,
            threshold_in_words(one.basis, one.value),
            _level(watched.get(one.id)),
            _badge(watched.get(one.id), settings),
            wrong if wrong and one.id == changed else _form(one),
        )
        for one in settings.thresholds.order_by("basis", "value")
    ]


def history(customer: Customer) -> list[Told]:
    """The last first."""
    found = Alert.objects.filter(customer=customer.id).select_related("mail").order_by("-id")
    told = [_told(alert) for alert in found[:ALERTS_SHOWN]]
    told += [Told(*one[:4], mailed=_mailed(one.mail)) for one in caps.told(customer)]
    return sorted(told, key=lambda one: one.at, reverse=True)[:ALERTS_SHOWN]


def auto_id(threshold_id: UUID | None) -> str:
    """Of the fields of its form, and of that for a new one: no two on a page have one id."""
    return f"id_{threshold_id.hex}_%s" if threshold_id else "id_new_%s"


def recipients_of(customer_id: UUID) -> list[str]:
    return recipients.of([customer_id])[customer_id]


def badge_of_mail(mail: Mail) -> Badge:
    if mail.state == MailState.DUE and mail.error:
        return Badge("warn", "Tried again later")
    return _STATES[MailState(mail.state)]


def new_form() -> ThresholdForm:
    return ThresholdForm(initial={"basis": AlertBasis.CREDITS}, auto_id=auto_id(None))


def _form(threshold: AlertThreshold) -> ThresholdForm:
    said = shown.credits(threshold.value)
    amount = said if threshold.basis == AlertBasis.CREDITS else str(threshold.value)
    typed = {"amount": amount, "basis": threshold.basis}
    return ThresholdForm(initial=typed, auto_id=auto_id(threshold.id))


def _level(watched: Threshold | None) -> str:
    """That of days is worked out from the pace: a hundredth of a credit is exact enough."""
    if watched is None or watched.level is None:
        return "-"
    is_of_days = watched.basis == AlertBasis.DAYS
    return shown.credits(round(watched.level, -4) if is_of_days else watched.level)


def _badge(watched: Threshold | None, settings: AlertSettings) -> Badge:
    if not settings.enabled:
        return Badge("", "Off")
    if watched is None or watched.level is None:
        return Badge("", "With the next purchase")
    return Badge("warn", "Reached") if watched.crossed else Badge("good", "Watched")


def _told(alert: Alert) -> Told:
    threshold = threshold_in_words(alert.basis, alert.value or 0) if alert.basis else ""
    left = f"{shown.credits(alert.available)} credits were left."
    if alert.kind == AlertKind.DRY:
        title, text = "Out of credits", left
        if alert.required:
            text = f"{left} A call that needed {shown.credits(alert.required)} was refused."
    elif alert.kind == AlertKind.LOW:
        title, text = f"Low: {threshold}", left
    else:
        title, text = f"Recovered: {threshold}" if threshold else "Credits again", left
        text = f"There were {shown.credits(alert.available)} credits again."
    tone = _TONES[AlertKind(alert.kind)]
    return Told(tone, title, text, alert.happened_at, _mailed(alert.mail))


def _mailed(mail: Mail | None) -> str:
    if mail is None:
        return "Not mailed"
    to = ", ".join(mail.to)
    return {
        MailState.SENT: f"Mailed to {to}",
        MailState.FAILED: f"Could not be mailed to {to}",
        MailState.OUTDATED: "Not mailed: it was over before a mail could be sent",
    }.get(MailState(mail.state), f"Being mailed to {to}")
