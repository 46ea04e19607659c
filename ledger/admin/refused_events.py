import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.errors import InvalidId
from ledger import usage_events
from ledger.admin import searching, shown
from ledger.admin.windows import WindowAdmin, WindowList
from ledger.models import RefusedEvent


class DecidingForm(ActionForm):
    reason = forms.CharField(required=False, max_length=500, label="Why, to dismiss:")


class RefusedEventList(WindowList):
    def url_for_result(self, result: Any) -> str:
        return reverse("admin:ledger_refusedevent_change", args=[result.pk])


@admin.register(RefusedEvent)
class RefusedEventAdmin(WindowAdmin):
    """Usage that was reported, and that its customers could not cover."""

    action_form = DecidingForm
    actions = ["retry", "dismiss"]
    list_display = [
        *("named", "of", "endpoint", "costs", "had", "state", "happened", "received", "sent"),
    ]
    list_filter = ["state", "reason"]
    search_help_text = (
        "A customer's name, e-mail or external id; cus_…; an event's id, source or endpoint"
    )
    fields = [
        *("event_id", "source", "of", "endpoint", "state", "reason", "costs", "had", "happened"),
        *("received", "sent", "last", "closed", "closed_by", "closed_reason", "told"),
    ]

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return RefusedEventList

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        return super(WindowAdmin, self).get_object(request, object_id, from_field)

    def searched(self, term: str) -> Q:
        named = Q(event_id=term) | Q(source=term) | Q(endpoint=term)
        try:
            return searching.named(term, self.id_columns)
        except InvalidId:
            return named | (searching.of_customers(term) or Q(pk=None))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        usage_events.note_accepted()
        return super().changelist_view(request, extra_context)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("ledger.change_refusedevent")

    @admin.action(description="Retry: charge those that wait", permissions=["decide"])
    def retry(self, request: HttpRequest, queryset: QuerySet[RefusedEvent]) -> None:
        tried = usage_events.retry(queryset, actor=_actor(request))
        level = messages.WARNING if tried.refused else messages.SUCCESS
        told = f"{tried.posted} charged, {tried.refused} refused again."
        self.message_user(request, told, level)

    @admin.action(description="Dismiss: never charge those that wait", permissions=["decide"])
    def dismiss(self, request: HttpRequest, queryset: QuerySet[RefusedEvent]) -> None:
        reason = request.POST.get("reason", "")
        if not reason.strip():
            self.message_user(request, "Say why they are not charged.", messages.ERROR)
            return
        number = usage_events.dismiss(queryset, reason=reason[:500], actor=_actor(request))
        self.message_user(request, f"{number} dismissed.", messages.SUCCESS)

    @admin.display(description="event")
    def named(self, event: RefusedEvent) -> SafeString:
        return shown.cut(event.event_id)

    @admin.display(description="customer")
    def of(self, event: RefusedEvent) -> SafeString:
        return shown.customer(event.customer)

    @admin.display
    def costs(self, event: RefusedEvent) -> SafeString:
        return shown.credits(event.required)

    @admin.display(description="available")
    def had(self, event: RefusedEvent) -> SafeString:
        return shown.credits(event.available)

    @admin.display(description="done at")
    def happened(self, event: RefusedEvent) -> str:
        return shown.instant(event.happened_at)

    @admin.display(description="reported at")
    def received(self, event: RefusedEvent) -> str:
        return shown.instant(event.received_at)

    @admin.display(description="times sent")
    def sent(self, event: RefusedEvent) -> int:
        return event.times

    @admin.display(description="last sent at")
    def last(self, event: RefusedEvent) -> str:
        return shown.instant(event.last_at)

    @admin.display(description="decided at")
    def closed(self, event: RefusedEvent) -> str:
        return shown.instant(event.closed_at)

    @admin.display(description="event as it came")
    def told(self, event: RefusedEvent) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(event.event, indent=2, ensure_ascii=False))


def _actor(request: HttpRequest) -> str:
    return request.user.get_username()
