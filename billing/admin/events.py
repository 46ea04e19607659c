import json

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing import events
from billing.admin import shown as billing_shown
from billing.admin.windows import BillingWindow, ProviderFilter
from billing.errors import BillingError
from billing.models import EventState, Payment, ProviderEvent
from ledger.admin import shown

UNDECIDED = {EventState.RECEIVED, EventState.PARKED, EventState.REFUSED}


@admin.register(ProviderEvent)
class ProviderEventAdmin(BillingWindow):
    """What providers told us, and what came of it."""

    list_display = ["event", "kind", "provider", "state", "why", "about", "happened", "received"]
    list_filter = ["state", ProviderFilter]
    list_select_related = []
    actions = ["try_again"]
    id_columns = {}
    search_help_text = "A provider's id: of the event, the payment or another object"
    fields = [
        *("event_id", "kind", "provider", "state", "reason", "object_ref", "payment_ref"),
        *("bought", "happened_at", "received_at", "decided_at", "said"),
    ]

    def searched(self, term: str) -> Q:
        return Q(event_id=term) | Q(payment_ref=term) | Q(object_ref=term)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.change_providerevent")

    @admin.action(description="Try again: parked and refused ones", permissions=["retry"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[ProviderEvent]) -> None:
        tried = [event for event in queryset.order_by("id") if event.state in UNDECIDED]
        for event in tried:
            self._try(request, event)
        if not tried:
            self.message_user(request, "None of these is parked or refused.", messages.WARNING)

    def _try(self, request: HttpRequest, event: ProviderEvent) -> None:
        try:
            state = events.try_again(event)
        except BillingError as refusal:
            self.message_user(request, f"{event.event_id}: {refusal.detail}", messages.ERROR)
            return
        event.refresh_from_db()
        level = messages.SUCCESS if state == EventState.APPLIED else messages.WARNING
        self.message_user(request, f"{event.event_id}: {state.label}. {event.reason}", level)

    @admin.display(description="event")
    def event(self, event: ProviderEvent) -> SafeString:
        return shown.cut(event.event_id)

    @admin.display(description="reason")
    def why(self, event: ProviderEvent) -> str:
        return event.reason or "-"

    @admin.display(description="payment")
    def about(self, event: ProviderEvent) -> SafeString:
        return shown.cut(event.payment_ref or event.object_ref)

    @admin.display(description="purchase")
    def bought(self, event: ProviderEvent) -> SafeString:
        found = Payment.objects.filter(provider=event.provider, provider_ref=event.payment_ref)
        payment = found.select_related("purchase").first()
        return billing_shown.purchase(payment.purchase) if payment else SafeString("-")

    @admin.display
    def happened(self, event: ProviderEvent) -> str:
        return shown.instant(event.happened_at)

    @admin.display
    def received(self, event: ProviderEvent) -> str:
        return shown.instant(event.received_at)

    @admin.display(description="payload")
    def said(self, event: ProviderEvent) -> SafeString:
        return format_html('<pre class="payload">{}</pre>', json.dumps(event.payload, indent=2))
