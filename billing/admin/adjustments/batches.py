"""Files of adjustments: uploaded and looked at by one, above the limits decided by another."""

from typing import Any, BinaryIO, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path

from accounts import csv_files
from accounts.models import User
from billing.adjustments import proposing
from billing.adjustments.batches import asking, columns, deciding, trying
from billing.adjustments.errors import AdjustmentError
from billing.admin.adjustments import batch_told
from billing.admin.adjustments.deciding import may_write
from billing.admin.books.pages import BooksPage
from billing.models import AdjustmentBatch, BatchState
from billing.sheets.problems import SheetRefused

SHOWN_MAX = 100
CHANGED = "It comes to something else by now than you saw. Nothing was done: look at it again."


class UploadForm(forms.Form):
    file = forms.FileField(
        label="CSV file",
        help_text=f"UTF-8, up to {columns.ROWS_MAX} rows. Nothing is done before you have seen it.",
    )


@admin.register(AdjustmentBatch)
class AdjustmentBatchAdmin(BooksPage):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("upload", view(self.upload), name="billing_adjustmentbatch_upload"),
            path("columns.csv", view(self.columns), name="billing_adjustmentbatch_columns"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.require_view(request)
        found = AdjustmentBatch.objects.select_related("asked_by", "decided_by").order_by("-id")
        context = self.context(
            request,
            title="Files of adjustments",
            rows=[batch_told.row(batch) for batch in found[:SHOWN_MAX]],
            may_propose=request.user.has_perm(proposing.PERMISSION),
        )
        return render(request, "billing/admin/adjustments/batches.html", context)

    def columns(self, request: HttpRequest) -> HttpResponseBase:
        """An empty file, to be filled in."""
        _proposer(request)
        return csv_files.download("adjustments.csv", columns.COLUMNS.known, [])

    def upload(self, request: HttpRequest) -> HttpResponse:
        user = _proposer(request)
        form = UploadForm(request.POST or None, request.FILES or None)
        problems: list[str] = []
        if request.method == "POST" and form.is_valid():
            file: UploadedFile = form.cleaned_data["file"]
            try:
                batch = asking.upload(cast("BinaryIO", file.file), name=file.name or "-", by=user)
            except SheetRefused as refusal:
                problems = [str(problem) for problem in refusal.problems]
            else:
                return redirect("admin:billing_adjustmentbatch_change", batch.pk)
        context = self.context(request, title="Adjust by a file", form=form)
        context |= {"problems": problems, "columns": columns.EXPLAINED}
        return render(request, "billing/admin/adjustments/batch_upload.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        self.require_view(request)
        batch = _found(object_id)
        assert isinstance(request.user, User)
        if request.method == "POST":
            if not may_write(request):
                raise PermissionDenied
            _act(request, batch, request.user)
            return redirect("admin:billing_adjustmentbatch_change", batch.pk)
        context = self.context(
            request,
            title=f"{batch}",
            batch=batch,
            row=batch_told.row(batch),
            is_draft=batch.state == BatchState.DRAFT,
            is_own=batch.asked_by_id == request.user.pk,
            why_not=deciding.why_not(batch, request.user),
            is_open=batch.state == BatchState.WAITING and not deciding.is_over(batch),
            **_now(batch),
        )
        return render(request, "billing/admin/adjustments/batch.html", context)


def _now(batch: AdjustmentBatch) -> dict[str, Any]:
    """What it comes to, or came to; or why it cannot be done any more."""
    if batch.state not in (BatchState.DRAFT, BatchState.WAITING):
        return batch_told.done(batch)
    try:
        tried = trying.preview(asking.lines_of(batch))
    except SheetRefused as refusal:
        return {"problems": [str(problem) for problem in refusal.problems]}
    waits = batch.waits_for
    if batch.state == BatchState.DRAFT:
        waits = trying.measure(tried)
    return {
        **batch_told.tried(tried),
        "seen": tried.mark,
        "waits_for": waits,
        "differs": bool(batch.mark) and tried.mark != batch.mark,
    }


def _act(request: HttpRequest, batch: AdjustmentBatch, user: User) -> None:
    said = request.POST
    note, seen = said.get("note", ""), said.get("seen", "")
    try:
        if "ask" in said:
            _tell_asked(request, asking.ask(batch.pk, by=user, seen=seen))
        elif "approve" in said:
            confirmed = "confirmed" in said
            deciding.approve(batch.pk, by=user, seen=seen, confirmed=confirmed, note=note)
            messages.success(request, f"Done: {batch.rows} adjustments.")
        elif "decline" in said:
            deciding.decline(batch.pk, by=user, note=note)
            messages.success(request, "Declined: nothing of it is done.")
        elif "withdraw" in said:
            deciding.withdraw(batch.pk, by=user, note=note)
            messages.success(request, "Withdrawn: nothing of it is done.")
    except AdjustmentError as refusal:
        messages.error(request, refusal.detail)
    except SheetRefused as refusal:
        messages.error(request, f"Nothing was done. {refusal.problems[0]}")


def _tell_asked(request: HttpRequest, batch: AdjustmentBatch) -> None:
    if batch.state == BatchState.APPLIED:
        messages.success(request, f"Done: {batch.rows} adjustments.")
    elif batch.waits_until:
        until = f"{batch.waits_until:%Y-%m-%d %H:%M} UTC"
        messages.warning(request, f"It waits for another person, until {until}.")


def _proposer(request: HttpRequest) -> User:
    if not request.user.has_perm(proposing.PERMISSION):
        raise PermissionDenied
    assert isinstance(request.user, User)
    return request.user


def _found(text: str) -> AdjustmentBatch:
    try:
        pk = UUID(text)
    except ValueError:
        raise Http404 from None
    found = AdjustmentBatch.objects.select_related("asked_by", "decided_by")
    return get_object_or_404(found, pk=pk)
