"""Who holds a key, as the fast path knows it.

The SQL and the rows it yields, for a process that keeps them in memory and asks over its own
connection: no Django here. `selectors.py` runs the same statements over Django's.

A process looks up what it does not know and polls several times a second for the keys and
customers that changed since, so that a revocation reaches all of them within a second. Rows are
never deleted: a revoked key is found, as revoked.
"""

from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from accounts.errors import CustomerSuspended, KeyExpired, KeyRevoked, KeySuspended

ACTIVE: Final = "active"


class ServiceKeyEntry(NamedTuple):
    id: UUID
    digest: bytes
    service_id: int
    scopes: list[str]
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class ApiKeyEntry(NamedTuple):
    id: UUID
    digest: bytes
    customer_id: UUID
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class CustomerEntry(NamedTuple):
    id: UUID
    status: str
    keys_suspended_at: datetime | None = None


class Changes(NamedTuple):
    """`as_of` is the database's time, to ask with next."""

    as_of: datetime
    service_keys: list[ServiceKeyEntry]
    api_keys: list[ApiKeyEntry]
    customers: list[CustomerEntry]


_SERVICE_KEYS = """
SELECT id, digest, service_id, scopes, expires_at, revoked_at, last_used_at
FROM accounts_servicekey"""

_API_KEYS = """
SELECT id, digest, customer_id, expires_at, revoked_at, last_used_at
FROM accounts_apikey"""

_CUSTOMERS = "SELECT id, status, keys_suspended_at FROM accounts_customer"


def _touch(table: str) -> str:
    return f"""
UPDATE {table} SET last_used_at = clock_timestamp()
WHERE id IN (SELECT id FROM {table} WHERE id = ANY(%(ids)s) FOR NO KEY UPDATE SKIP LOCKED)"""


# changed_at is set before its transaction commits: looking back further than any of our writes
# lasts finds those that were not yet visible to the poll before.
_CHANGED = "WHERE changed_at > %(since)s - interval '10 seconds'"

SERVICE_KEY_BY_DIGEST: Final = f"{_SERVICE_KEYS} WHERE digest = %(digest)s"
API_KEY_BY_DIGEST: Final = f"{_API_KEYS} WHERE digest = %(digest)s"
CUSTOMER_BY_ID: Final = f"{_CUSTOMERS} WHERE id = %(id)s"
BARRED_CUSTOMERS: Final = (
    f"{_CUSTOMERS} WHERE status <> '{ACTIVE}' OR keys_suspended_at IS NOT NULL"
)

# A poll: the clock first, then the three lists, in one pipeline where the connection has one.
CLOCK: Final = "SELECT clock_timestamp()"
CHANGED_SERVICE_KEYS: Final = f"{_SERVICE_KEYS} {_CHANGED}"
CHANGED_API_KEYS: Final = f"{_API_KEYS} {_CHANGED}"
CHANGED_CUSTOMERS: Final = f"{_CUSTOMERS} {_CHANGED}"

# Another process may be touching the same keys: skipping them loses nothing and cannot deadlock.
TOUCH_SERVICE_KEYS: Final = _touch("accounts_servicekey")
TOUCH_API_KEYS: Final = _touch("accounts_apikey")


def check_key(entry: ServiceKeyEntry | ApiKeyEntry, *, now: datetime) -> None:
    """Raises KeyRevoked or KeyExpired."""
    if entry.revoked_at is not None:
        raise KeyRevoked
    if entry.expires_at is not None and entry.expires_at <= now:
        raise KeyExpired


def check_customer(entry: CustomerEntry) -> None:
    """Raises CustomerSuspended unless the customer may spend."""
    if entry.status != ACTIVE:
        raise CustomerSuspended


def check_keys(entry: CustomerEntry) -> None:
    """Raises KeySuspended unless the customer's own keys may spend."""
    if entry.keys_suspended_at is not None:
        raise KeySuspended
