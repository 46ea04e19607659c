from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from django.db import connection, transaction

from accounts import selectors, services
from accounts.errors import NotFound
from accounts.ids import uuid7
from accounts.models import HOUSE_ID, Scope
from tests.factories.accounts import ApiKeyFactory, CustomerFactory, ServiceKeyFactory

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.django_db
class TestLookups:
    def test_a_service_key_is_found_by_its_text(self):
        key, secret = ServiceKeyFactory(scopes=[Scope.READ])
        entry = selectors.service_key(secret)
        assert (entry.id, entry.service_id, entry.scopes) == (key.id, key.service_id, ["read"])
        assert entry.digest == selectors.key_digest(secret)

    def test_an_api_key_is_found_by_its_text(self):
        key, secret = ApiKeyFactory()
        assert selectors.api_key(secret).customer_id == key.customer_id

    def test_a_key_of_the_other_kind_is_not_found(self):
        assert selectors.api_key(ServiceKeyFactory().secret) is None
        assert selectors.service_key(ApiKeyFactory().secret) is None

    def test_a_customer_is_found_with_its_status(self):
        customer = services.suspend_customer(CustomerFactory())
        assert selectors.customer_entry(customer.id) == (customer.id, "suspended", None, None)
        assert selectors.customer_entry(uuid7()) is None

    def test_the_house_is_nobodys_customer(self):
        with pytest.raises(NotFound):
            selectors.customer_by_id(HOUSE_ID)

    def test_a_key_of_either_kind_is_found_by_its_id(self):
        for key in (ApiKeyFactory().key, ServiceKeyFactory().key):
            assert selectors.key_by_id(key.id) == key
        with pytest.raises(NotFound):
            selectors.key_by_id(uuid7())


@pytest.mark.django_db
class TestChanges:
    def test_all_that_changed_since_an_instant_is_told(self):
        api_key, service_key = ApiKeyFactory().key, ServiceKeyFactory().key
        changes = selectors.changes_since(LONG_AGO)
        assert api_key.id in [entry.id for entry in changes.api_keys]
        assert service_key.id in [entry.id for entry in changes.service_keys]
        assert api_key.customer_id in [entry.id for entry in changes.customers]

    def test_nothing_is_told_when_nothing_changed(self):
        ApiKeyFactory()
        later = datetime.now(UTC) + timedelta(hours=1)
        changes = selectors.changes_since(later)
        assert changes[1:] == ([], [], [])
        assert changes.as_of < later

    def test_a_revocation_and_a_suspension_are_told_to_who_asks_with_the_last_answer(self):
        api_key, service_key = ApiKeyFactory().key, ServiceKeyFactory().key
        before = selectors.changes_since(LONG_AGO)
        services.revoke_key(api_key)
        services.revoke_key(service_key)
        services.suspend_customer(api_key.customer)
        after = selectors.changes_since(before.as_of)
        assert {e.id: e.revoked_at for e in after.api_keys}[api_key.id]
        assert {e.id: e.revoked_at for e in after.service_keys}[service_key.id]
        assert {e.id: e.status for e in after.customers}[api_key.customer_id] == "suspended"

    def test_so_are_suspended_keys(self):
        customer = CustomerFactory()
        before = selectors.changes_since(LONG_AGO)
        services.suspend_keys(customer.id)
        after = selectors.changes_since(before.as_of)
        assert {e.id: e.keys_suspended_at for e in after.customers}[customer.id]

    def test_a_use_of_a_key_is_no_change(self):
        key = ApiKeyFactory().key
        later = datetime.now(UTC) + timedelta(hours=1)
        services.touch_keys([key.id])
        assert selectors.changes_since(later).api_keys == []


def test_a_revocation_that_commits_after_a_poll_is_in_the_next_one(committed):
    key = ApiKeyFactory().key
    polled = []
    with transaction.atomic():
        services.revoke_key(key)
        in_another_connection(lambda: polled.append(selectors.changes_since(LONG_AGO)))
    unaware = {entry.id: entry.revoked_at for entry in polled[0].api_keys}
    assert unaware[key.id] is None
    aware = {e.id: e.revoked_at for e in selectors.changes_since(polled[0].as_of).api_keys}
    assert aware[key.id] is not None


def in_another_connection(work):
    def run():
        work()
        connection.close()

    thread = Thread(target=run)
    thread.start()
    thread.join()
