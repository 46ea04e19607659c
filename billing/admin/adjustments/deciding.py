"""Where what waits is decided: on what it comes to at that moment."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from accounts.models import User
from billing.adjustments import approving, previewing, proposing, reasons
from billing.adjustments.errors import AdjustmentError, DraftRefused, EffectChanged
from billing.admin import shown as billing_shown
from billing.admin.adjustments import told
from billing.models import Adjustment
from ledger import selectors
from ledger.admin import shown

CHANGED = "It comes to something else by now than you saw. Nothing was done: look at it again."


def may_open(request: HttpRequest) -> bool:
    return request.user.has_perm("billing.view_adjustment")


def may_write(request: HttpRequest) -> bool:
    """Whoever decides, or asked and may withdraw."""
    either = (approving.PERMISSION, proposing.PERMISSION)
    return any(request.user.has_perm(permission) for permission in either)


def page(request: HttpRequest, id: UUID, context: dict[str, Any]) -> HttpResponse:
    if not may_open(request) or (request.method == "POST" and not may_write(request)):
        raise PermissionDenied
    found = Adjustment.objects.select_related("customer", "receiver", "asked_by", "purchase")
    adjustment = get_object_or_404(found, pk=id)
    assert isinstance(request.user, User)
    if request.method == "POST":
        done = _decide(request, adjustment, request.user)
        if done is not None:
            messages.success(request, f"It is {done.state}: {done.name}.")
            return redirect(billing_shown.page(done))
        adjustment = found.get(pk=id)
    if adjustment.state != "waiting" or approving.is_over(adjustment):
        return redirect(billing_shown.page(adjustment))
    is_own = adjustment.asked_by_id == request.user.pk
    page = {
        "title": f"{'Withdraw' if is_own else 'Decide'} {adjustment.name}",
        "adjustment": adjustment,
        "page": billing_shown.page(adjustment),
        "wording": reasons.wording(adjustment.kind, adjustment.reason),
        "size": told.size(adjustment),
        "age": shown.age(adjustment.asked_at, selectors.now()),
        "asked": told.asked(adjustment),
        "why_not": approving.why_not(adjustment, request.user),
        "is_own": is_own,
        **_now(adjustment),
    }
    return render(request, "billing/admin/adjustments/decide.html", context | page)


def waiting(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    if not may_open(request):
        raise PermissionDenied
    now = selectors.now()
    rows = [
        {
            "adjustment": one,
            "page": billing_shown.page(one),
            "customer": shown.customer(one.customer),
            "age": shown.age(one.asked_at, now),
            "left": shown.age(now, one.waits_until or now),
            "size": told.size(one),
            "is_own": one.asked_by_id == request.user.pk,
        }
        for one in approving.waiting()
    ]
    page = {
        "title": "Adjustments that wait",
        "rows": rows,
        "may_decide": request.user.has_perm(approving.PERMISSION),
    }
    return render(request, "billing/admin/adjustments/waiting.html", context | page)


def _now(adjustment: Adjustment) -> dict[str, Any]:
    """What it would come to now, or why it cannot be done any more."""
    try:
        effect = previewing.preview(adjustment)
    except DraftRefused as refusal:
        return {"refused": refusal.detail}
    return {"effect": told.tell(effect), "differs": approving.differs(adjustment, effect)}


def _decide(request: HttpRequest, adjustment: Adjustment, by: User) -> Adjustment | None:
    said = request.POST
    note = said.get("note", "")
    try:
        if "approve" in said:
            seen, confirmed = said.get("seen", ""), "confirmed" in said
            return approving.approve(
                adjustment.pk, by=by, seen=seen, confirmed=confirmed, note=note
            )
        if "decline" in said:
            return approving.decline(adjustment.pk, by=by, note=note)
        if "withdraw" in said:
            return approving.withdraw(adjustment.pk, by=by, note=note)
    except EffectChanged:
        messages.error(request, CHANGED)
    except AdjustmentError as refusal:
        messages.error(request, refusal.detail)
    return None
