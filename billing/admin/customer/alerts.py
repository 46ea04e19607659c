"""What the customer was told of its balance."""

from typing import Final

from billing.admin import shown as billing_shown
from billing.admin.customer.section import ROWS_MAX, Looked, Section, at, badge, whole_list
from billing.alerts.wording import threshold_in_words
from billing.models import Alert, AlertKind
from ledger.admin import shown

COLUMNS: Final = ("At", "Alert", "Threshold", "#Was left", "Mail")
TONES: Final[dict[str, str]] = {
    AlertKind.LOW: "warn",
    AlertKind.RECOVERED: "good",
    AlertKind.DRY: "bad",
}


def section(looked: Looked) -> Section:
    found = Alert.objects.filter(customer=looked.customer).select_related("mail")
    return Section(
        "Alerts",
        COLUMNS,
        [_row(one, looked) for one in found.order_by("-id")[:ROWS_MAX]],
        none="Nothing was told.",
        all=whole_list(looked, "billing_alert"),
    )


def _row(alert: Alert, looked: Looked) -> list[object]:
    return [
        at(alert.happened_at),
        badge(alert.kind, TONES.get(alert.kind, "")),
        threshold_in_words(alert.basis, alert.value or 0) if alert.basis else "-",
        shown.number(alert.available),
        _mail(alert, looked),
    ]


def _mail(alert: Alert, looked: Looked) -> object:
    if alert.mail is None:
        return "-"
    state = alert.mail.get_state_display()
    may_see = looked.may("billing.view_mail")
    return shown.link(billing_shown.page(alert.mail), state) if may_see else state
