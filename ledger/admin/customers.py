from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from accounts import admin as accounts_admin
from accounts.models import Customer
from ledger.admin import limits, panel

admin.site.unregister(Customer)


@admin.register(Customer)
class CustomerAdmin(accounts_admin.CustomerAdmin):
    """With the wallet, its lots and its open holds, which change through the ledger only."""

    change_form_template = "ledger/admin/customer.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.limits)
        return [
            path("<uuid:id>/limits", view, name="accounts_customer_limits"),
            *super().get_urls(),
        ]

    def limits(self, request: HttpRequest, id: UUID) -> HttpResponse:
        return limits.page(request, id, shared=self.admin_site.each_context(request))

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Customer | None = None,
    ) -> HttpResponse:
        if obj is not None:
            context["panel"] = panel.of(obj)
        return super().render_change_form(request, context, add, change, form_url, obj)
