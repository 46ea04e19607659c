from django.contrib import admin
from django.utils.safestring import SafeString

from billing.admin.acts.mails import RESEND
from billing.admin.windows import BillingWindow
from billing.models import Mail
from ledger.admin import shown


@admin.register(Mail)
class MailAdmin(BillingWindow):
    list_display = ["subject", "of", "kind", "recipients", "written", "state", "sent", "why"]
    list_filter = ["state"]
    acts = [RESEND]
    search_help_text = "A customer's name, e-mail or external id; cus_…"
    fields = [
        *("subject", "of", "kind", "about", "recipients", "state", "attempts", "created_at"),
        *("due_at", "sent_at", "error", "text"),
    ]

    @admin.display(description="customer")
    def of(self, mail: Mail) -> SafeString:
        return shown.customer(mail.customer) if mail.customer else SafeString("-")

    @admin.display(description="to")
    def recipients(self, mail: Mail) -> str:
        return ", ".join(mail.to)

    @admin.display
    def written(self, mail: Mail) -> str:
        return shown.instant(mail.created_at)

    @admin.display
    def sent(self, mail: Mail) -> str:
        return shown.instant(mail.sent_at)

    @admin.display(description="error")
    def why(self, mail: Mail) -> SafeString:
        return shown.cut(mail.error)
