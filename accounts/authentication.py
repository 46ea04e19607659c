"""Who calls: the key in `Authorization: Bearer KEY` becomes its entry in `request.auth`.

A mistyped key belongs to neither kind, so that it is passed over without a query and the
permission refuses the request.
"""

from datetime import timedelta
from typing import TypeVar

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts import keys, selectors, services
from accounts.directory import ApiKeyEntry, ServiceKeyEntry, check_key
from accounts.errors import Forbidden, KeyInvalid, KeyRefused, Unauthorized
from accounts.keys import KeyKind

_Entry = TypeVar("_Entry", ServiceKeyEntry, ApiKeyEntry)
_LAST_USED_HOLDS_FOR = timedelta(minutes=1)


class BearerAuthentication(BaseAuthentication):
    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class ServiceKeyAuthentication(BearerAuthentication):
    def authenticate(self, request: Request) -> tuple[AnonymousUser, ServiceKeyEntry] | None:
        text = _presented(request, KeyKind.SERVICE)
        return (AnonymousUser(), _accepted(selectors.service_key(text))) if text else None


class ApiKeyAuthentication(BearerAuthentication):
    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiKeyEntry] | None:
        text = _presented(request, KeyKind.CUSTOMER)
        return (AnonymousUser(), _accepted(selectors.api_key(text))) if text else None


def service_of(request: Request) -> int:
    """The id of the calling service. Raises Forbidden when a customer calls."""
    if not isinstance(request.auth, ServiceKeyEntry):
        raise Forbidden
    return request.auth.service_id


def _presented(request: Request, kind: KeyKind) -> str | None:
    text = keys.bearer(request.headers.get("Authorization"))
    return text if text and keys.parse(text) is kind else None


def _accepted(entry: _Entry | None) -> _Entry:
    now = timezone.now()
    try:
        if entry is None:
            raise KeyInvalid
        check_key(entry, now=now)
    except KeyRefused as refusal:
        raise Unauthorized(refusal.detail) from refusal
    if entry.last_used_at is None or now - entry.last_used_at > _LAST_USED_HOLDS_FOR:
        services.touch_keys([entry.id])
    return entry
