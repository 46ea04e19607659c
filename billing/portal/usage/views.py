"""What was used: by day, endpoint, key and outcome, with charts, tables and a file."""

from typing import cast

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_GET
from django_htmx.http import HttpResponseClientRefresh

from accounts import csv_files
from accounts.permissions import Right
from accounts.portal import MemberRequest, for_members
from billing.portal.fragments import for_signed_in, is_of_another_company
from billing.portal.refused import refused
from billing.portal.usage import asked as usage_asked
from billing.portal.usage import told as usage_told


@require_GET
@for_members(Right.SEE)
def usage_page(request: MemberRequest) -> HttpResponse:
    asked = usage_asked.asked(request.GET, request.member.customer)
    page = {
        "asked": asked,
        "days": asked.days,
        "kept": asked.kept,
        "keep": urlencode(asked.kept),
        "usage": usage_told.told(request.member.customer_id, asked),
    }
    return render(request, "billing/usage.html", page)


@require_GET
@for_signed_in
@for_members(Right.SEE)
def usage_now(request: MemberRequest) -> HttpResponse:
    """Nothing, as long as nothing has changed."""
    if is_of_another_company(request):
        return HttpResponseClientRefresh()
    asked = usage_asked.asked(request.GET, request.member.customer)
    usage = usage_told.told(request.member.customer_id, asked)
    if usage.asks_again and usage.state == request.GET.get("state"):
        return HttpResponse(status=204)
    return render(request, "billing/_usage.html", {"asked": asked, "usage": usage})


@require_GET
@for_members(Right.SEE)
def usage_csv(request: MemberRequest) -> HttpResponse:
    asked = usage_asked.asked(request.GET, request.member.customer)
    if asked.days.error:
        return refused(asked.days.error)
    rows = usage_told.rows(request.member.customer_id, asked)
    name = f"usage-{asked.days.first}-{asked.days.last}.csv"
    file = csv_files.download(name, usage_told.HEADER, usage_told.lines(rows))
    return cast("HttpResponse", file)
