"""What a finance team decides about its books: one form, and who changed what."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest, HttpResponse

from accounts.admin import KeptAdmin, ModelForm
from billing.admin.books.policy_form import FIELDSETS, PolicyForm, books_zone, changes, set_zone
from billing.models import Policy
from ledger import wallets
from ledger.admin import shown

ROW = "True"
HISTORY_MAX = 50


@admin.register(Policy)
class PolicyAdmin(KeptAdmin):
    """There is one, so its list is its page."""

    form = PolicyForm
    fieldsets = FIELDSETS
    change_form_template = "billing/admin/books/policy.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        Policy.current()
        return self.changeform_view(request, ROW, "", extra_context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        more = {
            "title": "Policy of the books",
            "subtitle": None,
            "changes": _history(),
            "show_save_and_continue": False,
            **(extra_context or {}),
        }
        return super().changeform_view(request, object_id, form_url, more)

    def get_readonly_fields(self, request: HttpRequest, obj: Policy | None = None) -> list[str]:
        """Who may only look sees the time zone too, which is no field of the row."""
        return [] if self.has_change_permission(request, obj) else ["time_zone"]

    @admin.display(description="time zone of the books")
    def time_zone(self, policy: Policy) -> str:
        return books_zone()[0]

    def save_model(self, request: HttpRequest, obj: Policy, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        wallets.require_notice(obj.expiry_needs_notice)
        if "time_zone" in form.changed_data and not set_zone(form.cleaned_data["time_zone"]):
            messages.error(request, "A month was closed meanwhile: the time zone stays as it was.")

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> list[dict[str, dict[str, list[str]]]]:
        """With what it was before: an auditor asks for it."""
        before = form.initial | {"time_zone": form.fields["time_zone"].initial}
        told = changes(before, form.cleaned_data)
        return [{"changed": {"fields": told}}] if told else []


def _history() -> list[tuple[str, str, str]]:
    kind = ContentType.objects.get_for_model(Policy)
    found = LogEntry.objects.filter(content_type=kind, object_id=ROW).exclude(change_message="[]")
    return [
        (shown.instant(entry.action_time), str(entry.user), entry.get_change_message())
        for entry in found.select_related("user").order_by("-action_time")[:HISTORY_MAX]
    ]
