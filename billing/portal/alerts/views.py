"""When a company is told of its credits, what it was told, and which mails went out."""

from collections.abc import Callable
from uuid import UUID

from allauth.core import ratelimit
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import RIGHTS, Right
from accounts.portal import MemberRequest, for_members
from billing import alerts as told
from billing.errors import BillingError
from billing.jobs import digest
from billing.models import Mail
from billing.portal import paged
from billing.portal.alerts import notified, watched
from billing.portal.alerts.forms import AlertSettingsForm, ThresholdForm
from ledger.limits import in_words as limits_in_words
from ledger.models import Event


@for_members(Right.BUY)
def alerts(request: MemberRequest) -> HttpResponse:
    if request.method != "POST":
        return _page(request)
    form = AlertSettingsForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    chosen = form.cleaned_data
    digest.set_weekly_digest(request.member.customer, wanted=chosen.pop("weekly_digest"))
    told.configure(request.member.customer_id, **chosen)
    messages.success(request, "Saved.")
    return redirect("alerts")


@require_POST
@for_members(Right.BUY)
def add_threshold(request: MemberRequest) -> HttpResponse:
    def add(basis: str, value: int) -> None:
        told.add(request.member.customer_id, basis=basis, value=value)

    return _enter(request, add, "You will be told.")


@require_POST
@for_members(Right.BUY)
def change_threshold(request: MemberRequest, threshold_id: UUID) -> HttpResponse:
    def change(basis: str, value: int) -> None:
        told.change(request.member.customer_id, threshold_id, basis=basis, value=value)

    return _enter(request, change, "The threshold is changed.", changed=threshold_id)


@require_POST
@for_members(Right.BUY)
def remove_threshold(request: MemberRequest, threshold_id: UUID) -> HttpResponse:
    try:
        told.remove(request.member.customer_id, threshold_id)
    except BillingError as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, "The threshold is removed.")
    return redirect("alerts")


@require_POST
@for_members(Right.BUY)
def test(request: MemberRequest) -> HttpResponse:
    if not ratelimit.consume(request, action="test_alert"):
        messages.error(request, "These are many tests at once. Please go on in an hour.")
    elif mail := told.send_test(request.member.customer, by=request.user):
        messages.success(request, f"A test is on its way to {', '.join(mail.to)}.")
    else:
        messages.error(request, "There is nobody to send it to: enter an address first.")
    return redirect("alert-mails")


@require_GET
@for_members(Right.BUY)
def mails(request: MemberRequest) -> HttpResponse:
    page = paged.page(Mail.objects.filter(customer=request.member.customer), request.GET)
    rows = [notified.mail(one) for one in page.rows]
    told = {"page": page, "rows": rows, "kinds": notified.kinds(request.member.customer)}
    return render(request, "billing/alert_mails.html", told)


@require_GET
@for_members(Right.BUY)
def events(request: MemberRequest) -> HttpResponse:
    """Whether or not an endpoint was there to be told."""
    customer = request.member.customer
    found = Event.objects.filter(customer=customer, kind__in=notified.names())
    page = paged.page(found, request.GET)
    may_see_where = Right.KEYS in RIGHTS[request.member.role]
    told = {
        "page": page,
        "rows": notified.events(customer, page.rows, may_see_where=may_see_where),
    }
    return render(request, "billing/alert_events.html", told)


def _enter(
    request: MemberRequest, do: Callable[[str, int], None], done: str, changed: UUID | None = None
) -> HttpResponse:
    """The page once more where it is refused, with what was typed."""
    form = ThresholdForm(request.POST, auto_id=watched.auto_id(changed))
    if form.is_valid():
        try:
            do(form.cleaned_data["basis"], form.cleaned_data["value"])
        except BillingError as refusal:
            form.add_error("amount", refusal.detail)
        else:
            messages.success(request, done)
            return redirect("alerts")
    return _page(request, wrong=form, changed=changed)


def _page(
    request: MemberRequest,
    form: AlertSettingsForm | None = None,
    *,
    wrong: ThresholdForm | None = None,
    changed: UUID | None = None,
) -> HttpResponse:
    settings = told.settings_of(request.member.customer_id)
    page = {
        "settings": settings,
        "form": form or AlertSettingsForm(initial=watched.initial(settings)),
        "thresholds": watched.thresholds(settings, wrong if changed else None, changed),
        "new": wrong if wrong and not changed else watched.new_form(),
        "caps": [
            one for one in limits_in_words.of(settings.customer) if one.limit.soft is not None
        ],
        "history": watched.history(settings.customer),
        "recipients": watched.recipients_of(settings.customer_id),
    }
    return render(request, "billing/alerts.html", page)
