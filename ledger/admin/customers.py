from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from accounts import admin as accounts_admin
from accounts.models import Customer
from ledger.admin import panel

admin.site.unregister(Customer)


@admin.register(Customer)
class CustomerAdmin(accounts_admin.CustomerAdmin):
    """With the wallet, its lots and its open holds, which change through the ledger only."""

    change_form_template = "ledger/admin/customer.html"

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
