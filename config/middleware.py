from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.request_ids import request_id
from config.exceptions import answer, is_api

Next = Callable[[HttpRequest], HttpResponse]


class RequestId:
    """Every request has a name, the caller's own or a new one, and its answer says it."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = request_id(request.META.get("HTTP_X_REQUEST_ID"))
        request.META["HTTP_X_REQUEST_ID"] = name
        response = self.get_response(request)
        response["X-Request-Id"] = name
        return response


class BodyLimit:
    """Django REST framework reads a body however long it is."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_api(request) and _length(request) > settings.MAX_BODY_BYTES:
            return answer(request, "request-too-large")
        return self.get_response(request)


def _length(request: HttpRequest) -> int:
    said = request.META.get("CONTENT_LENGTH") or "0"
    return int(said) if said.isdecimal() else 0
