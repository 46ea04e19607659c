"""The part of the page that asks for itself again."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.models import User
from billing.admin.dashboard import page as pages

PERMISSION = "billing.view_dashboard"


def told(request: HttpRequest) -> dict[str, Any]:
    """For the index; without a dashboard for who may not see it."""
    user = request.user
    if not (isinstance(user, User) and user.has_perm(PERMISSION)):
        return {}
    days = pages.asked(request.GET)
    return {"dashboard": pages.page(user, days), "dashboard_days": days}


@require_GET
def now(request: HttpRequest) -> HttpResponse:
    """Nothing, as long as nothing has changed."""
    found = told(request)
    if not found:
        raise PermissionDenied
    if found["dashboard"].state == request.GET.get("state"):
        return HttpResponse(status=204)
    return render(request, "billing/admin/dashboard/_dashboard.html", found)
