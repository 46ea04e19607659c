"""What is asked of staff before any page of theirs is shown."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts import second_factor, staff_sessions
from accounts.models import User

View = Callable[..., HttpResponse]


def watched(view: View) -> View:
    """Shows the page to whoever has a second factor, and shown it. Others are led to that first."""

    @wraps(view)
    def watching(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        assert isinstance(request.user, User)
        _require_text(request)
        if second_factor.is_missing(request.user):
            told = "Staff sign in with a second factor: turn it on, then the admin opens."
            messages.warning(request, told)
            return redirect("mfa_activate_totp")
        if not second_factor.was_shown(request, request.user):
            query = urlencode({"next": request.get_full_path()})
            return redirect(f"{reverse('mfa_reauthenticate')}?{query}")
        staff_sessions.see(request)
        return view(request, *args, **kwargs)

    return watching


def _require_text(request: HttpRequest) -> None:
    """What no text can have would be an error of the database's. Searches tell it by themselves."""
    asked = [request.path]
    found = request.resolver_match
    if found is not None and (found.url_name or "").endswith("_changelist"):
        asked += [one for name, all in request.GET.lists() if name != "q" for one in all]
    if any("\x00" in text for text in asked):
        raise SuspiciousOperation("An address has no NUL.")
