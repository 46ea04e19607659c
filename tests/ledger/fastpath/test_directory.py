"""What is in memory is never older than a second."""

import asyncio
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from accounts import services
from accounts.errors import Unauthorized
from accounts.models import ApiKey, ServiceKey
from config.fastpath import database
from ledger.fastpath.database import Line
from ledger.fastpath.directory import TRUSTED_SECONDS, Directory
from ledger.fastpath.refusals import Unavailable
from tests.factories.accounts import ApiKeyFactory, CustomerFactory, ServiceKeyFactory
from tests.ledger.fastpath.shop import available, eventually, fund, problem


def test_a_revoked_service_key_is_refused_within_a_second(shop, customer):
    key, secret = ServiceKeyFactory()
    api = shop.api(secret)
    assert api.debit(customer, amount=1).status_code == 201
    services.revoke_key(key)
    eventually(lambda: api.debit(customer, amount=1).status_code == 401, within=1)
    assert problem(api.debit(customer, amount=1)) == (401, "unauthorized")


def test_so_is_one_that_expires(shop, customer):
    api = shop.api(ServiceKeyFactory(expires_at=timezone.now() + timedelta(seconds=0.3)).secret)
    assert api.debit(customer, amount=1).status_code == 201
    eventually(lambda: api.debit(customer, amount=1).status_code == 401, within=1)


def test_a_revoked_key_of_a_customer_is_refused_within_a_second(api, customer):
    key, secret = ApiKeyFactory(customer=customer)
    body = {"api_key": secret, "amount": 1}
    assert api.post("/debits", body).status_code == 201
    services.revoke_key(key)
    eventually(lambda: api.post("/debits", body).status_code == 403, within=1)
    assert problem(api.post("/debits", body)) == (403, "key-revoked")


def test_a_suspended_customer_settles_but_reserves_nothing(api, customer):
    hold = api.hold(customer)
    services.suspend_customer(customer)
    eventually(lambda: api.debit(customer, amount=1).status_code == 403, within=1)
    assert problem(api.debit(customer, amount=1)) == (403, "customer-suspended")
    secret = ApiKeyFactory(customer=customer).secret
    response = api.post("/debits", {"api_key": secret, "amount": 1})
    assert problem(response) == (403, "customer-suspended")
    assert api.settle(hold, "commit").status_code == 200
    services.resume_customer(customer)
    eventually(lambda: api.debit(customer, amount=1).status_code == 201, within=1)


def test_suspended_keys_spend_nothing_and_who_names_the_customer_still_does(api, customer):
    secret = ApiKeyFactory(customer=customer).secret
    body = {"api_key": secret, "amount": 1}
    assert api.post("/debits", body).status_code == 201
    services.suspend_keys(customer.id)
    eventually(lambda: api.post("/debits", body).status_code == 403, within=1)
    response = api.post("/debits", body)
    assert problem(response) == (403, "key-suspended")
    assert response.json()["top_up_url"].endswith("/portal/buy/")
    assert "pay it, and they work again" in response.json()["detail"]
    new = ApiKeyFactory(customer=customer).secret
    assert api.post("/debits", body | {"api_key": new}).status_code == 403
    assert api.debit(customer, amount=1).status_code == 201
    services.restore_keys(customer.id)
    eventually(lambda: api.post("/debits", body).status_code == 201, within=1)


def test_what_was_made_this_instant_is_known(shop):
    customer = CustomerFactory()
    fund(customer, 1)
    assert shop.api(ServiceKeyFactory().secret).debit(customer, amount=1).status_code == 201
    assert available(customer) == 0


def test_what_was_read_too_long_ago_is_read_again():
    """Though the poll that should have heard of the revocation never came."""
    key, secret = ServiceKeyFactory()

    async def work(directory, line):
        await directory.caller(bearer(secret))
        await line.rows(REVOKE, [key.id])
        await directory.caller(bearer(secret))
        await asyncio.sleep(TRUSTED_SECONDS)
        with pytest.raises(Unauthorized):
            await directory.caller(bearer(secret))

    run(work)


def test_without_a_database_nobody_is_trusted():
    async def work(directory, line):
        with pytest.raises(Unavailable):
            await directory.caller(bearer("dds_x"))

    run(work, host="127.0.0.1", port=1)


def test_the_use_of_a_key_is_noted():
    key, secret = ServiceKeyFactory()
    own, own_secret = ApiKeyFactory()

    async def work(directory, line):
        await directory.caller(bearer(secret))
        await directory.payer(own_secret)
        await directory.touch()

    run(work)
    assert ServiceKey.objects.get(id=key.id).last_used_at is not None
    assert ApiKey.objects.get(id=own.id).last_used_at is not None


REVOKE = """
update accounts_servicekey set revoked_at = clock_timestamp(), changed_at = clock_timestamp()
where id = %s
"""


def bearer(secret):
    return f"Bearer {secret}".encode()


def run(work, **parameters):
    """With a directory of its own, which nothing polls."""

    async def main():
        line = Line(database() | parameters)
        directory = Directory(line, line, pepper=settings.KEY_PEPPER, also_poll=nothing)
        try:
            await work(directory, line)
        finally:
            await line.close()

    asyncio.run(main())


async def nothing(line):
    pass
