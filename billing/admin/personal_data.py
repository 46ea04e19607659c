"""A customer's data is handed out, or erased: each on a page that says what happens first."""

from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path

from accounts import audit, csv_files, ids
from accounts.models import HOUSE_ID, Customer, User
from billing import kept_calls
from billing.admin.books.pages import BooksPage
from billing.care.erasing import running
from billing.care.erasing.errors import ErasingRefused
from billing.care.erasing.obstacles import obstacles
from billing.care.exporting import reading
from billing.models import Document, Erasure
from ledger.admin import shown

SHOWN_MAX: Final = 100


@admin.register(Erasure)
class ErasureAdmin(BooksPage):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<uuid:pk>/export", view(self.export), name="accounts_customer_export"),
            path("<uuid:pk>/erase", view(self.erase), name="accounts_customer_erase"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.require_view(request)
        found = Erasure.objects.select_related("customer", "erased_by").order_by("-erased_at")
        context = self.context(
            request, title="Erased customers", rows=[_row(one) for one in found[:SHOWN_MAX]]
        )
        return render(request, "billing/admin/personal_data/list.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Its customer's page says all that is left."""
        self.require_view(request)
        return redirect("admin:accounts_customer_change", object_id)

    def export(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        _require(request, "billing.export_customer")
        customer = _customer(pk)
        if request.method == "POST":
            audit.record("customer.exported", customer, customer_id=customer.id)
            name = f"{ids.encode(ids.CUSTOMER, customer.id)}.zip"
            parts = reading.archive(customer, seller=settings.SELLER["name"])
            return csv_files.streaming(name, parts, "application/zip")
        context = self.context(
            request,
            title=f"Export the data of {customer}",
            customer=customer,
            in_files=kept_calls.months_of(customer),
        )
        return render(request, "billing/admin/personal_data/export.html", context)

    def erase(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """What is erased cannot be shown again: done twice, the second time is told so."""
        user = _require(request, "billing.erase_customer")
        customer = _customer(pk)
        refusal = ""
        if request.method == "POST":
            try:
                running.erase(customer, typed=request.POST.get("typed", ""), by=user)
            except ErasingRefused as refused:
                refusal = refused.detail
            else:
                messages.success(request, "Its personal data is erased, and its books stay.")
                return redirect("admin:billing_erasure_changelist")
        context = self.context(
            request,
            title=f"Erase the personal data of {customer}",
            customer=customer,
            refusal=refusal,
            obstacles=obstacles(customer),
            in_files=kept_calls.months_of(customer),
            people=len(running.people_of(customer)),
            documents=Document.objects.filter(customer=customer).count(),
            years=settings.DOCUMENTS_KEPT_YEARS,
        )
        return render(request, "billing/admin/personal_data/erase.html", context)


def _require(request: HttpRequest, permission: str) -> User:
    if not request.user.has_perm(permission):
        raise PermissionDenied
    assert isinstance(request.user, User)
    return request.user


def _customer(pk: UUID) -> Customer:
    if pk == HOUSE_ID:
        raise Http404
    return get_object_or_404(Customer, pk=pk)


def _row(erasure: Erasure) -> dict[str, Any]:
    documents = shown.instant(erasure.documents_done_at)
    return {
        "customer": shown.customer(erasure.customer),
        "erased": shown.instant(erasure.erased_at),
        "by": erasure.erased_by.email if erasure.erased_by else "-",
        "people": erasure.people,
        "documents": "kept as they were issued" if documents == "-" else f"erased {documents}",
    }
