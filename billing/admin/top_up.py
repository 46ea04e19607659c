"""Automatic top-ups: what customers agreed to, which staff can switch off, and each attempt."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from billing.admin import shown as billing_shown
from billing.admin.windows import BillingWindow
from billing.models import CardBreaker, TopUp, TopUpSettings
from billing.models.purchases import PURCHASE
from billing.top_up import agreeing, budget, obstacles, wording
from ledger.admin import shown


@admin.register(TopUpSettings)
class TopUpSettingsAdmin(BillingWindow):
    change_form_template = "billing/admin/top_up_settings.html"
    list_display = ["of", "enabled", "falls_to", "back_to", "limit", "charged", "stopped_by"]
    list_filter = ["enabled", "stopped_by"]
    list_select_related = ["customer", "card", "pack"]
    ordering = ["-agreed_at"]
    search_help_text = "A customer's name, e-mail or external id; cus_…"
    fields = [
        *("of", "enabled", "falls_to", "back_to", "buys", "limit", "charged", "charges"),
        *("standing", "breaker", "failing_since", "stopped_by", "stopped_at", "suspend_keys"),
        *("keys", "agreed_by", "agreed_at"),
    ]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.switch_off)
        name = "billing_topupsettings_switch_off"
        return [path("<uuid:id>/switch-off", view, name=name), *super().get_urls()]

    def switch_off(self, request: HttpRequest, id: Any) -> HttpResponse:
        """Asked first, then done."""
        if not self._may_switch_off(request):
            raise PermissionDenied
        found = TopUpSettings.objects.filter(customer=id).select_related("customer", "card")
        agreement = found.first()
        if agreement is None:
            raise Http404
        page = billing_shown.page(agreement)
        if request.method == "POST":
            agreeing.end(agreement)
            messages.success(request, f"Switched off for {agreement.customer}.")
            return redirect(page)
        context = {"title": "Switch off", "agreement": agreement, "page": page}
        shared = self.admin_site.each_context(request)
        return render(request, "billing/admin/top_up_switch_off.html", shared | context)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: TopUpSettings | None = None,
    ) -> HttpResponse:
        is_on = obj is not None and obj.enabled
        context["may_switch_off"] = is_on and self._may_switch_off(request)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _may_switch_off(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.change_topupsettings")

    @admin.display(description="customer")
    def of(self, agreement: TopUpSettings) -> SafeString:
        return shown.customer(agreement.customer)

    @admin.display(description="at")
    def falls_to(self, agreement: TopUpSettings) -> SafeString:
        return shown.credits(agreement.threshold)

    @admin.display(description="back to")
    def back_to(self, agreement: TopUpSettings) -> SafeString:
        return shown.credits(agreement.target)

    @admin.display(description="buys")
    def buys(self, agreement: TopUpSettings) -> str:
        price = billing_shown.in_words(agreement.price, agreement.currency)
        return f"{agreement.pack}, for {price} or less"

    @admin.display(description="at most a month")
    def limit(self, agreement: TopUpSettings) -> SafeString:
        return billing_shown.money(agreement.cap, agreement.currency)

    @admin.display(description="charged this month")
    def charged(self, agreement: TopUpSettings) -> SafeString:
        return billing_shown.money(budget.spent(agreement), agreement.currency)

    @admin.display(description="card")
    def charges(self, agreement: TopUpSettings) -> str:
        return f"{wording.card(agreement.card)} ({agreement.card.provider})"

    @admin.display(description="now")
    def standing(self, agreement: TopUpSettings) -> str:
        if not agreement.enabled:
            return "Off"
        obstacle = obstacles.found(agreement)
        return f"Paused: {obstacle.label}" if obstacle else "On"

    @admin.display(description="declines in a row")
    def breaker(self, agreement: TopUpSettings) -> str:
        found = CardBreaker.objects.filter(card=agreement.card_id).first()
        if found is None:
            return "none"
        until = f"until {shown.instant(found.retry_at)}" if found.retry_at else "for good"
        return f"{found.declines}, left alone {until}: {found.reason}"

    @admin.display(description="keys suspended since")
    def keys(self, agreement: TopUpSettings) -> str:
        return shown.instant(agreement.customer.keys_suspended_at)


@admin.register(TopUp)
class TopUpAdmin(BillingWindow):
    list_display = ["made", "of", "state", "missing", "value", "bought", "attempts", "why"]
    list_filter = ["state"]
    list_select_related = ["customer", "purchase", "card"]
    id_columns = {**BillingWindow.id_columns, PURCHASE: "purchase_id"}
    search_help_text = "A customer's name, e-mail or external id; cus_…, pur_…"
    fields = [
        *("of", "state", "reason", "missing", "value", "bought", "charged", "event", "attempts"),
        *("created_at", "due_at", "finished_at"),
    ]

    @admin.display(description="customer")
    def of(self, top_up: TopUp) -> SafeString:
        return shown.customer(top_up.customer)

    @admin.display(description="missing")
    def missing(self, top_up: TopUp) -> SafeString:
        return shown.credits(top_up.gap)

    @admin.display(description="amount")
    def value(self, top_up: TopUp) -> SafeString:
        if not top_up.currency:
            return SafeString("-")
        return billing_shown.money(top_up.amount, top_up.currency)

    @admin.display(description="purchase")
    def bought(self, top_up: TopUp) -> SafeString:
        return billing_shown.purchase(top_up.purchase) if top_up.purchase else SafeString("-")

    @admin.display(description="card")
    def charged(self, top_up: TopUp) -> str:
        return wording.card(top_up.card) if top_up.card else "-"

    @admin.display(description="reason")
    def why(self, top_up: TopUp) -> SafeString:
        return shown.cut(top_up.reason)

    @admin.display(description="begun")
    def made(self, top_up: TopUp) -> str:
        return shown.instant(top_up.created_at)
