"""Back-tests: what past calls would have cost under a draft. The worker answers."""

from contextlib import suppress
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from kombu.exceptions import OperationalError

from accounts import csv_files
from billing.admin import backtest_figures
from billing.admin.books.pages import BooksPage
from billing.backtest import asking, telling
from billing.errors import BackTestRefused
from billing.jobs import standing
from billing.models import BackTest, BackTestState
from billing.operators import watchdog
from ledger.admin import shown
from ledger.models import RateCard

SHOWN_MAX: Final = 50
TASK: Final = "back_tests"
TONES: Final = {BackTestState.DONE: "good", BackTestState.FAILED: "bad"}


class AskForm(forms.Form):
    card = forms.ModelChoiceField(
        queryset=RateCard.objects.none(), label="Rate card", help_text="A draft, or any other."
    )
    days = forms.IntegerField(label="Days back", initial=30, min_value=1, max_value=asking.DAYS_MAX)
    heeds_terms = forms.BooleanField(
        label="Leave groups, pins and customers' own prices as they are",
        required=False,
        initial=True,
        help_text="Otherwise everyone is priced by this card.",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["card"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = RateCard.objects.order_by("published_at", "-id").reverse()


@admin.register(BackTest)
class BackTestAdmin(BooksPage):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("ask", view(self.ask), name="billing_backtest_ask"),
            path("<int:pk>.csv", view(self.csv), name="billing_backtest_csv"),
            *super().get_urls(),
        ]

    def may_ask(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.add_backtest")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.require_view(request)
        found = BackTest.objects.select_related("rate_card", "asked_by").order_by("-id")
        context = self.context(
            request,
            title="Back-tests",
            rows=[_row(one) for one in found[:SHOWN_MAX]],
            may_ask=self.may_ask(request),
        )
        return render(request, "billing/admin/backtest/list.html", context)

    def ask(self, request: HttpRequest) -> HttpResponse:
        if not self.may_ask(request):
            raise PermissionDenied
        form = AskForm(request.POST or None, initial={"card": request.GET.get("card")})
        if request.method == "POST" and form.is_valid():
            said = form.cleaned_data
            assert request.user.is_authenticated
            try:
                asked = asking.ask(
                    said["card"],
                    days=said["days"],
                    heeds_terms=said["heeds_terms"],
                    by=request.user,
                )
            except BackTestRefused as refusal:
                form.add_error(None, refusal.detail)
            else:
                # Whoever is not asked now is asked by beat.
                with suppress(OperationalError):
                    standing.ask_for(TASK)
                messages.success(request, "The worker prices the calls anew.")
                return redirect("admin:billing_backtest_change", asked.pk)
        context = self.context(request, title="New back-test", form=form)
        return render(request, "billing/admin/backtest/ask.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        self.require_view(request)
        if not object_id.isdecimal() or len(object_id) > 18:
            raise Http404
        found = _found(int(object_id))
        is_done = found.state == BackTestState.DONE
        is_waiting = found.state in (BackTestState.WAITING, BackTestState.RUNNING)
        context = self.context(
            request,
            title=f"Back-test of {found.rate_card.name}",
            row=_row(found),
            back_test=found,
            is_done=is_done,
            is_waiting=is_waiting,
            is_silent=is_waiting and watchdog.is_silent(),
            **(backtest_figures.of(found) if is_done else {}),
        )
        return render(request, "billing/admin/backtest/result.html", context)

    def csv(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        self.require_view(request)
        found = _found(pk)
        if found.state != BackTestState.DONE:
            raise Http404
        return csv_files.streaming(f"back-test-{found.pk}.csv", telling.as_csv(found))


def _found(pk: int) -> BackTest:
    return get_object_or_404(BackTest.objects.select_related("rate_card", "asked_by"), pk=pk)


def _row(found: BackTest) -> dict[str, Any]:
    state = BackTestState(found.state)
    return {
        "page": reverse("admin:billing_backtest_change", args=[found.pk]),
        "csv": reverse("admin:billing_backtest_csv", args=[found.pk]),
        "card": found.rate_card.name,
        "since": shown.instant(found.since),
        "until": shown.instant(found.until),
        "state": state.label,
        "tone": TONES.get(state, "warn"),
        "by": found.asked_by.email if found.asked_by else "the command",
        "asked": shown.instant(found.created_at),
        "heeds_terms": found.heeds_terms,
        "calls": f"{found.calls_done:,}",
        "total": f"{found.calls_total:,}",
        "took": _took(found),
    }


def _took(found: BackTest) -> str:
    if found.started_at is None or found.finished_at is None:
        return "-"
    return shown.age(found.started_at, found.finished_at)
