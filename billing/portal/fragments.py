"""Parts of a page that ask for themselves again."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec, cast

from django.http import HttpRequest, HttpResponse
from django_htmx.http import HttpResponseClientRefresh

from accounts.portal import MemberRequest

P = ParamSpec("P")

# To htmx, a page that need not ask again.
STOP: Final = 286


def for_signed_in(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Who has signed out meanwhile gets a new page, not the form for signing in within the old."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated and "HX-Request" in request.headers:
            return HttpResponseClientRefresh()
        return view(request, *args, **kwargs)

    return cast("Callable[Concatenate[HttpRequest, P], HttpResponse]", guarded)


def is_of_another_company(request: MemberRequest) -> bool:
    """The page was made for one, and another tab has switched since."""
    return request.GET.get("of") != str(request.member.customer_id)
