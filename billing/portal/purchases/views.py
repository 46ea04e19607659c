"""What was bought: the list, one of it, and its documents."""

from uuid import UUID

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import csv_files
from accounts.permissions import Right
from accounts.portal import MemberRequest, for_members
from billing import documents, refunds, selectors, shown
from billing.models import Purchase
from billing.portal import paged
from billing.portal.purchases import file as purchase_file
from billing.portal.purchases import standing
from billing.portal.purchases.its_company import acting_for_its_company

BY = ("created_at", "id")


@require_GET
@for_members(Right.BUY)
def purchases(request: MemberRequest) -> HttpResponse:
    page = paged.page(selectors.purchases_of(request.member.customer), request.GET, by=BY)
    rows = [
        {
            "purchase": one,
            "badge": standing.badge(one),
            "credits": standing.credits(one),
            "total": shown.money(one.total, one.currency),
        }
        for one in page.rows
    ]
    return render(request, "billing/purchases.html", {"page": page, "rows": rows})


@require_GET
@for_members(Right.BUY)
def download(request: MemberRequest) -> StreamingHttpResponse:
    """All of them, the last first."""
    found = paged.chunks(selectors.purchases_of(request.member.customer), by=BY)
    rows = (purchase_file.row(one) for one in found)
    return csv_files.download("purchases.csv", purchase_file.HEADER, rows)


@require_GET
@acting_for_its_company
@for_members(Right.BUY)
def purchase(request: MemberRequest, purchase_id: UUID) -> HttpResponse:
    found = purchase_or_404(request, purchase_id)
    lots, quote = standing.lots(found), standing.refund_quote(found)
    page = {
        "purchase": found,
        "badge": standing.badge(found),
        "told": standing.outcome(found),
        "lines": standing.lines(found),
        "documents": standing.documents(found),
        "lots": lots,
        "credits": standing.credits(found),
        "unused": standing.unused(lots),
        "frozen": standing.frozen(lots),
        "history": standing.history(found),
        "refund": shown.money(quote.amount, found.currency) if quote else "",
        "refundable_until": refunds.refundable_until(found),
    }
    return render(request, "billing/purchase.html", page)


@require_GET
@for_members(Right.BUY)
def document(request: MemberRequest, purchase_id: UUID, name: str) -> HttpResponse:
    issued = purchase_or_404(request, purchase_id).documents.all()
    found = next((one for one in issued if one.name == name), None)
    if found is None:
        raise Http404
    return HttpResponse(
        documents.pdf(found),
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{found.name}.pdf"'},
    )


def purchase_or_404(request: MemberRequest, purchase_id: UUID) -> Purchase:
    """Another company's is not found."""
    found = selectors.purchase_of(request.member.customer, purchase_id)
    if found is None:
        raise Http404
    return found
