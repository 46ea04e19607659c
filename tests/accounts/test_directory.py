from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import connection

from accounts import directory
from accounts.directory import ApiKeyEntry, CustomerEntry, ServiceKeyEntry
from accounts.errors import CustomerSuspended, KeyExpired, KeyRevoked
from accounts.ids import uuid7
from tests.factories.accounts import ApiKeyFactory, ServiceKeyFactory

NOW = datetime(2026, 11, 1, tzinfo=UTC)
A_MOMENT = timedelta(microseconds=1)


def entry(*, expires_at=None, revoked_at=None):
    return ApiKeyEntry(uuid7(), uuid7(), b"", uuid7(), expires_at, revoked_at, None)


@pytest.mark.parametrize("key", [entry(), entry(expires_at=NOW + A_MOMENT)])
def test_a_key_is_good_until_it_expires(key):
    directory.check_key(key, now=NOW)


@pytest.mark.parametrize(
    ("key", "refusal"),
    [
        (entry(expires_at=NOW), KeyExpired),
        (entry(revoked_at=NOW), KeyRevoked),
        (entry(revoked_at=NOW + A_MOMENT), KeyRevoked),
        (entry(expires_at=NOW, revoked_at=NOW), KeyRevoked),
    ],
)
def test_an_expired_or_revoked_key_is_refused(key, refusal):
    with pytest.raises(refusal):
        directory.check_key(key, now=NOW)


@pytest.mark.parametrize("status", ["suspended", "closed"])
def test_only_an_active_customer_may_spend(status):
    directory.check_customer(CustomerEntry(uuid7(), "active"))
    with pytest.raises(CustomerSuspended):
        directory.check_customer(CustomerEntry(uuid7(), status))


def test_the_statements_run_on_a_connection_that_is_not_djangos(committed):
    service_key, api_key = ServiceKeyFactory().key, ApiKeyFactory().key
    database = connection.settings_dict
    with psycopg.connect(
        host=database["HOST"],
        port=database["PORT"] or None,
        dbname=database["NAME"],
        user=database["USER"],
        password=database["PASSWORD"] or None,
    ) as own:
        asked = {"digest": service_key.digest}
        found = ServiceKeyEntry(*own.execute(directory.SERVICE_KEY_BY_DIGEST, asked).fetchone())
        assert (found.id, found.digest) == (service_key.id, service_key.digest)
        (as_of,) = own.execute(directory.CLOCK).fetchone()
        changed = own.execute(directory.CHANGED_API_KEYS, {"since": as_of}).fetchall()
        assert api_key.id in [ApiKeyEntry(*row).id for row in changed]
