"""Opening balances: a file is uploaded and looked at; another member of staff approves it."""

from contextlib import suppress
from typing import Any, BinaryIO, Final, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from kombu.exceptions import OperationalError

from accounts import csv_files
from accounts.models import User
from billing.admin import shown as billing_shown
from billing.admin.books.pages import BooksPage
from billing.care.openings import applying, columns, deciding, telling, uploading
from billing.care.openings.errors import OpeningsRefused
from billing.jobs import standing
from billing.models import OpeningImport, OpeningLine, OpeningState
from billing.sheets.problems import SheetRefused
from ledger.admin import shown

SHOWN_MAX: Final = 50
LINES_SHOWN: Final = 100
TASK: Final = "openings"
TONES: Final = {
    OpeningState.DONE: "good",
    OpeningState.DECLINED: "bad",
    OpeningState.EXPIRED: "bad",
}


class UploadForm(forms.Form):
    file = forms.FileField(
        label="CSV file",
        help_text="UTF-8, up to 2 MB. manage.py import_openings takes larger ones.",
    )
    note = forms.CharField(
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 60}),
        help_text="Where it comes from: for who approves it.",
    )


@admin.register(OpeningImport)
class OpeningImportAdmin(BooksPage):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("upload", view(self.upload), name="billing_openingimport_upload"),
            path("columns.csv", view(self.columns), name="billing_openingimport_columns"),
            path("<uuid:pk>/decide", view(self.decide), name="billing_openingimport_decide"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.require_view(request)
        found = OpeningImport.objects.select_related("asked_by", "decided_by").order_by("-id")
        context = self.context(
            request,
            title="Opening balances",
            rows=[_row(batch) for batch in found[:SHOWN_MAX]],
            may_import=request.user.has_perm("billing.import_openings"),
        )
        return render(request, "billing/admin/openings/list.html", context)

    def columns(self, request: HttpRequest) -> HttpResponseBase:
        """An empty file, to be filled in."""
        _require(request, "billing.import_openings")
        return csv_files.download("opening-balances.csv", columns.COLUMNS.known, [])

    def upload(self, request: HttpRequest) -> HttpResponse:
        user = _require(request, "billing.import_openings")
        form = UploadForm(request.POST or None, request.FILES or None)
        problems: list[str] = []
        if request.method == "POST" and form.is_valid():
            file: UploadedFile = form.cleaned_data["file"]
            try:
                batch = uploading.upload(
                    cast("BinaryIO", file.file),
                    name=file.name or "-",
                    note=form.cleaned_data["note"],
                    by=user,
                )
            except SheetRefused as refusal:
                problems = [str(problem) for problem in refusal.problems]
            else:
                messages.success(
                    request, "The file is read. Nothing is entered until somebody else approves it."
                )
                return redirect("admin:billing_openingimport_change", batch.pk)
        context = self.context(request, title="Bring opening balances", form=form)
        context |= {"problems": problems, "columns": columns.EXPLAINED}
        return render(request, "billing/admin/openings/upload.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        self.require_view(request)
        batch = _found(object_id)
        waits = batch.state == OpeningState.WAITING
        context = self.context(
            request,
            title=f"Opening balances: {batch}",
            batch=batch,
            row=_row(batch),
            waits=waits,
            is_applying=batch.state == OpeningState.APPLYING,
            problems=telling.problems(batch) if waits else [],
            may_decide=waits and request.user.has_perm("billing.approve_openings"),
            is_own=batch.asked_by_id == request.user.pk,
            **_preview(batch),
        )
        return render(request, "billing/admin/openings/file.html", context)

    def decide(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """What is approved is looked at anew, and entered once, whoever presses how often."""
        user = _require(request, "billing.approve_openings")
        page = redirect("admin:billing_openingimport_change", pk)
        if request.method != "POST":
            return page
        get_object_or_404(OpeningImport, pk=pk)
        try:
            if "decline" in request.POST:
                deciding.decline(pk, by=user)
                messages.success(request, "Declined: nothing of it is entered.")
            else:
                _apply(request, deciding.approve(pk, by=user))
        except OpeningsRefused as refusal:
            messages.error(request, refusal.detail)
        return page


def _apply(request: HttpRequest, batch: OpeningImport) -> None:
    """A short file at once, a long one by the worker."""
    if batch.lines_total <= applying.AT_ONCE:
        applying.run(batch)
        messages.success(request, f"Entered: {batch.lines_done:,} lots.")
        return
    # Whoever is not asked now is asked by beat.
    with suppress(OperationalError):
        standing.ask_for(TASK)
    messages.success(request, "Approved: the worker enters the lots.")


def _require(request: HttpRequest, permission: str) -> User:
    if not request.user.has_perm(permission):
        raise PermissionDenied
    assert isinstance(request.user, User)
    return request.user


def _found(text: str) -> OpeningImport:
    try:
        pk = UUID(text)
    except ValueError:
        raise Http404 from None
    batches = OpeningImport.objects.select_related("asked_by", "decided_by")
    return get_object_or_404(batches, pk=pk)


def _row(batch: OpeningImport) -> dict[str, Any]:
    state = OpeningState(batch.state)
    return {
        "page": reverse("admin:billing_openingimport_change", args=[batch.pk]),
        "name": batch.file_name,
        "state": state.label,
        "tone": TONES.get(state, "warn"),
        "lots": f"{batch.lines_total:,}",
        "done": f"{batch.lines_done:,}",
        "known": f"{batch.lines_known:,}" if batch.lines_known else "",
        "asked_by": batch.asked_by.email,
        "asked_at": shown.instant(batch.asked_at),
        "decided_by": batch.decided_by.email if batch.decided_by else "-",
        "decided_at": shown.instant(batch.decided_at),
    }


def _preview(batch: OpeningImport) -> dict[str, Any]:
    told = telling.preview(batch)
    lines = OpeningLine.objects.filter(batch=batch).select_related("customer").order_by("id")
    return {
        "totals": [
            {
                "kind": total.kind,
                "currency": total.currency or "-",
                "lots": f"{total.lots:,}",
                "credits": shown.number(total.credits),
                "deferred": _money(total.deferred, total.currency),
            }
            for total in told.totals
        ],
        "entries": [
            *(_entry("3900", "2100", _money(sum_, code)) for code, sum_ in told.deferred.items()),
            _entry("U10", "U20", f"{shown.number(told.credits)} credits"),
        ],
        "customers": f"{told.known:,}",
        "new_customers": f"{told.new:,}",
        "lines": [_line(line) for line in lines[:LINES_SHOWN]],
        "lines_max": LINES_SHOWN if batch.lines_total > LINES_SHOWN else 0,
    }


def _entry(debit: str, credit: str, amount: str) -> dict[str, str]:
    return {"debit": debit, "credit": credit, "amount": amount}


def _money(amount: int, currency: str) -> str:
    return billing_shown.in_words(amount, currency) if amount else "-"


def _line(line: OpeningLine) -> dict[str, Any]:
    return {
        "row": line.row,
        "reference": line.reference,
        "customer": shown.customer(line.customer) if line.customer else "",
        "new": f"{line.name}, {line.email}",
        "kind": line.kind,
        "credits": shown.number(line.credits),
        "deferred": _money(line.deferred, line.currency),
        "purchased": shown.instant(line.purchased_at),
        "expires": shown.instant(line.expires_at) if line.expires_at else "never",
        "note": line.note,
        "lot": line.customer_id
        and line.lot_id
        and shown.row_page("lot", line.customer_id, line.lot_id),
    }
