"""The call log: the list, what is new of it, the next stretch of it, a file of it, and one call."""

from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET
from django_htmx.http import HttpResponseClientRefresh

from accounts import csv_files
from accounts.errors import NotFound
from accounts.permissions import Right
from accounts.portal import MemberRequest, for_members
from billing.portal.calls import called
from billing.portal.calls import filters as call_filters
from billing.portal.calls import told as call_told
from billing.portal.calls.called import Found
from billing.portal.calls.filters import Asked
from billing.portal.fragments import for_signed_in, is_of_another_company
from billing.portal.refused import refused
from ledger import call_rows, periods
from ledger.detached import telling

LOOK_SECONDS: Final = 2
_OPEN_MAX: Final = 100
NO_FILE: Final = "A file is of days and filters, not of a search: ask for it without q."


@require_GET
@for_members(Right.SEE)
def calls(request: MemberRequest) -> HttpResponse:
    asked = _asked(request)
    # Asked first: a call that comes meanwhile is on the page, or above all that is.
    newest = called.newest(asked) if asked.is_live else ""
    found = called.found(asked)
    page = _page(asked, found) | {
        "above": max([newest, *(row["id"] for row in found.rows[:1])]) if asked.is_live else "",
        "newest": newest,
        "some": "some" in request.GET,
        "shown": len(found.rows),
        "only": found.only,
        "endpoints": call_filters.endpoints(asked),
        "keys": call_filters.keys(asked.customer),
        "states": call_filters.states(),
        "outcomes": call_filters.outcomes(),
        "look_seconds": LOOK_SECONDS,
        "in_files": telling.in_words(periods.ALWAYS if asked.search else asked.filters.period),
    }
    return render(request, "billing/calls.html", page)


@require_GET
@for_signed_in
@for_members(Right.SEE)
def more(request: MemberRequest) -> HttpResponse:
    """The next stretch, for a page that has looked through the one before."""
    if is_of_another_company(request):
        return HttpResponseClientRefresh()
    asked = _asked(request)
    page = _page(asked, called.found(asked)) | {"some": "some" in request.GET}
    return render(request, "billing/_calls_more.html", page)


@require_GET
@for_signed_in
@for_members(Right.SEE)
def new(request: MemberRequest) -> HttpResponse:
    """Nothing, as long as there is nothing new."""
    above, open_ids = _uuid(request.GET.get("above", "")), _uuids(request.GET.get("open", ""))
    if is_of_another_company(request):
        return HttpResponseClientRefresh()
    asked = _asked(request)
    if above is None:
        return HttpResponseClientRefresh() if called.newest(asked) else HttpResponse(status=204)
    found = called.new(asked, above, open_ids)
    if found is None:
        return HttpResponse(status=204)
    if "empty" in request.GET:
        return HttpResponseClientRefresh() if found.rows else HttpResponse(status=204)
    shown = _number(request.GET.get("shown", "")) + len(found.rows)
    if found.is_too_much or shown > called.ROWS_MAX:
        return HttpResponseClientRefresh()
    page = {
        "asked": asked,
        "rows": found.rows,
        "changed": found.changed,
        "above": found.above,
        "open": found.open,
        "shown": shown,
        "look_seconds": LOOK_SECONDS,
    }
    return render(request, "billing/_calls_new.html", page)


@require_GET
@for_members(Right.SEE)
def calls_csv(request: MemberRequest) -> HttpResponseBase:
    """All of the days and filters that the page has; one call that is looked for has its page."""
    asked = _asked(request)
    if asked.search:
        return refused(NO_FILE)
    if asked.days.error:
        return refused(asked.days.error)
    if asked.errors:
        # Where it is said.
        return redirect(f"{reverse('calls')}?{request.GET.urlencode()}")
    rows = call_rows.rows(asked.customer.id, asked.filters)
    name = f"calls-{asked.days.first}-{asked.days.last}.csv"
    return csv_files.download(name, call_rows.HEADER, rows)


@require_GET
@for_signed_in
@for_members(Right.SEE)
def call(request: MemberRequest, call_id: str) -> HttpResponse:
    """The page of an open one asks for itself again: nothing comes while it is as it was."""
    try:
        found = call_told.found(request.member.customer, call_id)
    except NotFound:
        raise Http404 from None
    if request.GET.get("seen") == call_told.seen(found):
        return HttpResponse(status=204)
    page = call_told.page(found) | {"look_seconds": LOOK_SECONDS}
    return render(request, "billing/call.html", page)


def _asked(request: MemberRequest) -> Asked:
    return call_filters.asked(request.member.customer, request.GET)


def _page(asked: Asked, found: Found) -> dict[str, Any]:
    below = found.stretch.below
    return {
        "asked": asked,
        "days": asked.days,
        "kept": asked.kept,
        "keep": asked.keep,
        "rows": found.rows,
        "where": found.where,
        "open": found.open,
        "stretch": found.stretch,
        "below": below.hex if below else "",
        "goes_on": found.goes_on,
        "above_all": called.ABOVE_ALL.hex,
    }


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _uuids(text: str) -> list[UUID]:
    found = [_uuid(one) for one in text.split(",")[:_OPEN_MAX]]
    return [one for one in found if one]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
