"""What staff wrote down about customers, of all of them. It is written on a customer's page."""

from django.contrib import admin
from django.utils.safestring import SafeString

from billing.admin.windows import BillingWindow
from billing.models import Note
from ledger.admin import shown


@admin.register(Note)
class NoteAdmin(BillingWindow):
    list_display = ["written", "of", "by", "told", "pinned"]
    list_filter = ["pinned"]
    list_select_related = ["customer", "written_by"]
    search_help_text = "A customer's name, e-mail or external id; cus_…"
    fields = ["of", "told", "by", "written", "pinned"]

    @admin.display(description="written at")
    def written(self, note: Note) -> str:
        return shown.instant(note.at)

    @admin.display(description="customer")
    def of(self, note: Note) -> SafeString:
        return shown.customer(note.customer)

    @admin.display
    def by(self, note: Note) -> str:
        return note.written_by.email

    @admin.display(description="text")
    def told(self, note: Note) -> str:
        return note.text
