from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from billing import document_numbers, documents
from billing.admin import shown as billing_shown
from billing.admin.windows import BillingWindow
from billing.models import Document
from billing.models.purchases import PURCHASE
from ledger.admin import shown


@admin.register(Document)
class DocumentAdmin(BillingWindow):
    list_display = ["name", "of", "kind", "total", "issued", "paper"]
    list_filter = ["kind"]
    list_select_related = ["customer", "purchase"]
    id_columns = {**BillingWindow.id_columns, PURCHASE: "purchase_id"}
    search_help_text = (
        "A customer's name, e-mail or external id; cus_…, pur_…, R-000001, C-000001, I-000001"
    )
    fields = ["name", "of", "kind", "bought", "total", "issued_at", "paper"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.pdf)
        return [path("<int:id>/pdf", view, name="billing_document_pdf"), *super().get_urls()]

    def pdf(self, request: HttpRequest, id: int) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        document = Document.objects.filter(id=id).first()
        if document is None:
            raise Http404
        headers = {"Content-Disposition": f'inline; filename="{document.name}.pdf"'}
        return HttpResponse(documents.pdf(document), "application/pdf", headers=headers)

    def called(self, term: str) -> Q | None:
        number = document_numbers.read(term)
        return Q(**number._asdict()) if number else None

    @admin.display(description="customer")
    def of(self, document: Document) -> SafeString:
        return shown.customer(document.customer)

    @admin.display(description="purchase")
    def bought(self, document: Document) -> SafeString:
        return billing_shown.purchase(document.purchase) if document.purchase else SafeString("-")

    @admin.display
    def total(self, document: Document) -> str:
        content: dict[str, Any] = document.content
        return f"{content['total']} {content['currency']}"

    @admin.display
    def issued(self, document: Document) -> str:
        return shown.instant(document.issued_at)

    @admin.display(description="PDF")
    def paper(self, document: Document) -> SafeString:
        return billing_shown.document(document)
