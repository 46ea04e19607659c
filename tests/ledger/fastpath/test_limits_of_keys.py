"""What a key may not do: other endpoints, from elsewhere, while it is suspended, after its end."""

from datetime import timedelta

import pytest
from django.db import connection

from accounts import addresses, rotation, services
from accounts.models import ApiKey, KeyAddress
from ledger import limits
from ledger.limits import Limit
from ledger.sandboxes import opened, refill
from tests.factories.accounts import ApiKeyFactory
from tests.ledger.fastpath.shop import books, eventually, funded, new_key, payer, problem
from tests.ledger.fastpath.test_directory import run

ONLY_HERE = ["203.0.113.0/24", "2001:db8::/32"]


@pytest.fixture
def limited(customer):
    """A key for two endpoints and two networks."""
    return ApiKeyFactory(customer=customer, endpoints=["classify", "summarize"], networks=ONLY_HERE)


def call(secret, address="203.0.113.7", **fields):
    told = {"address": address} if address else {}
    return {"api_key": secret, "endpoint": "classify", **told, **fields}


def test_within_its_limits_a_key_pays(api, limited):
    assert api.post("/reservations", call(limited.secret)).status_code == 201
    by_path = {"method": "POST", "path": "/v1/files/7/summarize"}
    response = api.post("/debits", call(limited.secret, endpoint=None) | by_path)
    assert response.json()["endpoint"] == "summarize"


@pytest.mark.parametrize(
    "fields",
    [
        {"endpoint": "generate"},
        {"endpoint": None, "method": "POST", "path": "/v1/files/7/generate"},
        {"endpoint": None, "amount": 1},
    ],
)
def test_it_pays_for_no_other_endpoint(api, customer, limited, fields):
    before = books(customer)
    response = api.post("/debits", call(limited.secret, **fields))
    assert problem(response) == (403, "endpoint-not-allowed")
    assert books(customer) == before


def test_an_endpoint_that_there_is_not_is_unknown(api, limited):
    response = api.post("/debits", call(limited.secret, endpoint="nothing"))
    assert problem(response) == (422, "unknown-endpoint")


@pytest.mark.parametrize("address", ["203.0.113.7", "::ffff:203.0.113.7", "2001:db8:5::1"])
def test_it_is_used_from_its_networks(api, limited, address):
    assert api.post("/debits", call(limited.secret, address)).status_code == 201


@pytest.mark.parametrize(
    "address", ["203.0.114.7", "::ffff:203.0.114.7", "::ffff:cb00:7207", "2001:db9::1", "127.0.0.1"]
)
def test_and_from_no_others(api, customer, limited, address):
    before = books(customer)
    assert problem(api.post("/debits", call(limited.secret, address))) == (
        403,
        "address-not-allowed",
    )
    assert books(customer) == before


def test_without_an_address_the_answer_says_what_to_send(api, limited):
    response = api.post("/debits", call(limited.secret, None))
    assert problem(response) == (403, "address-not-allowed")
    assert "as address" in response.json()["detail"]


@pytest.mark.parametrize("address", ["x", "", "203.0.113", "fe80::1%eth0", 5, "1" * 46])
def test_what_is_no_address_is_refused_whoever_pays(api, customer, address):
    secret = ApiKeyFactory(customer=customer).secret
    body = {"api_key": secret, "endpoint": "classify", "address": address}
    response = api.post("/debits", body)
    assert problem(response) == (400, "invalid-request")
    assert response.json()["errors"][0]["field"] == "address"


def test_the_log_of_calls_has_the_address(api, customer, limited):
    api.post("/debits", call(limited.secret, "::ffff:203.0.113.9"))
    with connection.cursor() as cursor:
        cursor.execute(
            "select host(address) from ledger_call where customer_id = %s", [customer.id]
        )
        assert cursor.fetchall() == [("203.0.113.9",)]


def test_who_is_named_pays_whatever_its_keys_are_limited_to(api, customer, limited):
    assert api.debit(customer, endpoint="generate").status_code == 201


def test_in_a_batch_each_is_checked_by_itself(api, limited):
    bodies = [call(limited.secret), call(limited.secret, "127.0.0.1")]
    operations = [
        {"op": "debit", "idempotency_key": f"k{n}{limited.key.id}", **body}
        for n, body in enumerate(bodies)
    ]
    assert [item["status"] for item in api.batch(*operations)] == [201, 403]


def test_what_was_granted_before_is_answered_again(api, limited):
    body = call(limited.secret)
    first = api.post("/debits", body, Idempotency_Key=f"limited-{limited.key.id}")
    services.change_key(limited.key, networks=["198.51.100.0/24"])
    eventually(lambda: api.post("/debits", body).status_code == 403, within=1)
    again = api.post("/debits", body, Idempotency_Key=f"limited-{limited.key.id}")
    assert (again.status_code, again.content) == (201, first.content)


def test_a_change_of_limits_is_known_within_a_second(api, limited):
    assert api.post("/debits", call(limited.secret)).status_code == 201
    services.change_key(limited.key, endpoints=["summarize"])
    eventually(lambda: api.post("/debits", call(limited.secret)).status_code == 403, within=1)


