"""Where customers are told, and what was sent there. Secrets are not among it."""

from django.contrib import admin
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from accounts import ids
from billing.admin import shown as billing_shown
from billing.admin.acts.deliveries import REPLAY
from billing.admin.windows import BillingWindow
from billing.models import WebhookDelivery, WebhookEndpoint
from billing.webhooks_out.signing import EVENT
from ledger.admin import shown


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(BillingWindow):
    list_display = ["url", "of", "enabled", "failures", "wants", "added"]
    list_filter = ["enabled"]
    search_help_text = "A customer's name, e-mail or external id; cus_…; an address"
    fields = [
        *("url", "of", "description", "wants", "enabled", "disabled_reason", "failures"),
        *("failing_since", "previous_until", "created_by", "created_at", "removed_at"),
    ]

    def called(self, term: str) -> Q | None:
        return Q(url__startswith=term) if "://" in term else None

    @admin.display(description="customer")
    def of(self, endpoint: WebhookEndpoint) -> SafeString:
        return shown.customer(endpoint.customer)

    @admin.display(description="events")
    def wants(self, endpoint: WebhookEndpoint) -> str:
        return ", ".join(endpoint.types) or "All"

    @admin.display
    def added(self, endpoint: WebhookEndpoint) -> str:
        return shown.instant(endpoint.created_at)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(BillingWindow):
    list_display = ["event", "kind", "of", "to", "state", "attempts", "created", "due"]
    list_filter = ["state"]
    list_select_related = ["endpoint__customer"]
    acts = [REPLAY]
    id_columns = {ids.CUSTOMER: "endpoint__customer_id", EVENT: "event_id"}
    search_help_text = "evt_… or cus_…; an address"
    fields = [
        "event",
        "kind",
        "of",
        "to",
        "state",
        "attempts",
        "created_at",
        "due_at",
        "body",
        "log",
    ]

    def called(self, term: str) -> Q | None:
        """Whatever it is, it is no customer's name: those are a join further away."""
        return Q(endpoint__url__startswith=term)

    @admin.display
    def event(self, delivery: WebhookDelivery) -> SafeString:
        return shown.cut(ids.encode(EVENT, delivery.event_id))

    @admin.display(description="customer")
    def of(self, delivery: WebhookDelivery) -> SafeString:
        return shown.customer(delivery.endpoint.customer)

    @admin.display(description="endpoint")
    def to(self, delivery: WebhookDelivery) -> SafeString:
        return shown.link(billing_shown.page(delivery.endpoint), delivery.endpoint.url)

    @admin.display
    def created(self, delivery: WebhookDelivery) -> str:
        return shown.instant(delivery.created_at)

    @admin.display
    def due(self, delivery: WebhookDelivery) -> str:
        return shown.instant(delivery.due_at) if delivery.state == "due" else "-"

    @admin.display(description="attempts, the last first")
    def log(self, delivery: WebhookDelivery) -> SafeString:
        attempts = delivery.log.order_by("-id")
        return render_to_string("billing/admin/_webhook_attempts.html", {"attempts": attempts})
