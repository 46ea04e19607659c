"""What endpoints cost, and what is left of their price: a page for a period, and a panel on the
page of a rate card, before it is published."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts import csv_files
from accounts.admin import KeptAdmin
from billing import figures, margins
from billing.admin.books import report_tables
from billing.admin.books.pages import BooksPage
from billing.admin.books.places import CapitalsForm
from billing.books import periods
from billing.books.errors import RateMissing
from billing.books.reports import csv
from billing.books.reports.table import Table
from billing.models import EndpointCost, Margin, MarginTarget
from ledger.admin.rate_cards import RateCardAdmin
from ledger.models import RateCard

View = Callable[..., HttpResponseBase]
USUAL = timedelta(days=29)
FIRST, LAST = date(2000, 1, 1), date(2200, 1, 1)


class PeriodForm(forms.Form):
    start = forms.DateField(label="From", widget=forms.DateInput({"type": "date"}))
    end = forms.DateField(label="until", widget=forms.DateInput({"type": "date"}))

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        start, end = said.get("start"), said.get("end")
        if start and end and not FIRST <= start <= end < LAST:
            raise forms.ValidationError("The last day is not before the first.")
        return said


@admin.register(Margin)
class MarginAdmin(BooksPage):
    def get_urls(self) -> list[URLPattern]:
        guarded: View = self.admin_site.admin_view(self.csv)
        return [path("margin.csv", guarded, name="billing_margin_csv"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Of the last thirty days, unless others are asked for."""
        self.require_view(request)
        form = _asked(request)
        tables: list[Table] = []
        if form.is_valid():
            try:
                tables = margins.report(form.cleaned_data["start"], form.cleaned_data["end"])
            except RateMissing as refusal:
                messages.error(request, refusal.detail)
        context = self.context(
            request,
            title="Gross margin",
            form=form,
            csv=reverse("admin:billing_margin_csv"),
            days=urlencode(form.data),
            tables=[report_tables.shown(table) for table in tables],
            target=figures.percent(margins.usual(), 0),
        )
        return render(request, "billing/admin/margins/margins.html", context)

    def change_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        return self.changelist_view(request)

    def csv(self, request: HttpRequest) -> HttpResponseBase:
        self.require_view(request)
        form = _asked(request)
        if not form.is_valid():
            raise Http404
        start, end = form.cleaned_data["start"], form.cleaned_data["end"]
        try:
            tables = margins.report(start, end)
        except RateMissing as refusal:
            return HttpResponse(refusal.detail, "text/plain; charset=utf-8", status=409)
        name = request.GET.get("table", "") or tables[0].name
        table = next((one for one in tables if one.name == name), None)
        if table is None:
            raise Http404
        return csv_files.streaming(f"margin-{name}-{start}-{end}.csv", csv.stream(table))


def _asked(request: HttpRequest) -> PeriodForm:
    today = periods.today()
    return PeriodForm(
        {
            "start": request.GET.get("start", (today - USUAL).isoformat()),
            "end": request.GET.get("end", today.isoformat()),
        }
    )


@admin.register(EndpointCost)
class EndpointCostAdmin(KeptAdmin):
    """What is put right puts reports right: the books have nothing of it."""

    form = CapitalsForm
    list_display = ["endpoint", "of", "costs", "starts_on"]
    list_select_related = ["endpoint"]
    search_fields = ["endpoint__code", "quantity"]
    ordering = ["endpoint__code", "quantity", "-starts_on"]
    fields = ["endpoint", "quantity", "amount", "currency", "starts_on"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"starts_on": periods.today()} | super().get_changeform_initial_data(request)

    @admin.display(description="for every")
    def of(self, cost: EndpointCost) -> str:
        return cost.quantity or "call"

    @admin.display(description="cost")
    def costs(self, cost: EndpointCost) -> str:
        return f"{cost.amount.normalize():f} {cost.currency}"


@admin.register(MarginTarget)
class MarginTargetAdmin(KeptAdmin):
    list_display = ["endpoint", "percent"]
    list_select_related = ["endpoint"]
    search_fields = ["endpoint__code"]
    ordering = ["endpoint__code"]

    def get_readonly_fields(
        self, request: HttpRequest, obj: MarginTarget | None = None
    ) -> list[str]:
        return ["endpoint"] if obj else []


def panel(card: RateCard) -> SafeString:
    """What each price of a card leaves at list price, with the endpoints under their target first
    to be seen; empty where no endpoint has a cost or nothing is sold."""
    prices = list(card.prices.select_related("endpoint"))
    today = periods.today()
    try:
        quantities = margins.realised(today - USUAL, today).quantities
    except RateMissing:
        quantities = {}
    names = {price.endpoint_id: price.endpoint.code for price in prices}
    target = margins.targets()
    rows = [
        (
            "margin-under" if one.is_under(target[one.endpoint]) else "margin-met",
            names[one.endpoint],
            one.pack_currency,
            f"{one.net:.6f} {one.currency}",
            f"{one.cost:.6f} {one.currency}",
            figures.percent(one.part, 1),
            figures.percent(target[one.endpoint], 1),
            "Under its target" if one.is_under(target[one.endpoint]) else "",
        )
        for one in margins.expected(prices, quantities)
    ]
    if not rows:
        return SafeString("-")
    body = format_html_join(
        "",
        '<tr class="{}"><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>'
        "<td><strong>{}</strong></td></tr>",
        rows,
    )
    return format_html(
        "<table><thead><tr><th>Endpoint</th><th>Packs in</th><th>A call earns</th>"
        "<th>It costs</th><th>Margin</th><th>Target</th><th></th></tr></thead>"
        "<tbody>{}</tbody></table>",
        body,
    )


class CardAdmin(RateCardAdmin):
    """With what its prices would leave."""

    def get_fieldsets(self, request: HttpRequest, obj: RateCard | None = None) -> Any:
        own = list(super().get_fieldsets(request, obj))
        if obj is None:
            return own
        return [*own, ("Expected margin", {"fields": ["expected_margin"]})]

    def get_readonly_fields(self, request: HttpRequest, obj: RateCard | None = None) -> Any:
        return [*super().get_readonly_fields(request, obj), "expected_margin"]

    @admin.display(description="at list price")
    def expected_margin(self, card: RateCard) -> SafeString:
        return panel(card)


# The ledger knows no money: its page is registered anew with what billing adds to it.
admin.site.unregister(RateCard)
admin.site.register(RateCard, CardAdmin)
