"""What was raised becomes what is answered: `application/problem+json` (RFC 9457)."""

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.views import set_rollback

from accounts.errors import AccountsError
from billing.errors import BillingError
from config.problems import PROBLEMS, may_succeed_later, title
from ledger.errors import LedgerError

CONTENT_TYPE = "application/problem+json"

_FRAMEWORK = {
    exceptions.ParseError: "malformed-json",
    exceptions.NotAuthenticated: "unauthorized",
    exceptions.AuthenticationFailed: "unauthorized",
    exceptions.PermissionDenied: "forbidden",
    exceptions.MethodNotAllowed: "method-not-allowed",
    exceptions.NotAcceptable: "not-acceptable",
    Http404: "not-found",
}


def handle(error: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """For Django REST framework: None lets the error go on as a fault of ours."""
    set_rollback()
    request: Request = context["request"]
    if isinstance(error, AccountsError | BillingError | LedgerError):
        return answer(request, error.code, error.detail, error.members)
    code = _FRAMEWORK.get(type(error))
    if code is None:
        return None
    response = answer(request, code, _detail(error))
    if isinstance(error, exceptions.MethodNotAllowed):
        response["Allow"] = ", ".join(context["view"].allowed_methods)
    return response


class ProblemResponse(HttpResponse):
    def __init__(self, code: str, body: Mapping[str, Any]) -> None:
        status = PROBLEMS[code].status
        super().__init__(json.dumps(body), content_type=CONTENT_TYPE, status=status)
        self.code = code
        self["X-Should-Retry"] = "true" if may_succeed_later(code) else "false"


def is_api(request: HttpRequest) -> bool:
    """Whether errors are problems here; people's pages show people's errors."""
    return f"{request.path}/".startswith(("/v1/", "/billing/webhooks/"))


def for_machines(request: HttpRequest) -> bool:
    """Asked with a key, a signature or with nothing, never with a session."""
    return is_api(request) or request.path in ("/healthz", "/readyz", "/metrics")


def answer(
    request: HttpRequest | Request, code: str, detail: str = "", members: Mapping[str, Any] = {}
) -> ProblemResponse:
    problem = PROBLEMS[code]
    body = {
        "type": f"/problems/{code}",
        "title": title(code),
        "status": problem.status,
        "detail": detail or problem.meaning,
        "request_id": request.headers["X-Request-Id"],
        **members,
    }
    response = ProblemResponse(code, body)
    if code == "unauthorized":
        response["WWW-Authenticate"] = "Bearer"
    return response


def reading(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A view for machines, outside REST framework, that only reads."""

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if request.method in ("GET", "HEAD"):
            return view(request)
        response = answer(request, "method-not-allowed")
        response["Allow"] = "GET, HEAD"
        return response

    return guarded


def _detail(error: Exception) -> str:
    return str(error.detail) if isinstance(error, exceptions.APIException) else ""
