"""Accounts that are closed, or asked to be."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from accounts import confirming
from accounts.models import HOUSE_ID, Customer
from billing.admin import closing_told
from billing.admin.acts.closings import APPROVE, ASK, DECLINE
from billing.admin.windows import BillingWindow
from billing.care import closings, effects
from billing.models import AccountClosing, ClosingState
from ledger.admin import shown


@admin.register(AccountClosing)
class AccountClosingAdmin(BillingWindow):
    change_form_template = "billing/admin/closing.html"
    list_display = ["of", "state", "policy", "asked", "asked_by", "decided", "decided_by", "told"]
    list_filter = ["state"]
    list_select_related = ["customer", "asked_by", "decided_by"]
    search_help_text = "A customer's name, e-mail or external id; cus_…"
    fields = [
        *("of", "state", "told", "policy", "reason", "asked_by", "asked", "decided_by"),
        *("decided", "closed"),
    ]
    acts = [APPROVE, DECLINE]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.ask)
        url = path("of/<uuid:id>", view, name="accounts_customer_close")
        return [url, *super().get_urls()]

    def ask(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """From a customer's page."""
        found = Customer.objects.exclude(pk=HOUSE_ID).filter(pk=id)
        context = self.admin_site.each_context(request) | {"opts": self.opts}
        back = reverse("admin:accounts_customer_change", args=[id])
        return confirming.page(
            request, ASK, lambda _: list(found.all()), back=back, context=context
        )

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: AccountClosing | None = None,
    ) -> HttpResponse:
        effect = effects.read(obj.effect) if obj else None
        if obj is not None:
            waits = obj.state == ClosingState.REQUESTED and not closings.is_over(obj)
            context["is_own"] = waits and obj.asked_by_id == request.user.pk
            context["may_withdraw"] = request.user.has_perm(DECLINE.permission)
        if obj is not None and effect is not None:
            context["effect"] = closing_told.told(effect, obj.customer_id)
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description="customer")
    def of(self, closing: AccountClosing) -> SafeString:
        return shown.customer(closing.customer)

    @admin.display
    def asked(self, closing: AccountClosing) -> str:
        if closings.is_over(closing):
            return f"{shown.instant(closing.asked_at)}, more than 7 days ago"
        return shown.instant(closing.asked_at)

    @admin.display
    def decided(self, closing: AccountClosing) -> str:
        return shown.instant(closing.decided_at)

    @admin.display
    def closed(self, closing: AccountClosing) -> str:
        return shown.instant(closing.closed_at)


def asking(customer: Customer) -> str:
    """The page where it is asked for."""
    return reverse("admin:accounts_customer_close", args=[customer.pk])
