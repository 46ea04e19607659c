"""Reports of a month: the list of them, and a page for each."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse

from billing.admin.books import exports, report_files, report_tables
from billing.admin.books.calendar import MonthRow, listed, standing
from billing.admin.books.months import month_or_404
from billing.admin.books.pages import BooksPage
from billing.books import periods
from billing.books.exports.errors import NotExported
from billing.books.reports import REPORTS
from billing.books.reports import Report as Reported
from billing.models import Report

View = Callable[..., HttpResponseBase]


@admin.register(Report)
class ReportAdmin(BooksPage):
    def get_urls(self) -> list[URLPattern]:
        return [
            path("<str:month>/<slug:slug>", self._view(self.report), name="billing_report_page"),
            path("<str:month>/<slug:slug>.csv", self._view(self.csv), name="billing_report_csv"),
            path("<str:month>/<slug:slug>.pdf", self._view(self.pdf), name="billing_report_pdf"),
            path(
                "<str:month>/export/<slug:target>/<str:currency>",
                self._view(self.export),
                name="billing_report_export",
            ),
            path("<str:month>/close.zip", self._view(self.pack), name="billing_report_pack"),
            *super().get_urls(),
        ]

    def _view(self, view: View) -> View:
        guarded: View = self.admin_site.admin_view(view)
        return guarded

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Of the month that is picked; else of the last that is over."""
        self.require_view(request)
        said = request.GET.get("month", "")
        if not said:
            return self._index(request, _last_over())
        month = month_or_404(said)
        slug = request.GET.get("report", "")
        if slug in REPORTS:
            return redirect("admin:billing_report_page", f"{month:%Y-%m}", slug)
        return self._index(request, month)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        self.require_view(request)
        return self._index(request, month_or_404(object_id))

    def report(self, request: HttpRequest, month: str, slug: str) -> HttpResponse:
        self.require_view(request)
        day, report = month_or_404(month), report_or_404(slug)
        context = self._of_month(request, day) | {
            "title": f"{report.title}, {day:%B %Y}",
            "slug": slug,
            "report": report,
            "tables": [report_tables.shown(table) for table in report.report(day)],
            "others": [(one, REPORTS[one].title) for one in REPORTS],
        }
        return render(request, "billing/admin/books/report.html", context)

    def csv(self, request: HttpRequest, month: str, slug: str) -> HttpResponseBase:
        """Of the table that is named, or of the first."""
        self.require_view(request)
        day = month_or_404(month)
        return report_files.as_csv(report_or_404(slug), day, request.GET.get("table", ""))

    def pdf(self, request: HttpRequest, month: str, slug: str) -> HttpResponse:
        self.require_view(request)
        day = month_or_404(month)
        return report_files.as_pdf(report_or_404(slug), slug, day)

    def export(
        self, request: HttpRequest, month: str, target: str, currency: str
    ) -> HttpResponseBase:
        """What is refused says why."""
        self.require_view(request)
        day = month_or_404(month)
        try:
            return exports.as_file(day, target, currency)
        except NotExported as refusal:
            messages.error(request, f"Not exported: {refusal.detail}")
            return redirect("admin:billing_report_change", f"{day:%Y-%m}")

    def pack(self, request: HttpRequest, month: str) -> HttpResponseBase:
        self.require_view(request)
        return exports.pack(month_or_404(month))

    def _index(self, request: HttpRequest, month: date) -> HttpResponse:
        context = self._of_month(request, month) | {
            "title": f"Reports, {month:%B %Y}",
            "reports": list(REPORTS.items()),
            "exports": exports.links(month),
            "may_name": request.user.has_perm("billing.view_accountname"),
        }
        return render(request, "billing/admin/books/reports.html", context)

    def _of_month(self, request: HttpRequest, month: date) -> dict[str, Any]:
        row = standing(month)
        months = [one.name for one in listed()]
        return self.context(
            request,
            month=row,
            months=months if row.name in months else [*months, row.name],
            earlier=_page((month - timedelta(days=1)).replace(day=1)),
            later=_page((month + timedelta(days=31)).replace(day=1)),
            is_final=_is_final(row),
            may_see_months=request.user.has_perm("billing.view_period"),
        )


def report_or_404(slug: str) -> Reported:
    if slug not in REPORTS:
        raise Http404
    return REPORTS[slug]


def _page(month: date) -> str:
    return reverse("admin:billing_report_change", args=[f"{month:%Y-%m}"])


def _last_over() -> date:
    return (periods.today().replace(day=1) - timedelta(days=1)).replace(day=1)


def _is_final(row: MonthRow) -> bool:
    return row.badge == "Closed"
