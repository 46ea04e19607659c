import json

from django.contrib import admin
from django.utils.safestring import SafeString

from ledger.admin import shown
from ledger.admin.windows import WindowAdmin
from ledger.models import Event


@admin.register(Event)
class EventAdmin(WindowAdmin):
    list_display = ["kind", "of", "told", "created_at", "delivered_at"]
    fields = ["kind", "of", "subject", "data", "created_at", "delivered_at"]

    @admin.display(description="customer")
    def of(self, event: Event) -> SafeString:
        return shown.customer(event.customer)

    @admin.display(description="data")
    def told(self, event: Event) -> str:
        return json.dumps(event.data)
