"""Closing a month: the list of months, and a page for each that walks its close."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from accounts.models import User
from billing.admin.books import approving, cohort_figures, reopening_form, steps
from billing.admin.books.calendar import MonthRow, listed, page_of, read, standing
from billing.admin.books.pages import BooksPage
from billing.books import closing, reopening
from billing.books.cohorts import last_day
from billing.errors import BillingError
from billing.models import Period, PeriodState
from ledger.errors import LedgerError

View = Callable[..., HttpResponse]


@admin.register(Period)
class PeriodAdmin(BooksPage):
    def get_urls(self) -> list[URLPattern]:
        return [
            path("<str:month>/close", self._posted(self.close), name="billing_period_close"),
            path("<str:month>/abandon", self._posted(self.abandon), name="billing_period_abandon"),
            path("<str:month>/reopen", self._posted(self.reopen), name="billing_period_reopen"),
            path(
                "<str:month>/reopen/<int:id>",
                self._posted(self.decide),
                name="billing_period_decide",
            ),
            *super().get_urls(),
        ]

    def _posted(self, view: View) -> View:
        return self.admin_site.admin_view(require_POST(view))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.require_view(request)
        rows = listed()
        context = self.context(
            request,
            title="Months",
            rows=rows,
            next=next((row for row in rows if row.is_next), None),
            waiting=[row for row in rows if row.waiting],
            may_report=request.user.has_perm("billing.view_report"),
        )
        return render(request, "billing/admin/books/months.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        self.require_view(request)
        return self._page(request, month_or_404(object_id))

    def close(self, request: HttpRequest, month: str) -> HttpResponse:
        """Begins it, or takes the step that is named."""
        user = self._allowed(request, "billing.close_period")
        day = month_or_404(month)
        refused = ""
        try:
            self._advance(request, day, user)
        except (BillingError, LedgerError) as refusal:
            refused = refusal.detail
        if getattr(request, "htmx", False):
            return self._fragment(request, day, refused)
        if refused:
            messages.error(request, refused)
        return redirect(page_of(day))

    def abandon(self, request: HttpRequest, month: str) -> HttpResponse:
        user = self._allowed(request, "billing.close_period")
        day = month_or_404(month)
        period = Period.objects.filter(month=day).first()
        if period is None:
            raise Http404
        try:
            closing.abandon(period, by=user)
        except BillingError as refusal:
            messages.error(request, refusal.detail)
        else:
            messages.success(request, f"{day:%Y-%m} is left open. Another close begins anew.")
        return redirect(page_of(day))

    def reopen(self, request: HttpRequest, month: str) -> HttpResponse:
        user = self._allowed(request, "billing.reopen_period")
        day = month_or_404(month)
        form = reopening_form.ReasonForm(request.POST)
        if not form.is_valid():
            return self._page(request, day, reopen_form=form)
        try:
            reopening.ask(day, reason=form.cleaned_data["reason"], by=user)
        except BillingError as refusal:
            messages.error(request, refusal.detail)
        else:
            messages.success(request, "Asked. Somebody else who may reopen months decides.")
        return redirect(page_of(day))

    def decide(self, request: HttpRequest, month: str, id: int) -> HttpResponse:
        user = self._allowed(request, "billing.reopen_period")
        day = month_or_404(month)
        if not any(one.pk == id for one in reopening.waiting(day)):
            messages.error(request, "This was decided already.")
            return redirect(page_of(day))
        approve = "approve" in request.POST
        try:
            reopening.decide(id, approve=approve, by=user)
        except BillingError as refusal:
            messages.error(request, refusal.detail)
        else:
            messages.success(request, f"{day:%Y-%m} is open again." if approve else "Declined.")
        return redirect(page_of(day))

    def _advance(self, request: HttpRequest, day: date, user: User) -> None:
        """A step that is not the next was done meanwhile, in another window: nothing to do."""
        name = request.POST.get("step")
        if name is None:
            closing.begin(day)
            return
        period = Period.objects.filter(month=day).first()
        if period is None or name not in closing.STEPS:
            raise Http404
        if period.state == PeriodState.CLOSING and name == next(closing.left(period), ""):
            if name in ("freeze", "lock"):
                closing.begin(day)  # an earlier month may have been reopened meanwhile
            closing.take(period, name, by=user)

    def _fragment(self, request: HttpRequest, day: date, refused: str) -> HttpResponse:
        context = self._standing(request, day) | {"refused": refused}
        # What is broken or refused waits for a person.
        context["goes_on"] = not refused and not context["close"].has_failed
        return render(request, "billing/admin/books/_close.html", context)

    def _page(self, request: HttpRequest, day: date, **more: Any) -> HttpResponse:
        context = self.context(request, title=f"{day:%B %Y}", **self._standing(request, day))
        row: MonthRow = context["month"]
        if row.is_next and not row.is_closing:
            context["without_estimate"] = cohort_figures.without_estimate(last_day(day))
            context["may_approve"] = approving.is_allowed(request)
        return render(request, "billing/admin/books/month.html", context | more)

    def _standing(self, request: HttpRequest, day: date) -> dict[str, Any]:
        row: MonthRow = standing(day)
        period = row.period
        return {
            "month": row,
            "close": steps.of(period),
            "may_close": request.user.has_perm("billing.close_period"),
            "may_reopen": request.user.has_perm("billing.reopen_period"),
            "may_report": request.user.has_perm("billing.view_report"),
            "can_be_reopened": reopening.can_be_asked(period),
            "reopen_form": reopening_form.ReasonForm(),
            "asked": reopening_form.history(day, request.user),
        }

    def _allowed(self, request: HttpRequest, permission: str) -> User:
        if not request.user.has_perm(permission):
            raise PermissionDenied
        assert isinstance(request.user, User)
        return request.user


def month_or_404(text: str) -> date:
    try:
        return read(text)
    except ValueError:
        raise Http404 from None
