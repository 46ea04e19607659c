"""A new estimate: first what it would post, then it is approved."""

from datetime import date
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.models import User
from billing import figures
from billing.admin.books import gate_told
from billing.admin.books.cohort_figures import METHODS
from billing.admin.books.estimate_form import EstimateForm, Kind
from billing.books import estimating, history, preview, revenue
from billing.books.breakage.gate import Gate
from billing.books.estimating import Draft
from billing.books.preview import Change
from billing.errors import BillingError
from billing.models import Estimate, Method, Policy
from ledger.errors import LedgerError


def is_allowed(request: HttpRequest) -> bool:
    return request.user.has_perm("billing.approve_estimate")


def page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    if not is_allowed(request):
        raise PermissionDenied
    form = EstimateForm(request.POST or None)
    changes: list[Change] | None = None
    if form.is_valid():
        try:
            if "confirm" in request.POST:
                return _approve(request, form.cleaned_data)
            changes = _preview(request, form.cleaned_data)
        except (BillingError, LedgerError) as refusal:
            form.add_error(None, refusal.detail)
    return render(
        request,
        "billing/admin/books/estimate_new.html",
        context | {"title": "New estimate", "form": form, **_told(form, changes)},
    )


def _approve(request: HttpRequest, said: dict[str, Any]) -> HttpResponse:
    revenue.recognise_all()
    made = _make(request, said)
    if not made:
        messages.warning(request, "Nothing was estimated: no cohort is open, or has a curve yet.")
        return redirect("admin:billing_estimate_new")
    messages.success(request, f"Approved: {len(made)} new versions as of {said['as_of']}.")
    return redirect("admin:billing_estimate_cohorts")


def _preview(request: HttpRequest, said: dict[str, Any]) -> list[Change]:
    """Usage is made revenue first, as it is every day: the estimate alone is not posted."""
    revenue.recognise_all()
    return preview.preview(partial(_make, request, said), said["as_of"])


def _make(request: HttpRequest, said: dict[str, Any]) -> list[Estimate]:
    assert isinstance(request.user, User)
    as_of: date = said["as_of"]
    common: dict[str, Any] = {"as_of": as_of, "of": said["of"] or None, "approved_by": request.user}
    if said["kind"] == Kind.CURVE:
        return estimating.refresh(**common, note=said["note"])
    if said["kind"] == Kind.REMOTE:
        draft = Draft(judged_remote=said["remote"], note=said["note"])
    else:
        gate = history.gate(as_of, Policy.current())
        draft = Draft(rate=said["rate"], unconstrained_rate=gate.mean, note=said["note"])
    return estimating.estimate(draft, **common)


def _told(form: EstimateForm, changes: list[Change] | None) -> dict[str, Any]:
    policy = Policy.current()
    as_of = form.cleaned_data["as_of"] if form.is_valid() else form.initial_day()
    gate = history.gate(as_of, policy)
    told = gate_told.told(history.as_json(gate, waived=policy.gate_waived), policy)
    return {
        "gate": told,
        "changes": [_row(change) for change in changes] if changes is not None else None,
        "totals": _totals(changes or []),
        "warnings": _warnings(form.cleaned_data, changes, gate) if changes else [],
    }


def _row(change: Change) -> dict[str, str]:
    return {
        "cohort": change.cohort,
        "method": METHODS[change.method],
        **{
            name: figures.money(amount, change.currency)
            for name, amount in (
                ("before", change.before),
                ("after", change.after),
                ("catch_up", change.catch_up),
                ("rest", change.after - change.before - change.catch_up),
            )
        },
    }


def _totals(changes: list[Change]) -> list[dict[str, str]]:
    """By currency."""
    codes = sorted({change.currency for change in changes})
    return [_total(code, [one for one in changes if one.currency == code]) for code in codes]


def _total(currency: str, changes: list[Change]) -> dict[str, str]:
    posted = sum(change.after - change.before for change in changes)
    catch_up = sum(change.catch_up for change in changes)
    return {
        "currency": currency,
        "catch_up": figures.money(catch_up, currency),
        "rest": figures.money(posted - catch_up, currency),
        "posted": figures.money(posted, currency),
    }


def _warnings(said: dict[str, Any], changes: list[Change], gate: Gate) -> list[str]:
    remote = [change for change in changes if change.method == Method.REMOTE]
    told = []
    if said["kind"] != Kind.REMOTE and remote:
        told.append(
            "Breakage of these cohorts is recognised at expiry: the rate is kept with the version"
            " and posts nothing."
        )
    if said["kind"] == Kind.REMOTE and len(remote) < len(changes):
        told.append(
            "Breakage is recognised in proportion to use: a remote value posts nothing, and"
            " without a rate none is expected before expiry."
        )
    limit = gate.constrained
    if said["kind"] == Kind.RATE and limit is not None and said["rate"] > limit:
        told.append(
            f"This is above {figures.percent(limit)}, the lowest rate of the cohorts that matured"
            " last: more than passes the constraint."
        )
    return told
