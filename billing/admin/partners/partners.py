"""A partner: what they are owed, whose endpoints, and the statements of each month."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models.functions import TruncMonth
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts import csv_files
from accounts.admin import KeptAdmin
from billing import partners
from billing.admin import shown as billing_shown
from billing.admin.books import report_tables
from billing.admin.books.months import month_or_404
from billing.admin.partners.shares import share_of, times_of
from billing.books import periods
from billing.books.reports import csv
from billing.models import Partner, PartnerAccrual, PartnerPayout, PartnerTerm
from billing.partners.statements import TITLE
from ledger import selectors
from ledger.admin import shown

View = Callable[..., HttpResponseBase]
MONTHS_MAX = 24
ROWS_MAX = 50


@admin.register(Partner)
class PartnerAdmin(KeptAdmin):
    list_display = ["name", "code", "owed", "email"]
    search_fields = ["name", "code", "email"]
    ordering = ["name"]

    def get_fields(self, request: HttpRequest, obj: Partner | None = None) -> Any:
        own = ["name", "code", "email"]
        return [*own, "owed", "terms", "statements", "payouts"] if obj else own

    def get_readonly_fields(self, request: HttpRequest, obj: Partner | None = None) -> list[str]:
        """Statements name it by its code."""
        return ["code", "owed", "terms", "statements", "payouts"] if obj else []

    def get_urls(self) -> list[URLPattern]:
        pages = [("", self.statement), (".csv", self.csv), (".pdf", self.pdf)]
        return [
            path(
                f"<uuid:id>/statement/<str:month>{suffix}",
                self._view(view),
                name=f"billing_partner_statement{suffix.replace('.', '_')}",
            )
            for suffix, view in reversed(pages)
        ] + super().get_urls()

    def _view(self, view: View) -> View:
        guarded: View = self.admin_site.admin_view(view)
        return guarded

    def statement(self, request: HttpRequest, id: UUID, month: str) -> HttpResponse:
        partner, day = self._asked(request, id, month)
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": f"{partner}, {day:%B %Y}",
            "partner": partner,
            "month": f"{day:%Y-%m}",
            "months": [f"{one:%Y-%m}" for one in months_of(partner)],
            "tables": [report_tables.shown(table) for table in partners.statement(partner, day)],
        }
        return render(request, "billing/admin/partners/statement.html", context)

    def csv(self, request: HttpRequest, id: UUID, month: str) -> HttpResponseBase:
        """Of the table that is named, or of the first."""
        partner, day = self._asked(request, id, month)
        name = request.GET.get("table", "")
        found = [one for one in partners.statement(partner, day) if not name or one.name == name]
        if not found:
            raise Http404
        filename = f"{partner.code}-{found[0].name}-{day:%Y-%m}.csv"
        return csv_files.streaming(filename, csv.stream(found[0]))

    def pdf(self, request: HttpRequest, id: UUID, month: str) -> HttpResponse:
        # What draws takes long to load.
        from billing.books.reports import pdf

        partner, day = self._asked(request, id, month)
        tables = partners.statement(partner, day)
        title = f"{TITLE}: {partner}"
        content = pdf.render(title, day, tables, made_at=selectors.now())
        headers = _named(f"{partner.code}-statement", day)
        return HttpResponse(content, "application/pdf", headers=headers)

    def _asked(self, request: HttpRequest, id: UUID, month: str) -> tuple[Partner, date]:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return get_object_or_404(Partner, pk=id), month_or_404(month)

    @admin.display(description="owed")
    def owed(self, partner: Partner) -> SafeString:
        lines = [(billing_shown.money(one.owed, one.currency),) for one in partners.owed(partner)]
        return format_html_join("; ", "{}", lines) or SafeString("-")

    @admin.display
    def terms(self, partner: Partner) -> SafeString:
        found = PartnerTerm.objects.filter(partner=partner).select_related("endpoint")
        rows = (
            (billing_shown.page(term), term.endpoint.code, share_of(term), times_of(term))
            for term in found.order_by("-starts_at")[:ROWS_MAX]
        )
        listed = format_html_join("", '<li><a href="{}">{}</a>: {}, {}</li>', rows)
        return _list(listed, _add("partnerterm", partner, "Agree to terms"))

    @admin.display
    def statements(self, partner: Partner) -> SafeString:
        rows = (
            (reverse("admin:billing_partner_statement", args=[partner.pk, name]), name)
            for name in (f"{month:%Y-%m}" for month in months_of(partner))
        )
        return _list(format_html_join("", '<li><a href="{}">{}</a></li>', rows), SafeString(""))

    @admin.display
    def payouts(self, partner: Partner) -> SafeString:
        found = PartnerPayout.objects.filter(partner=partner).order_by("-paid_on", "-created_at")
        rows = (
            (
                billing_shown.page(one),
                one.reference,
                billing_shown.money(one.amount, one.currency),
                one.paid_on,
            )
            for one in found[:ROWS_MAX]
        )
        listed = format_html_join("", '<li><a href="{}">{}</a>: {} on {}</li>', rows)
        return _list(listed, _add("partnerpayout", partner, "Record a payout"))


def months_of(partner: Partner) -> list[date]:
    """This one, and those before that have something."""
    accrued = PartnerAccrual.objects.filter(partner=partner).annotate(of=TruncMonth("posted_on"))
    paid = PartnerPayout.objects.filter(partner=partner).annotate(of=TruncMonth("paid_on"))
    found = {periods.today().replace(day=1)}
    for rows in (accrued, paid):
        found.update(rows.order_by("-of").values_list("of", flat=True).distinct()[:MONTHS_MAX])
    return sorted(found, reverse=True)[:MONTHS_MAX]


def _named(name: str, month: date) -> dict[str, str]:
    return {"Content-Disposition": f'inline; filename="{name}-{month:%Y-%m}.pdf"'}


def _add(model: str, partner: Partner, words: str) -> SafeString:
    page = reverse(f"admin:billing_{model}_add")
    return format_html("<p>{}</p>", shown.link(f"{page}?partner={partner.pk}", words))


def _list(items: SafeString, after: SafeString) -> SafeString:
    return format_html("<ul>{}</ul>{}", items, after) if items else after or SafeString("-")
