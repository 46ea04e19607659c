from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from accounts import admin as accounts_admin
from accounts import ids
from accounts.models import Customer
from ledger import amounts, selectors

admin.site.unregister(Customer)


@admin.register(Customer)
class CustomerAdmin(accounts_admin.CustomerAdmin):
    """With the wallet, which changes through the ledger only."""

    readonly_fields = [*accounts_admin.CustomerAdmin.readonly_fields, "credits", "records"]

    def get_fields(self, request: HttpRequest, obj: Customer | None = None) -> Any:
        fields = super().get_fields(request, obj)
        return [*fields, "credits", "records"] if obj else fields

    @admin.display
    def credits(self, customer: Customer) -> str:
        parts = selectors.balance(customer.id)._asdict().items()
        return ", ".join(f"{amounts.show(amount)} {name}" for name, amount in parts)

    @admin.display
    def records(self, customer: Customer) -> SafeString:
        query = urlencode({"q": ids.encode(ids.CUSTOMER, customer.id)})
        pages = [
            (f"{reverse(f'admin:ledger_{name}_changelist')}?{query}", f"{name}s".capitalize())
            for name in ("lot", "reservation", "transfer")
        ]
        return format_html_join(", ", '<a href="{}">{}</a>', pages)
