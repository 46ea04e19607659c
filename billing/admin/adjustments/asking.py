"""Where somebody adjusts credits: a kind, its form, what it comes to, and it is asked."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from accounts.ids import uuid7
from accounts.models import HOUSE_ID, Customer, User
from billing.adjustments import previewing, proposing, reasons
from billing.adjustments.effects import Effect
from billing.adjustments.errors import DraftRefused, EffectChanged
from billing.adjustments.kinds import SHAPES
from billing.admin import shown as billing_shown
from billing.admin.adjustments import told
from billing.admin.adjustments.forms import AdjustForm
from billing.admin.customer import figures, lots
from billing.admin.customer.section import looked_at
from billing.models import Adjustment, AdjustmentKind
from ledger import selectors

CHANGED = "It comes to something else by now than you saw: look at it again."


def page(request: HttpRequest, id: UUID, context: dict[str, Any]) -> HttpResponse:
    if not request.user.has_perm(proposing.PERMISSION):
        raise PermissionDenied
    customers = Customer.objects.exclude(id=HOUSE_ID).filter(sandbox_of=None)
    customer = get_object_or_404(customers, pk=id)
    kind = request.GET.get("kind", "")
    if kind not in SHAPES:
        return _kinds(request, customer, context)
    return _form(request, customer, kind, context)


def _kinds(request: HttpRequest, customer: Customer, context: dict[str, Any]) -> HttpResponse:
    looked = looked_at(customer, request)
    kinds = [(kind.value, kind.label, SHAPES[kind].does) for kind in AdjustmentKind]
    asked = Adjustment.objects.filter(customer=customer).order_by("-asked_at")[:10]
    page = {
        "title": f"Adjust {customer}",
        "customer": customer,
        "kinds": kinds,
        "figures": figures.of(looked),
        "lots": lots.section(looked),
        "asked": [(billing_shown.page(one), one, told.size(one)) for one in asked],
    }
    return render(request, "billing/admin/adjustments/kinds.html", context | page)


def _form(
    request: HttpRequest, customer: Customer, kind: str, context: dict[str, Any]
) -> HttpResponse:
    assert isinstance(request.user, User)
    initial = {"id": uuid7(), **{name: request.GET[name] for name in _GIVEN & set(request.GET)}}
    form = AdjustForm(customer, kind, request.user, request.POST or None, initial=initial)
    draft = form.draft() if request.method == "POST" else None
    effect: Effect | None = None
    if draft is not None:
        try:
            if "confirm" in request.POST:
                return _propose(request, draft)
            effect = _preview(draft)
        except EffectChanged:
            effect = _preview(draft)
            messages.warning(request, CHANGED)
        except DraftRefused as refusal:
            form.refuse(refusal)
    page = {
        "title": f"{AdjustmentKind(kind).label}: {customer}",
        "customer": customer,
        "kind": kind,
        "does": SHAPES[kind].does,
        "form": form,
        "draft": draft if effect else None,
        "effect": told.tell(effect) if effect else None,
        "wording": reasons.wording(kind, draft.reason) if draft else "",
        "size": told.size(draft) if draft and effect else "",
    }
    return render(request, "billing/admin/adjustments/form.html", context | page)


# What a link to the form may say already.
_GIVEN = {"lot", "call", "about"}


def _preview(draft: Adjustment) -> Effect:
    effect = previewing.preview(draft)
    draft.asked_at = selectors.now()
    proposing.measure(draft, effect)
    return effect


def _propose(request: HttpRequest, draft: Adjustment) -> HttpResponse:
    made = proposing.propose(draft, seen=request.POST.get("seen", ""))
    if made.waits_for:
        told = f"It waits for another person, until {made.waits_until:%Y-%m-%d %H:%M} UTC."
        messages.warning(request, told)
    else:
        messages.success(request, f"Done: {made.name}.")
    return redirect(billing_shown.page(made))
