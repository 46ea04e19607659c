"""That customers were told of credits that end, and beside each lot what they were told of it."""

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from billing.admin import history
from billing.admin import shown as billing_shown
from billing.admin.windows import BillingWindow
from billing.models import ExpiryNotice
from ledger.admin import shown
from ledger.admin.lots import LotAdmin
from ledger.ids import LOT
from ledger.models import Lot


@admin.register(ExpiryNotice)
class ExpiryNoticeAdmin(BillingWindow):
    list_display = ["written", "of", "lot", "days", "left", "ends", "delivered", "undelivered"]
    list_display_links = ["written"]
    list_filter = [("delivered_at", admin.EmptyFieldListFilter)]
    list_select_related = ["customer", "mail"]
    id_columns = {**BillingWindow.id_columns, LOT: "lot_id"}
    search_help_text = "A customer's name, e-mail or external id; cus_…, lot_…"
    fields = [
        *("written", "of", "lot", "days", "left", "expires_at", "told", "delivered_at"),
        *("undelivered", "mailed", "said"),
    ]

    @admin.display
    def written(self, notice: ExpiryNotice) -> str:
        return shown.instant(notice.created_at)

    @admin.display(description="customer")
    def of(self, notice: ExpiryNotice) -> SafeString:
        return shown.customer(notice.customer)

    @admin.display
    def lot(self, notice: ExpiryNotice) -> SafeString:
        page = shown.row_page("lot", notice.customer_id, notice.lot_id)
        return shown.link(page, shown.short(LOT, notice.lot_id))

    @admin.display
    def left(self, notice: ExpiryNotice) -> SafeString:
        return shown.credits(notice.amount)

    @admin.display(description="expires")
    def ends(self, notice: ExpiryNotice) -> str:
        return shown.instant(notice.expires_at)

    @admin.display
    def delivered(self, notice: ExpiryNotice) -> str:
        return shown.instant(notice.delivered_at)

    @admin.display(description="why not")
    def undelivered(self, notice: ExpiryNotice) -> str:
        return notice.why_not or "-"

    @admin.display(description="recipients")
    def told(self, notice: ExpiryNotice) -> str:
        return ", ".join(notice.recipients) or "-"

    @admin.display(description="mail")
    def mailed(self, notice: ExpiryNotice) -> SafeString | str:
        if notice.mail is None:
            return "-"
        return shown.link(billing_shown.page(notice.mail), notice.mail.subject)

    @admin.display(description="as it was sent")
    def said(self, notice: ExpiryNotice) -> str:
        return notice.mail.text if notice.mail else "-"


# The ledger does not know of notices; the evidence belongs beside the expiry all the same.
admin.site.unregister(Lot)


@admin.register(Lot)
class NoticedLotAdmin(LotAdmin):
    fields = [*LotAdmin.fields, "notices"]

    @admin.display(description="document")
    def source(self, lot: Lot) -> SafeString:
        return history.document(lot.document)

    @admin.display(description="notices of its end")
    def notices(self, lot: Lot) -> SafeString:
        found = ExpiryNotice.objects.filter(customer_id=lot.customer_id, lot_id=lot.id)
        rows = [
            (billing_shown.page(one), _in_words(one))
            for one in found.select_related("mail").order_by("id")
        ]
        return format_html_join(SafeString("<br>"), '<a href="{}">{}</a>', rows) or SafeString("-")


def _in_words(notice: ExpiryNotice) -> str:
    left = f"{shown.number(notice.amount)} left, {notice.days} days before"
    what = f"{left} {shown.instant(notice.expires_at)}"
    if notice.delivered_at:
        return f"{what}: delivered {shown.instant(notice.delivered_at)}"
    return f"{what}: not delivered. {notice.why_not}"