def test_one_key_is_suspended_and_resumed_within_a_second(api, customer):
    key, secret = ApiKeyFactory(customer=customer)
    other = ApiKeyFactory(customer=customer).secret
    assert api.post("/debits", call(secret)).status_code == 201
    services.suspend_key(key)
    eventually(lambda: api.post("/debits", call(secret)).status_code == 403, within=1)
    response = api.post("/debits", call(secret))
    assert problem(response) == (403, "key-suspended")
    assert "top_up_url" not in response.json()
    assert api.post("/debits", call(other)).status_code == 201
    services.resume_key(key)
    eventually(lambda: api.post("/debits", call(secret)).status_code == 201, within=1)


def test_in_the_overlap_of_a_rotation_both_keys_pay(api, limited):
    new = rotation.rotate_key(limited.key, overlap=timedelta(seconds=0.8))
    assert api.post("/debits", call(limited.secret)).status_code == 201
    assert api.post("/debits", call(new.secret)).status_code == 201
    eventually(lambda: api.post("/debits", call(limited.secret)).status_code == 403, within=2)
    assert problem(api.post("/debits", call(limited.secret))) == (403, "key-expired")
    assert problem(api.post("/debits", call(new.secret, "127.0.0.1"))) == (
        403,
        "address-not-allowed",
    )


def test_a_rotated_key_keeps_its_caps_and_both_secrets_share_them(api, customer):
    key, secret = ApiKeyFactory(customer=customer)
    of_the_key = Limit("key", "spend", key.id, "lifetime", hard=3_000_000)
    of_every_key = Limit("key", "spend", None, "day", hard=2_000_000)
    limits.set_limits(customer.id, "provider", [of_the_key])
    limits.set_limits(customer.id, "customer", [of_every_key])
    one = {"endpoint": None, "amount": "1"}
    assert api.post("/debits", call(secret) | one).status_code == 201
    new = rotation.rotate_key(key)
    assert api.post("/debits", call(new.secret) | one).status_code == 201
    for each in (secret, new.secret):
        assert problem(api.post("/debits", call(each) | one)) == (402, "spend-cap-reached")
    assert [each.used for each in limits.of(customer.id) if each.limit == of_the_key] == [2_000_000]


def test_a_rotation_without_overlap_ends_the_old_key_within_a_second(api, customer):
    key, secret = ApiKeyFactory(customer=customer)
    assert api.post("/debits", call(secret)).status_code == 201
    rotation.rotate_key(key, overlap=timedelta(0))
    eventually(lambda: api.post("/debits", call(secret)).status_code == 403, within=1)
    assert problem(api.post("/debits", call(secret))) == (403, "key-revoked")


def test_where_a_key_is_used_from_is_noted_once_for_an_hour():
    key, secret = ApiKeyFactory()

    async def work(directory, line):
        entry = await directory.payer(secret)
        for text in ("203.0.113.7", "::ffff:203.0.113.7", "2001:db8::1", "2001:db8::2"):
            directory.note_address(entry, addresses.read(text))
        await directory.touch()
        await directory.payer(secret)
        directory.note_address(entry, addresses.read("203.0.113.7"))
        await directory.touch()

    run(work)
    noted = KeyAddress.objects.filter(key=key).order_by("address")
    assert [row.address for row in noted] == ["203.0.113.7", "2001:db8::"]


def test_a_test_key_spends_test_credits_and_says_so(api):
    customer = funded()
    sandbox = opened(customer)
    refill(sandbox, 50_000_000)
    secret = services.create_api_key(customer=sandbox).secret
    assert secret.startswith("ddt_")
    before = books(customer)
    hold = api.post("/reservations", call(secret))
    assert hold.status_code == 201
    assert hold.json()["livemode"] is False
    assert hold.json()["balance"]["total"] == "50"
    assert api.settle(hold.json(), "commit").json()["livemode"] is False
    assert books(customer) == before
    real = api.post("/debits", call(ApiKeyFactory(customer=customer).secret))
    assert "livemode" not in real.json()
    assert ApiKey.objects.get(prefix=secret[:12]).customer == sandbox


def test_a_sandbox_is_known_at_its_first_call_and_a_repeat_gets_the_same_bytes(api):
    for _ in range(3):
        sandbox = opened(funded())
        refill(sandbox, 50_000_000)
        key = new_key()
        body = payer(sandbox) | {"amount": "1"}
        first, again = (api.post("/debits", body, Idempotency_Key=key) for _ in range(2))
        assert first.json()["livemode"] is False
        assert again.content == first.content


def test_a_sandbox_is_suspended_with_its_customer(api):
    customer = funded()
    sandbox = opened(customer)
    refill(sandbox)
    secret = services.create_api_key(customer=sandbox).secret
    assert api.post("/debits", call(secret)).status_code == 201
    services.suspend_customer(customer)
    eventually(lambda: api.post("/debits", call(secret)).status_code == 403, within=1)
    services.resume_customer(customer)
    eventually(lambda: api.post("/debits", call(secret)).status_code == 201, within=1)


def test_a_sandbox_takes_fewer_calls_a_second(settings):
    settings.SANDBOX_CALLS_PER_SECOND = 2
    sandbox = opened(funded())
    (standing,) = limits.of(sandbox.id)
    assert (standing.source, standing.limit.scope, standing.limit.kind) == (
        "provider",
        "customer",
        "rate",
    )
    assert (standing.limit.every, standing.limit.burst) == (500_000, 2)
