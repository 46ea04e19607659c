from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString

from ledger import amounts
from ledger.admin import files, shown
from ledger.admin.history import CUSTOMER, DAYS, Field, HistoryAdmin
from ledger.models import Event
from ledger.windows.events import EVENTS

KINDS = (
    *("credits.added", "lot.expired", "balance.low", "balance.exhausted", "balance.recovered"),
    *("hold.expired", "top_up.needed", "spend_cap.warned", "spend_cap.reached"),
    *("credits.frozen", "credits.unfrozen", "lot.redated", "lot.classified"),
)


@admin.register(Event)
class EventAdmin(HistoryAdmin):
    window = EVENTS
    file = files.EVENTS
    filters = [*DAYS, CUSTOMER, Field("kind", "Kind", suggested=KINDS)]
    list_display = ["kind", "of", "made", "delivered", "told"]
    fields = ["kind", "of", "subject", "told", "created_at", "delivered_at"]

    @admin.display(description="customer")
    def of(self, event: Event) -> SafeString:
        return shown.customer(event.customer)

    @admin.display
    def made(self, event: Event) -> str:
        return shown.instant(event.created_at)

    @admin.display
    def delivered(self, event: Event) -> str:
        return shown.instant(event.delivered_at)

    @admin.display(description="data")
    def told(self, event: Event) -> str:
        return ", ".join(
            f"{name} {_value(name, value)}" for name, value in (event.data or {}).items()
        )


def _value(name: str, value: Any) -> str:
    return amounts.show(value) if name == "amount" and isinstance(value, int) else str(value)
