from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from accounts import admin as accounts_admin
from accounts.models import Customer
from ledger.admin import limits

admin.site.unregister(Customer)


@admin.register(Customer)
class CustomerAdmin(accounts_admin.CustomerAdmin):
    """With the limits that the provider gives it."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.limits)
        return [
            path("<uuid:id>/limits", view, name="accounts_customer_limits"),
            *super().get_urls(),
        ]

    def limits(self, request: HttpRequest, id: UUID) -> HttpResponse:
        return limits.page(request, id, shared=self.admin_site.each_context(request))
