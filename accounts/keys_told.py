"""What the pages of keys tell of each, with no look at its calls."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import Count
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts import selectors
from accounts.models import ApiKey, Customer, KeyAddress

ADDRESSES_OF: Final = timedelta(hours=24)


class Row(NamedTuple):
    """`limits` as `ledger.limits.in_words` says them. `addresses`: of the last 24 hours."""

    key: ApiKey
    limits: list[Any]
    addresses: int


def rows(customer: Customer) -> list[Row]:
    keys = selectors.api_keys_of(customer)
    seen, limits = _addresses([key.id for key in keys]), _limits(customer)
    return [Row(key, _of(key, limits), seen.get(key.id, 0)) for key in keys]


def row(key: ApiKey) -> Row:
    return Row(key, _of(key, _limits(key.customer)), _addresses([key.id]).get(key.id, 0))


def _limits(customer: Customer) -> Mapping[UUID | None, list[Any]]:
    found: Mapping[UUID | None, list[Any]] = import_string(settings.LIMITS_OF_KEYS)(customer)
    return found


def _of(key: ApiKey, limits: Mapping[UUID | None, list[Any]]) -> list[Any]:
    """A secret from before counts as the key that it belonged to. What is for every key is said of
    each that was used by itself already."""
    own = limits.get(key.replaced_by_id or key.id, [])
    said = {(one.limit.kind, one.limit.period, one.source) for one in own}
    everyones = limits.get(None, [])
    return [
        *own,
        *(one for one in everyones if (one.limit.kind, one.limit.period, one.source) not in said),
    ]


def _addresses(keys: Collection[UUID]) -> dict[UUID, int]:
    since = timezone.now() - ADDRESSES_OF
    used = KeyAddress.objects.filter(key__in=keys, hour__gt=since).values("key")
    return {
        one["key"]: one["many"]
        for one in used.annotate(many=Count("address", distinct=True)).order_by()
    }
