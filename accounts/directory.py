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

from accounts import addresses
from accounts.addresses import Address
from accounts.errors import (
    AddressNotAllowed,
    CustomerSuspended,
    EndpointNotAllowed,
    KeyExpired,
    KeyRevoked,
    KeySuspended,
    OneKeySuspended,
)

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
    pays_as: UUID  # the key that its calls are of: itself, or the one that has another secret now
    digest: bytes
    customer_id: UUID
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    suspended_at: datetime | None = None
    endpoints: list[str] | None = None  # codes; None: all
    networks: list[str] = []  # CIDR; none: from anywhere
    is_test: bool = False


class CustomerEntry(NamedTuple):
    id: UUID
    status: str
    keys_suspended_at: datetime | None = None
    sandbox_of: UUID | None = None


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
SELECT id, coalesce(replaced_by_id, id), digest, customer_id, expires_at, revoked_at, last_used_at,
    suspended_at, endpoints, networks, starts_with(prefix, 'ddt_')
FROM accounts_apikey"""

_CUSTOMERS = "SELECT id, status, keys_suspended_at, sandbox_of_id FROM accounts_customer"


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
SPECIAL_CUSTOMERS: Final = (
    f"{_CUSTOMERS} WHERE status <> '{ACTIVE}' OR keys_suspended_at IS NOT NULL"
    " OR sandbox_of_id IS NOT NULL"
)

# A poll: the clock first, then the three lists, in one pipeline where the connection has one.
CLOCK: Final = "SELECT clock_timestamp()"
CHANGED_SERVICE_KEYS: Final = f"{_SERVICE_KEYS} {_CHANGED}"
CHANGED_API_KEYS: Final = f"{_API_KEYS} {_CHANGED}"
CHANGED_CUSTOMERS: Final = f"{_CUSTOMERS} {_CHANGED}"

# Another process may be touching the same keys: skipping them loses nothing and cannot deadlock.
TOUCH_SERVICE_KEYS: Final = _touch("accounts_servicekey")
TOUCH_API_KEYS: Final = _touch("accounts_apikey")


# Of a key and an hour no more are kept: by then it is clear that they are many. Whoever notes the
# same ones at the same time waits in the same order.
ADDRESSES_MAX: Final = 500
NOTE_ADDRESSES: Final = f"""
INSERT INTO accounts_keyaddress (key_id, hour, address)
SELECT n.key_id, n.hour, n.address
FROM (
    SELECT u.*, row_number() OVER (PARTITION BY key_id, hour) AS nth
    FROM unnest(%(keys)s::uuid[], %(hours)s::timestamptz[], %(addresses)s::inet[])
        AS u (key_id, hour, address)
) n
WHERE n.nth + (
    SELECT count(*) FROM accounts_keyaddress a WHERE a.key_id = n.key_id AND a.hour = n.hour
) <= {ADDRESSES_MAX}
ORDER BY n.key_id, n.hour, n.address
ON CONFLICT DO NOTHING"""


def check_key(entry: ServiceKeyEntry | ApiKeyEntry, *, now: datetime) -> None:
    """Raises KeyRevoked, KeyExpired or OneKeySuspended."""
    if entry.revoked_at is not None:
        raise KeyRevoked
    if entry.expires_at is not None and entry.expires_at <= now:
        raise KeyExpired
    if isinstance(entry, ApiKeyEntry) and entry.suspended_at is not None:
        raise OneKeySuspended


def check_endpoint(entry: ApiKeyEntry, code: str | None) -> None:
    """Raises EndpointNotAllowed; for a call of no endpoint too, where the key has its own."""
    if entry.endpoints is not None and code not in entry.endpoints:
        raise EndpointNotAllowed(f"This key does not pay for the endpoint {code}." if code else "")


def check_address(entry: ApiKeyEntry, address: Address | None) -> None:
    """Raises AddressNotAllowed. None: the caller does not say."""
    if not entry.networks:
        return
    if address is None:
        raise AddressNotAllowed(
            "This key is used from certain networks only: send the end customer's IP as address."
        )
    if not addresses.are_within(address, entry.networks):
        raise AddressNotAllowed(f"This key is not used from {address}.")


def check_customer(entry: CustomerEntry) -> None:
    """Raises CustomerSuspended unless the customer may spend."""
    if entry.status != ACTIVE:
        raise CustomerSuspended


def check_keys(entry: CustomerEntry) -> None:
    """Raises KeySuspended unless the customer's own keys may spend."""
    if entry.keys_suspended_at is not None:
        raise KeySuspended
