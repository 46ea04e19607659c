"""A key gets a new secret, and time to change over to it.

It stays the same key: its limits, what they have counted, and its usage go on. The secret that it
had is kept as a key of its own, which pays as this one until the overlap ends; who revokes that
ends it at once.
"""

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models.functions import Least, Now
from django.utils import timezone

from accounts import ids, keys
from accounts.errors import KeyEnded
from accounts.models import ApiKey
from accounts.selectors import key_digest
from accounts.services import locked_key, new_secret, tell_of_key

OVERLAP: Final = timedelta(hours=24)
OVERLAP_MAX: Final = timedelta(days=7)

_REPLACED: Final = "This is a secret that a key had before: rotate the key that has another now."


class RotatedKey(NamedTuple):
    """The key, its new secret, and the key that its old secret is now."""

    key: ApiKey
    secret: str
    old: ApiKey


def rotate_key(key: ApiKey, *, overlap: timedelta = OVERLAP, id: UUID | None = None) -> RotatedKey:
    """Secrets from before end with the old one, which gets this id. Raises KeyEnded."""
    with transaction.atomic():
        now = locked_key(key)
        if now.replaced_by_id is not None:
            raise KeyEnded(_REPLACED)
        ends_at = _sooner(now.expires_at, timezone.now() + overlap)
        _end_secrets_before(now, ends_at, at_once=not overlap)
        secret = new_secret(now.customer)
        ApiKey.objects.filter(id=now.id).update(
            prefix=keys.shown_prefix(secret),
            digest=key_digest(secret),
            last_used_at=None,
            changed_at=Now(),
        )
        old = ApiKey.objects.create(
            id=id or ids.uuid7(),
            customer=now.customer,
            name=now.name,
            prefix=now.prefix,
            digest=now.digest,
            endpoints=now.endpoints,
            networks=now.networks,
            suspended_at=now.suspended_at,
            suspended_by_provider=now.suspended_by_provider,
            suspended_by_both=now.suspended_by_both,
            created_at=now.created_at,
            last_used_at=now.last_used_at,
            expires_at=ends_at,
            revoked_at=None if overlap else Now(),
            replaced_by=now,
        )
        key.refresh_from_db()
        tell_of_key(
            key,
            "key.rotated",
            replaces=str(old.id),
            old_prefix=old.prefix,
            old_ends_at=ends_at.isoformat(),
        )
    old.refresh_from_db()
    return RotatedKey(key, secret, old)


def rotate_key_once(id: UUID, key: ApiKey, *, overlap: timedelta) -> RotatedKey | None:
    """None where this was done before. Raises KeyEnded."""
    if ApiKey.objects.filter(id=id).exists():
        return None
    try:
        return rotate_key(key, overlap=overlap, id=id)
    except IntegrityError:
        # The same form, sent twice at once.
        return None


def _end_secrets_before(key: ApiKey, ends_at: datetime, *, at_once: bool) -> None:
    revoked: dict[str, Any] = {"revoked_at": Now()} if at_once else {}
    ApiKey.objects.filter(replaced_by=key, revoked_at=None).update(
        expires_at=Least("expires_at", ends_at), changed_at=Now(), **revoked
    )


def _sooner(expires_at: datetime | None, ends_at: datetime) -> datetime:
    return ends_at if expires_at is None else min(expires_at, ends_at)
