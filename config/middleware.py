from collections.abc import Callable
from http import HTTPStatus
from time import perf_counter

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware
from django.shortcuts import render

from accounts.directory import ApiKeyEntry, ServiceKeyEntry
from accounts.ids import CUSTOMER, encode
from accounts.request_ids import CURRENT, request_id
from accounts.request_log import NAME_MAX, RequestLine, begin, finish
from config.exceptions import ProblemResponse, answer, for_machines, is_api
from config.request_log import request_log

Next = Callable[[HttpRequest], HttpResponse]


class RequestId:
    """Every request has a name, the caller's own or a new one. Its answer and the log say it."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        self._log = request_log()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = request_id(request.META.get("HTTP_X_REQUEST_ID"))
        request.META["HTTP_X_REQUEST_ID"] = name
        named = CURRENT.set(name)
        began, line = perf_counter(), begin(name, request.method or "", request.path)
        try:
            response = self.get_response(request)
        finally:
            CURRENT.reset(named)
        response["X-Request-Id"] = name
        finish(line, status=response.status_code, began=began)
        _describe(line, request, response)
        self._log.write(line)
        return response


class BodyLimit:
    """Django REST framework reads a body however long it is. Of a form that is longer nothing is
    read, and so no token that it was ours."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_api(request) and _length(request) > settings.MAX_BODY_BYTES:
            return answer(request, "request-too-large")
        if request.method == "POST" and _length(request) > settings.MAX_BODY_BYTES:
            return render(request, "413.html", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return self.get_response(request)


class Common(CommonMiddleware):
    """ALLOWED_HOSTS are the names of the pages, which have sessions. Nothing that a key opens, or
    nothing, depends on the name that it was reached by."""

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        return None if for_machines(request) else super().process_request(request)


def _describe(line: RequestLine, request: HttpRequest, response: HttpResponse) -> None:
    match = request.resolver_match
    if match is not None:
        line.route = match.route
        line.customer = str(match.kwargs.get("customer_id", ""))[:NAME_MAX]
        line.reservation = str(match.kwargs.get("reservation_id", ""))[:NAME_MAX]
    # What REST framework found out about the caller.
    caller = getattr(request, "auth", None)
    if isinstance(caller, ServiceKeyEntry):
        line.service = caller.service_id
    elif isinstance(caller, ApiKeyEntry):
        line.customer = encode(CUSTOMER, caller.customer_id)
    if isinstance(response, ProblemResponse):
        line.code = response.code


def _length(request: HttpRequest) -> int:
    said = request.META.get("CONTENT_LENGTH") or "0"
    return int(said) if said.isdecimal() else 0
