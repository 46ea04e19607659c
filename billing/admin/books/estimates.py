"""Estimates of breakage: the versions that were made, which nobody changes."""

from datetime import date
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.dateparse import parse_date
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing import figures
from billing.admin.books import approving, cohort_figures, gate_told
from billing.admin.windows import BillingWindow
from billing.books import history, periods
from billing.books.cohorts import Cohort
from billing.models import Estimate, Policy
from ledger.admin import shown


@admin.register(Estimate)
class EstimateAdmin(BillingWindow):
    change_list_template = "billing/admin/books/estimates.html"
    change_form_template = "billing/admin/books/estimate.html"
    list_display = [
        *("version", "cohort", "on", "way", "rate_used", "without_constraint", "remote"),
        *("gate_passed", "approver", "made", "why"),
    ]
    list_select_related = ["approved_by"]
    search_help_text = "A cohort, 2026-10 or 2026-10/USD, or a version, est_12"
    fields = [
        *("version", "cohort", "on", "way", "rate_used", "without_constraint", "remote"),
        *("curve", "treatment", "approver", "made", "note", "inputs_hash"),
    ]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("cohorts", view(self.cohorts), name="billing_estimate_cohorts"),
            path("new", view(self.new), name="billing_estimate_new"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        more = {"may_approve": approving.is_allowed(request), **(extra_context or {})}
        return super().changelist_view(request, more)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        version: Estimate | None = options.get("obj")
        if version is not None and version.gate:
            context["gate"] = gate_told.told(version.gate)
        if version is not None:
            context["runs"] = [_run(run) for run in version.runs.order_by("-id")[:50]]
        return super().render_change_form(request, context, *args, **options)

    def searched(self, term: str) -> Q:
        version = term.removeprefix("est_")
        is_version = version != term and version.isdecimal() and len(version) < 19
        return Q(id=int(version)) if is_version else Q(cohort__startswith=term)

    def cohorts(self, request: HttpRequest) -> HttpResponse:
        """How each stands on a day: today, or one that is asked for."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        as_of = _day(request.GET.get("as_of", "")) or periods.today()
        policy = Policy.current()
        gate = history.as_json(history.gate(as_of, policy), waived=policy.gate_waived)
        lines = cohort_figures.lines(as_of)
        context = {
            **self.admin_site.each_context(request),
            "title": "Cohorts and what is expected of them",
            "as_of": as_of.isoformat(),
            "lines": lines,
            "alarms": [line for line in lines if line.over_redeemed],
            "reviews": [line for line in lines if line.differs and line.is_open],
            "gate": gate_told.told(gate, policy),
            "may_approve": approving.is_allowed(request),
        }
        return render(request, "billing/admin/books/cohorts.html", context)

    def new(self, request: HttpRequest) -> HttpResponse:
        return approving.page(request, self.admin_site.each_context(request))

    @admin.display
    def version(self, estimate: Estimate) -> str:
        return str(estimate)

    @admin.display(description="as of")
    def on(self, estimate: Estimate) -> str:
        return estimate.as_of.isoformat()

    @admin.display(description="note")
    def why(self, estimate: Estimate) -> SafeString:
        return shown.cut(estimate.note)

    @admin.display(description="method")
    def way(self, estimate: Estimate) -> str:
        told = cohort_figures.METHODS[estimate.method]
        return f"{told}, by the curve of use" if estimate.hazards else told

    @admin.display(description="rate used")
    def rate_used(self, estimate: Estimate) -> SafeString:
        return _amount(figures.percent(estimate.rate))

    @admin.display(description="unconstrained")
    def without_constraint(self, estimate: Estimate) -> SafeString:
        return _amount(figures.percent(estimate.unconstrained_rate))

    @admin.display(description="judged remote (W)")
    def remote(self, estimate: Estimate) -> SafeString:
        currency = Cohort.read(estimate.cohort).currency
        told = figures.money(estimate.judged_remote, currency) if estimate.judged_remote else "-"
        return _amount(told)

    @admin.display(description="gate")
    def gate_passed(self, estimate: Estimate) -> str:
        if estimate.gate.get("passes"):
            return "passes"
        return "waived" if estimate.gate.get("waived") else "does not pass"

    @admin.display(description="approved by")
    def approver(self, estimate: Estimate) -> str:
        return estimate.approved_by.email if estimate.approved_by else "the close"

    @admin.display
    def made(self, estimate: Estimate) -> str:
        return shown.instant(estimate.created_at)

    @admin.display(description="part used in each month of age")
    def curve(self, estimate: Estimate) -> str:
        return ", ".join(figures.percent(one, 1) for one in estimate.hazards or []) or "-"


def _run(run: Any) -> dict[str, str]:
    amounts = {name: getattr(run, name) for name in ("v", "c", "a", "n", "catch_up", "current")}
    told = {name: figures.money(amount, run.currency) for name, amount in amounts.items()}
    return {"as_of": str(run.as_of), "expiry": figures.money(run.expiry, run.currency), **told}


def _amount(text: str) -> SafeString:
    return format_html('<span class="amount">{}</span>', text)


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None
