"""A customer's page is for reading; whatever is done from it has a page or a form of its own."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path

from accounts.models import Customer
from billing.admin.customer import acting, page
from ledger.admin import customers as ledger_customers

admin.site.unregister(Customer)


@admin.register(Customer)
class CustomerAdmin(ledger_customers.CustomerAdmin):
    """With all that is known of it, in every room."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        name = "accounts_customer"
        return [
            path("<uuid:id>/edit", view(self.edit), name=f"{name}_edit"),
            path("<uuid:id>/notes", view(self.add_note), name=f"{name}_note"),
            path("<uuid:id>/notes/<uuid:note>", view(self.pin), name=f"{name}_pin"),
            path("<uuid:id>/statement.pdf", view(self.statement), name=f"{name}_statement"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """What is sent here is the form of `edit`; Django says of whom nothing is known."""
        customer = self.get_object(request, unquote(object_id))
        if request.method == "POST" or customer is None:
            return super().change_view(request, object_id, form_url, extra_context)
        if not self.has_view_permission(request, customer):
            raise PermissionDenied
        context = {
            "title": customer.name,
            "customer": customer,
            "page": page.of(customer, request),
        }
        shared = self.admin_site.each_context(request)
        return render(request, "billing/admin/customer/page.html", shared | context)

    def edit(self, request: HttpRequest, id: UUID) -> HttpResponse:
        customer = self._found(request, id)
        if not self.has_change_permission(request, customer):
            raise PermissionDenied
        return super().change_view(request, str(id), "", {"show_delete": False})

    def response_change(self, request: HttpRequest, obj: Customer) -> HttpResponse:
        answer = super().response_change(request, obj)
        is_done = not {"_continue", "_addanother"} & request.POST.keys()
        return redirect(acting.page(obj)) if is_done else answer

    def add_note(self, request: HttpRequest, id: UUID) -> HttpResponse:
        return acting.add_note(request, self._found(request, id))

    def pin(self, request: HttpRequest, id: UUID, note: UUID) -> HttpResponse:
        return acting.pin(request, self._found(request, id), note)

    def statement(self, request: HttpRequest, id: UUID) -> HttpResponse:
        return acting.statement(request, self._found(request, id))

    def _found(self, request: HttpRequest, id: UUID) -> Customer:
        """Whom this person may not see is not told of."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return acting.found(self.get_queryset(request), id)
