"""What is done by itself, how it goes, and what operators were told."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, Q
from django.db.models.functions import Now
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from kombu.exceptions import OperationalError

from billing.admin import job_figures
from billing.admin.books.pages import BooksPage
from billing.jobs import standing
from billing.models import Job, OperatorNotice
from billing.operators import watchdog
from ledger.admin import shown

TOLD_OF = timedelta(days=7)
NOTICES_SHOWN = 20


@admin.register(Job)
class JobAdmin(BooksPage):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.run)
        return [path("<str:name>/run", view, name="billing_job_run"), *super().get_urls()]

    def has_run_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.run_job")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.require_view(request)
        last = Job.objects.filter(pk=watchdog.CANARY).first()
        context = self.context(
            request,
            title="Jobs",
            is_silent=watchdog.is_silent(),
            last_sign=shown.instant(last.succeeded_at) if last else "never",
            waiting=job_figures.waiting(),
            rows=job_figures.rows(),
            notices=_notices(),
            may_run=self.has_run_permission(request),
        )
        return render(request, "billing/admin/jobs.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A job has no page of its own."""
        self.require_view(request)
        return redirect("admin:billing_job_changelist")

    def run(self, request: HttpRequest, name: str) -> HttpResponse:
        """Asks first."""
        if not self.has_run_permission(request):
            raise PermissionDenied
        if not standing.can_be_asked_for(name):
            raise Http404
        if request.method == "POST":
            _ask_for(request, name)
            return redirect("admin:billing_job_changelist")
        context = self.context(
            request,
            title=f"Run {name} now",
            name=name,
            purpose=standing.purpose(name),
            is_silent=watchdog.is_silent(),
        )
        return render(request, "billing/admin/job_run.html", context)


def _ask_for(request: HttpRequest, name: str) -> None:
    try:
        standing.ask_for(name)
    except OperationalError:
        told = "The broker does not answer, so nobody was asked. See that it runs, and try again."
        messages.error(request, told)
    else:
        messages.success(request, f"The worker was asked to run {name}.")


def _notices() -> list[dict[str, Any]]:
    """Those that are open, and those of late."""
    of_late = Q(ended_at=None) | Q(began_at__gte=Now() - TOLD_OF)
    open_first = F("ended_at").desc(nulls_first=True)
    found = OperatorNotice.objects.filter(of_late).order_by(open_first, "-began_at")
    return [
        {
            "title": notice.title,
            "text": notice.text,
            "page": notice.page,
            "began": shown.instant(notice.began_at),
            "ended": shown.instant(notice.ended_at),
            "is_open": notice.ended_at is None,
        }
        for notice in found[:NOTICES_SHOWN]
    ]
