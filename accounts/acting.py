"""Who acts, as the database's session knows it: the setting `drawdown.acting`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import DatabaseError, connection
from django.http import HttpRequest
from django.urls import reverse

from accounts.callers import address_of
from accounts.models import User, Via

_SET: Final = "select set_config('drawdown.acting', %s, false)"
_EXCHANGE: Final = f"select current_setting('drawdown.acting', true), ({_SET})"
_NOBODY: Final = ""
_READING: Final = {"GET", "HEAD", "OPTIONS", "TRACE"}


@contextmanager
def acting(
    *,
    person: UUID | None = None,
    service: int | None = None,
    key: UUID | None = None,
    via: Via,
    address: str | None = None,
    request_id: str = "",
) -> Iterator[None]:
    """What is changed within is entered as this person's or service's doing."""
    told = _told(person, service, key, via, address, request_id)
    with connection.cursor() as cursor:
        cursor.execute(_EXCHANGE, [told])
        before = cursor.fetchone()[0]
    try:
        yield
    finally:
        _reset(before or _NOBODY)


@dataclass
class CurrentRequest:
    """The request that is being answered, and whose key it came with, once that is known."""

    request: HttpRequest
    service: int | None = None
    key: UUID | None = None
    is_told: bool = False

    def writes(self) -> bool:
        return self.request.method not in _READING

    def person(self) -> UUID | None:
        user = self.request.user
        by_key = self.service is not None or self.key is not None
        return user.id if isinstance(user, User) and not by_key else None

    def via(self) -> Via:
        if self.service is not None or self.key is not None:
            return Via.API
        is_staffs = self.request.path.startswith(reverse("admin:index"))
        return Via.ADMIN if is_staffs else Via.PORTAL

    def tell(self) -> None:
        """The database, once."""
        if self.is_told:
            return
        address = address_of(self.request)
        told = _told(
            self.person(),
            self.service,
            self.key,
            self.via(),
            None if address is None else str(address),
            self.request.META.get("HTTP_X_REQUEST_ID", ""),
        )
        with connection.cursor() as cursor:
            cursor.execute(_SET, [told])
        self.is_told = True

    def forget(self) -> None:
        if self.is_told:
            _reset(_NOBODY)


CURRENT: Final[ContextVar[CurrentRequest | None]] = ContextVar("audited_request", default=None)


def recognise(*, service: int | None = None, key: UUID | None = None) -> None:
    """Who asks became known within the request: whose key it is, or else whoever signed in."""
    current = CURRENT.get()
    if current is None:
        return
    current.service, current.key, current.is_told = service, key, False
    if current.writes():
        current.tell()


def _told(
    person: UUID | None,
    service: int | None,
    key: UUID | None,
    via: Via,
    address: str | None,
    request_id: str,
) -> str:
    return json.dumps(
        {
            "person": person and str(person),
            "service": service,
            "key": key and str(key),
            "via": via,
            "address": address,
            "request_id": request_id,
        }
    )


def _reset(before: str) -> None:
    """Nobody after us may act as whom we told of: rather no connection at all."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(_SET, [before])
    except DatabaseError:
        # A failed transaction takes back what was set within it, when it is rolled back.
        if not connection.in_atomic_block:
            connection.close()
