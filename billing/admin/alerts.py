from django.contrib import admin
from django.utils.safestring import SafeString

from billing.admin import shown as billing_shown
from billing.admin.windows import BillingWindow
from billing.alerts.wording import threshold_in_words
from billing.models import Alert
from ledger.admin import shown


@admin.register(Alert)
class AlertAdmin(BillingWindow):
    list_display = ["at", "of", "kind", "threshold", "left", "mailed"]
    list_display_links = ["at"]
    list_filter = ["kind"]
    list_select_related = ["customer", "mail"]
    search_help_text = "A customer's name, e-mail or external id; cus_…"
    fields = ["at", "of", "kind", "threshold", "left", "needed", "mailed", "event_id"]

    @admin.display
    def at(self, alert: Alert) -> str:
        return shown.instant(alert.happened_at)

    @admin.display(description="customer")
    def of(self, alert: Alert) -> SafeString:
        return shown.customer(alert.customer)

    @admin.display
    def threshold(self, alert: Alert) -> str:
        return threshold_in_words(alert.basis, alert.value or 0) if alert.basis else "-"

    @admin.display
    def left(self, alert: Alert) -> SafeString:
        return shown.credits(alert.available)

    @admin.display
    def needed(self, alert: Alert) -> SafeString | str:
        return shown.credits(alert.required) if alert.required else "-"

    @admin.display
    def mailed(self, alert: Alert) -> SafeString | str:
        if alert.mail is None:
            return "-"
        return shown.link(billing_shown.page(alert.mail), alert.mail.get_state_display())
