"""A key that is used from unusually many addresses."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from accounts import addresses, directory, ids, key_addresses
from accounts.models import KeyAddress, KeyNotice
from ledger import outbox
from tests.factories.accounts import ApiKeyFactory

pytestmark = pytest.mark.django_db

HOUR = datetime(2026, 11, 20, 10, tzinfo=UTC)
NOW = HOUR + timedelta(minutes=30)


@pytest.fixture
def key():
    return ApiKeyFactory(name="web").key


def used(key, number, hour=HOUR):
    for n in range(number):
        KeyAddress.objects.create(key=key, hour=hour, address=f"10.0.{n // 250}.{n % 250}")


def events(key):
    found = outbox.claim(customers=1000, events=1000)
    return [
        event
        for event in found
        if event.customer_id == key.customer_id and event.kind == "key.many_addresses"
    ]


def test_from_few_addresses_nobody_is_told(key):
    used(key, 19)
    assert key_addresses.look(NOW) == []
    assert not KeyNotice.objects.exists()


def test_from_twenty_its_company_is_told_once_a_day(key):
    used(key, 20)
    used(key, 30, HOUR - timedelta(hours=1))
    (unusual,) = key_addresses.look(NOW)
    assert (unusual.key, unusual.notice.addresses, unusual.notice.usual) == (key, 30, 0)
    assert key_addresses.look(NOW) == []
    (event,) = events(key)
    assert (event.subject, event.data["addresses"]) == (str(key.id), 30)
    used(key, 70, HOUR + timedelta(days=1))
    assert len(key_addresses.look(NOW + timedelta(days=1))) == 1


@pytest.mark.parametrize(("number", "is_told"), [(59, False), (60, True)])
def test_where_many_are_usual_it_takes_three_times_as_many(key, number, is_told):
    for hours in range(3, 8):
        used(key, 20, HOUR - timedelta(hours=hours))
    used(key, number)
    assert bool(key_addresses.look(NOW)) is is_told


def test_each_key_is_looked_at_by_itself(key):
    other = ApiKeyFactory(customer=key.customer).key
    used(key, 15)
    used(other, 15)
    assert key_addresses.look(NOW) == []


def test_the_threshold_is_a_setting(key, settings):
    settings.KEY_ADDRESSES = 5
    used(key, 5)
    assert len(key_addresses.look(NOW)) == 1


def test_what_is_old_is_forgotten(key):
    used(key, 2)
    used(key, 3, HOUR - timedelta(days=9))
    assert key_addresses.forget(NOW) == 3
    assert KeyAddress.objects.count() == 2


def test_an_hour_has_five_hundred_of_a_key_at_most(key):
    for n in range(directory.ADDRESSES_MAX + 20):
        key_addresses.note(key.id, addresses.read(f"10.1.{n // 250}.{n % 250}"))
    assert KeyAddress.objects.filter(key=key).count() == directory.ADDRESSES_MAX


def test_customers_own_reads_are_noted():
    key, secret = ApiKeyFactory()
    path = f"/v1/customers/{ids.encode('cus', key.customer_id)}"
    for address in ("203.0.113.5", "::ffff:203.0.113.5", "2001:db8::5", "2001:db8::6"):
        reader = Client(REMOTE_ADDR=address)
        reader.get(path, headers={"Authorization": f"Bearer {secret}"})
    noted = KeyAddress.objects.filter(key=key).values_list("address", flat=True)
    assert sorted(noted) == ["2001:db8::", "203.0.113.5"]
