"""Reopening on a month's page: the form that asks, and what was asked and decided."""

from datetime import date
from typing import Any, NamedTuple

from django import forms

from billing.models import ReopenRequest
from ledger.admin import shown


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 60}),
        help_text="Why the month must be open again. It is kept with the month.",
        error_messages={"required": "Say why it is to be reopened."},
    )


class Asked(NamedTuple):
    id: int
    reason: str
    asked_by: str
    asked_at: str
    decision: str
    decided_by: str
    decided_at: str
    may_decide: bool
    is_own: bool


def history(month: date, user: Any) -> list[Asked]:
    """The last first."""
    found = ReopenRequest.objects.filter(month=month).select_related("asked_by", "decided_by")
    return [_asked(request, user) for request in found.order_by("-id")]


def _asked(request: ReopenRequest, user: Any) -> Asked:
    is_own = request.asked_by_id == user.pk
    waits = request.decided_at is None
    return Asked(
        request.pk,
        request.reason,
        request.asked_by.email,
        shown.instant(request.asked_at),
        "Waiting" if waits else "Approved" if request.approved else "Declined",
        request.decided_by.email if request.decided_by else "-",
        shown.instant(request.decided_at),
        waits and not is_own and user.has_perm("billing.reopen_period"),
        waits and is_own,
    )
