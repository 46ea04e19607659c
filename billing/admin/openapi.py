"""OpenAPI files: uploaded, looked at, and imported when somebody confirms it."""

from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse

from billing.admin.books.pages import BooksPage
from ledger.admin import shown
from ledger.errors import LedgerError
from ledger.models import OpenApiFile
from ledger.openapi_import import applying, telling
from ledger.openapi_import.applying import Read
from ledger.openapi_import.comparing import Change, Comparison, State
from ledger.openapi_import.errors import FileRefused
from ledger.openapi_import.lines import Line

SHOWN_MAX: Final = 50
TONES: Final = {
    State.NEW: "good",
    State.MOVED: "warn",
    State.RENAMED: "warn",
    State.GONE: "bad",
    State.UNCHANGED: "",
}


class UploadForm(forms.Form):
    file = forms.FileField(
        label="OpenAPI file",
        help_text="JSON or YAML, OpenAPI 3.0 or 3.1, of at most 2 MB. manage.py import_openapi"
        " takes larger ones.",
    )
    api = forms.CharField(
        label="Name of the API",
        required=False,
        max_length=200,
        help_text="Empty: the title in the file. Say the old one where the title has changed.",
    )


@admin.register(OpenApiFile)
class OpenApiFileAdmin(BooksPage):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("upload", view(self.upload), name="ledger_openapifile_upload"),
            path("<int:pk>/import", view(self.confirm), name="ledger_openapifile_import"),
            *super().get_urls(),
        ]

    def may_import(self, request: HttpRequest) -> bool:
        return request.user.has_perm("ledger.add_openapifile")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.require_view(request)
        files = OpenApiFile.objects.filter(imported_at__isnull=False)
        files = files.select_related("rate_card", "created_by").order_by("-imported_at")
        context = self.context(
            request,
            title="OpenAPI files",
            rows=[_row(file) for file in files[:SHOWN_MAX]],
            may_import=self.may_import(request),
        )
        return render(request, "billing/admin/openapi/files.html", context)

    def upload(self, request: HttpRequest) -> HttpResponse:
        if not self.may_import(request):
            raise PermissionDenied
        form = UploadForm(request.POST or None, request.FILES or None)
        problems: list[str] = []
        if request.method == "POST" and form.is_valid():
            try:
                file = _stored(request, form)
            except FileRefused as refusal:
                problems = [str(problem) for problem in refusal.problems]
            else:
                return redirect("admin:ledger_openapifile_change", file.pk)
        context = self.context(request, title="Import an OpenAPI file", form=form)
        context["problems"] = problems
        return render(request, "billing/admin/openapi/upload.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """What it would change; once it is imported, what it did."""
        self.require_view(request)
        if not object_id.isdecimal() or len(object_id) > 18:
            raise Http404
        file = get_object_or_404(OpenApiFile, pk=object_id)
        context = self.context(request, title=str(file), file=file, row=_row(file))
        if file.imported_at is None:
            context |= _preview(file) | {"may_import": self.may_import(request)}
        return render(request, "billing/admin/openapi/file.html", context)

    def confirm(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What is imported is compared anew: meanwhile somebody may have changed something."""
        if not self.may_import(request):
            raise PermissionDenied
        file = get_object_or_404(OpenApiFile, pk=pk)
        page = redirect("admin:ledger_openapifile_change", pk)
        if request.method != "POST" or file.imported_at is not None:
            return page
        try:
            imported = applying.run(_read(file), file, api=file.api)
        except FileRefused as refusal:
            messages.error(request, f"Nothing was saved. {refusal.problems[0]}")
        except LedgerError as refusal:
            messages.error(request, f"Nothing was saved. {refusal.detail}")
        else:
            told = f"{file} is imported."
            if imported.card is not None:
                told += f" Fill in the costs on the draft {imported.card}, and publish it then."
            messages.success(request, told)
        return page


def _stored(request: HttpRequest, form: UploadForm) -> OpenApiFile:
    """Raises FileRefused."""
    upload: UploadedFile = form.cleaned_data["file"]
    raw, api = upload.read(), form.cleaned_data["api"].strip()
    read = applying.read(raw)
    applying.preview(read, api=api)
    assert request.user.is_authenticated
    return applying.store(raw, read, api=api, by=request.user)


def _read(file: OpenApiFile) -> Read:
    return applying.read(file.text.encode())


def _preview(file: OpenApiFile) -> dict[str, Any]:
    try:
        comparison = applying.preview(_read(file), api=file.api)
    except FileRefused as refusal:
        return {"problems": [str(problem) for problem in refusal.problems]}
    return {
        "changes": [_change(change) for change in comparison.changes],
        "notes": comparison.notes,
        "draft": _draft(comparison),
        "counts": [(state.value, comparison.count(state), TONES[state]) for state in State],
    }


def _draft(comparison: Comparison) -> str:
    if not comparison.needs_draft:
        return "No price changes, so that no draft is made."
    if comparison.draft is not None:
        return f"Prices go on the draft {comparison.draft.name}."
    return "Prices go on a new draft, with all the prices that are in force now."


def _change(change: Change) -> dict[str, Any]:
    return {
        "state": change.state.value,
        "tone": TONES[change.state],
        "code": change.code,
        "name": telling.name(change),
        "where": telling.where(change),
        "what": telling.what_changed(change),
        "cost": telling.cost(change),
        "is_open": change.line == Line.TO_FILL_IN,
    }


def _row(file: OpenApiFile) -> dict[str, Any]:
    card = file.rate_card
    return {
        "page": reverse("admin:ledger_openapifile_change", args=[file.pk]),
        "api": file.api,
        "version": file.version,
        "imported": shown.instant(file.imported_at),
        "by": file.created_by.email if file.created_by else "the command",
        "counts": ", ".join(f"{number} {state}" for state, number in file.counts.items() if number),
        "card": card.name if card else "-",
        "card_page": card and reverse("admin:ledger_ratecard_change", args=[card.pk]),
    }
