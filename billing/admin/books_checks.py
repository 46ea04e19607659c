from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import User
from billing import books_checks
from billing.admin import findings
from billing.admin import shown as billing_shown
from billing.admin.windows import BillingWindow
from billing.models import BooksCheck
from ledger.admin import shown


class OutcomeFilter(admin.SimpleListFilter):
    title = "outcome"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("balance", "They balance"), ("broken", "Broken")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.value():
            return queryset
        return (
            queryset.filter(broken__gt=0) if self.value() == "broken" else queryset.filter(broken=0)
        )


@admin.register(BooksCheck)
class BooksCheckAdmin(BillingWindow):
    """Whether the books balance, now and at each time before."""

    change_list_template = "billing/admin/books_checks.html"
    change_form_template = "billing/admin/books_check.html"
    list_display = ["started", "asked", "length", "proved", "outcome"]
    list_filter = [OutcomeFilter]
    list_select_related = ["asked_by"]
    search_fields = []
    fields = ["started"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.verify)
        return [path("verify", view, name="billing_bookscheck_verify"), *super().get_urls()]

    def has_run_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.run_books_check")

    def searched(self, term: str) -> Q:
        return Q()

    def verify(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_run_permission(request):
            raise PermissionDenied
        assert isinstance(request.user, User)
        done = books_checks.run(request.user)
        if done.broken:
            messages.error(request, f"The books do not balance: {_outcome(done)}.")
        else:
            messages.success(request, "The books balance: all checks hold.")
        return redirect(billing_shown.page(done))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        told = {"title": "Books balance", "may_verify": self.has_run_permission(request)}
        return super().changelist_view(request, told | (extra_context or {}))

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: BooksCheck | None = None,
    ) -> HttpResponse:
        if obj is not None:
            context["figures"] = self._figures(obj)
            context["broken"] = findings.tables(obj.findings)
            context["held"] = [one for one in obj.findings if not one["broken"]]
        context["may_verify"] = self.has_run_permission(request)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _figures(self, check: BooksCheck) -> list[tuple[str, str | SafeString]]:
        return [
            ("books", self.outcome(check)),
            ("checks", str(check.checks)),
            ("started", self.started(check)),
            ("took", self.length(check)),
            ("asked by", self.asked(check)),
        ]

    @admin.display
    def started(self, check: BooksCheck) -> str:
        return shown.instant(check.started_at)

    @admin.display(description="asked by")
    def asked(self, check: BooksCheck) -> str:
        return check.asked_by.email if check.asked_by else "the clock"

    @admin.display(description="took")
    def length(self, check: BooksCheck) -> str:
        return f"{check.took.total_seconds():.1f} s"

    @admin.display(description="checks")
    def proved(self, check: BooksCheck) -> int:
        return check.checks

    @admin.display(description="books")
    def outcome(self, check: BooksCheck) -> SafeString:
        kind = "bad" if check.broken else "good"
        return format_html('<span class="outcome {}">{}</span>', kind, _outcome(check))


def _outcome(check: BooksCheck) -> str:
    if not check.broken:
        return "balance"
    return f"{check.broken} {'check' if check.broken == 1 else 'checks'} broken"
