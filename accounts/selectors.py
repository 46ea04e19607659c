from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils import timezone

from accounts import directory, keys
from accounts.directory import ApiKeyEntry, Changes, CustomerEntry, ServiceKeyEntry
from accounts.errors import NotFound
from accounts.models import (
    HOUSE_ID,
    ApiKey,
    Customer,
    Invitation,
    KeyNotice,
    Member,
    ServiceKey,
    User,
)

NOTICES_SHOWN_FOR: Final = timedelta(days=3)


def customer_by_id(customer_id: UUID) -> Customer:
    """Raises NotFound, for the house too: it is nobody's customer."""
    customer = Customer.objects.exclude(id=HOUSE_ID).filter(id=customer_id).first()
    if customer is None:
        raise NotFound
    return customer


def key_by_id(key_id: UUID) -> ServiceKey | ApiKey:
    """Raises NotFound."""
    key = ApiKey.objects.filter(id=key_id).first() or ServiceKey.objects.filter(id=key_id).first()
    if key is None:
        raise NotFound
    return key


def memberships_of(user: User) -> list[Member]:
    """A person's places, by the companies' names, each with its customer."""
    found = Member.objects.filter(user=user).select_related("customer")
    return list(found.order_by("customer__name", "id"))


def members_of(customer: Customer) -> list[Member]:
    """With their people, the longest members first."""
    return list(customer.members.select_related("user").order_by("created_at", "id"))


def open_invitations_of(customer: Customer) -> list[Invitation]:
    """The expired ones too, until they are revoked or sent anew; the newest first."""
    found = Invitation.objects.open().filter(customer=customer)
    return list(found.select_related("invited_by").order_by("-created_at"))


def open_invitation(token: str) -> Invitation | None:
    """The one that this token was mailed for, while it can be accepted."""
    found = Invitation.objects.select_related("customer", "invited_by")
    invitation = found.filter(digest=key_digest(token)).first() if token else None
    return invitation if invitation and invitation.is_open() else None


def api_keys_of(customer: Customer) -> list[ApiKey]:
    """Those that work first, and then the newest."""
    return list(customer.api_keys.order_by(F("revoked_at").asc(nulls_first=True), "-created_at"))


def key_notices_of(customer: Customer) -> list[KeyNotice]:
    """Of the last days, the latest first, with their keys."""
    found = KeyNotice.objects.filter(
        key__customer=customer, hour__gt=timezone.now() - NOTICES_SHOWN_FOR
    )
    return list(found.select_related("key").order_by("-hour"))


def service_key(text: str) -> ServiceKeyEntry | None:
    """The service key that reads so, revoked and expired ones included."""
    rows = _rows(directory.SERVICE_KEY_BY_DIGEST, {"digest": key_digest(text)})
    return ServiceKeyEntry(*rows[0]) if rows else None


def api_key(text: str) -> ApiKeyEntry | None:
    """The customer's key that reads so, revoked and expired ones included."""
    rows = _rows(directory.API_KEY_BY_DIGEST, {"digest": key_digest(text)})
    return ApiKeyEntry(*rows[0]) if rows else None


def customer_entry(customer_id: UUID) -> CustomerEntry | None:
    rows = _rows(directory.CUSTOMER_BY_ID, {"id": customer_id})
    return CustomerEntry(*rows[0]) if rows else None


def changes_since(instant: datetime) -> Changes:
    """What changed after `instant`, which is the `as_of` of the poll before. Entries may repeat."""
    since = {"since": instant}
    return Changes(
        as_of=_rows(directory.CLOCK)[0][0],
        service_keys=[
            ServiceKeyEntry(*row) for row in _rows(directory.CHANGED_SERVICE_KEYS, since)
        ],
        api_keys=[ApiKeyEntry(*row) for row in _rows(directory.CHANGED_API_KEYS, since)],
        customers=[CustomerEntry(*row) for row in _rows(directory.CHANGED_CUSTOMERS, since)],
    )


def key_digest(text: str) -> bytes:
    return keys.digest(text, pepper=settings.KEY_PEPPER)


def _rows(query: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
