"""The limits of a key over the API: set, changed, rotated, suspended."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.test import Client

from accounts import ids, rotation, services
from accounts.errors import KeyEnded, NotInASandbox
from accounts.models import ApiKey, Customer
from ledger import outbox
from ledger.prices import rate_cards
from tests.accounts.conftest import Caller, problem
from tests.accounts.test_api import customer_path, key_path
from tests.factories.accounts import ApiKeyFactory, CustomerFactory, ServiceKeyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoints():
    for code in ("classify", "summarize"):
        rate_cards.create_endpoint(code=code, name=code)


def read(secret, customer, address):
    """The balance, from there."""
    return Client(REMOTE_ADDR=address).get(
        f"/v1{customer_path(customer)}", headers={"Authorization": f"Bearer {secret}"}
    )


def told(customer):
    return [
        event.kind
        for event in outbox.claim(customers=100, events=1000)
        if event.customer_id == customer.id
    ]


class TestMaking:
    def test_a_key_is_made_with_limits(self, service, endpoints):
        path = f"{customer_path(CustomerFactory())}/keys"
        limits = {
            "endpoints": ["summarize", "classify", "classify"],
            "networks": ["203.0.113.0/24", "2001:DB8::/32", "198.51.100.7", "::ffff:10.0.0.0/104"],
        }
        body = service.post(path, {"name": "a"} | limits).json()
        assert body["endpoints"] == ["classify", "summarize"]
        assert body["networks"] == [
            "203.0.113.0/24",
            "2001:db8::/32",
            "198.51.100.7/32",
            "10.0.0.0/8",
        ]
        assert (body["livemode"], body["suspended_at"], body["replaced_by"]) == (True, None, None)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("endpoints", []),
            ("endpoints", ["nothing"]),
            ("endpoints", "classify"),
            ("endpoints", [5]),
            ("networks", None),
            ("networks", ["203.0.113.5/24"]),
            ("networks", ["x"]),
            ("networks", [""]),
            ("networks", ["fe80::1%eth0/64"]),
            ("networks", [f"10.0.{n}.0/24" for n in range(51)]),
            ("test", "yes"),
            ("test", 1),
        ],
    )
    def test_wrong_limits_make_no_key(self, service, endpoints, field, value):
        response = service.post(f"{customer_path(CustomerFactory())}/keys", {field: value})
        assert problem(response) == (400, "invalid-request")
        assert response.json()["errors"][0]["field"].startswith(field)
        assert not ApiKey.objects.exists()

    def test_a_test_key_is_of_the_sandbox(self, service):
        customer = CustomerFactory()
        body = service.post(f"{customer_path(customer)}/keys", {"test": True}).json()
        sandbox = Customer.objects.get(sandbox_of=customer)
        assert body["secret"].startswith("ddt_")
        assert (body["livemode"], body["customer"]) == (False, ids.encode("cus", sandbox.id))
        again = service.post(f"{customer_path(customer)}/keys", {"test": True}).json()
        assert again["customer"] == body["customer"]
        reads = Caller(body["secret"])
        assert reads.get(customer_path(sandbox)).json()["livemode"] is False
        assert problem(reads.get(customer_path(customer))) == (404, "not-found")


class TestReading:
    def test_from_its_networks_only(self):
        key, secret = ApiKeyFactory(networks=["203.0.113.0/24", "2001:db8::/32"])
        for address in ("203.0.113.9", "::ffff:203.0.113.9", "2001:db8::9"):
            assert read(secret, key.customer, address).status_code == 200
        for address in ("203.0.114.9", "::ffff:203.0.114.9", "2001:db9::9"):
            response = read(secret, key.customer, address)
            assert problem(response) == (403, "address-not-allowed")

    def test_a_header_changes_no_address_where_no_proxy_is_trusted(self):
        key, secret = ApiKeyFactory(networks=["203.0.113.0/24"])
        response = Client(REMOTE_ADDR="198.51.100.1").get(
            f"/v1{customer_path(key.customer)}",
            headers={"Authorization": f"Bearer {secret}", "X-Forwarded-For": "203.0.113.9"},
        )
        assert problem(response) == (403, "address-not-allowed")

    def test_behind_a_proxy_it_is_who_the_proxy_saw(self, settings):
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
        key, secret = ApiKeyFactory(networks=["203.0.113.0/24"])

        def through(forwarded):
            return Client(REMOTE_ADDR="10.0.0.1").get(
                f"/v1{customer_path(key.customer)}",
                headers={"Authorization": f"Bearer {secret}", "X-Forwarded-For": forwarded},
            )

        assert through("203.0.113.9").status_code == 200
        assert problem(through("203.0.113.9, 198.51.100.1")) == (403, "address-not-allowed")

    def test_a_suspended_key_opens_nothing(self):
        key, secret = ApiKeyFactory()
        services.suspend_key(key)
        assert problem(Caller(secret).get(customer_path(key.customer))) == (403, "key-suspended")
        services.resume_key(key)
        assert Caller(secret).get(customer_path(key.customer)).status_code == 200


class TestChanging:
    def test_what_is_not_named_stays(self, service, endpoints):
        key = ApiKeyFactory(name="a", endpoints=["classify"], networks=["10.0.0.0/8"]).key
        body = service.patch(key_path(key), {"networks": []}).json()
        assert (body["name"], body["endpoints"], body["networks"]) == ("a", ["classify"], [])
        assert service.patch(key_path(key), {"endpoints": None}).json()["endpoints"] is None

    def test_it_is_suspended_and_resumed_and_told_once(self, service):
        key = ApiKeyFactory().key
        told(key.customer)
        assert service.patch(key_path(key), {"suspended": True}).json()["suspended_at"]
        assert service.patch(key_path(key), {"suspended": True}).json()["suspended_at"]
        assert service.patch(key_path(key), {"suspended": False}).json()["suspended_at"] is None
        assert told(key.customer) == ["key.suspended", "key.resumed"]

    @pytest.mark.parametrize("change", [{"suspended": "yes"}, {"nmae": "x"}, {"networks": ["x"]}])
    def test_a_bad_change_changes_nothing(self, service, change):
        key = ApiKeyFactory(name="a").key
        response = service.patch(key_path(key), {"name": "b"} | change)
        assert problem(response) == (400, "invalid-request")
        key.refresh_from_db()
        assert key.name == "a"

    def test_a_revoked_key_stays_as_it_is(self, service):
        key = ApiKeyFactory(name="a").key
        services.revoke_key(key)
        for path, body in ((key_path(key), {"name": "b"}), (f"{key_path(key)}/rotate", {})):
            method = "PATCH" if body else "POST"
            assert problem(service.send(method, path, body)) == (409, "key-ended")

    def test_a_services_key_is_not_found_there(self, service):
        key = ServiceKeyFactory().key
        assert problem(service.patch(key_path(key), {"name": "x"})) == (404, "not-found")
        assert problem(service.post(f"{key_path(key)}/rotate")) == (404, "not-found")


class TestRotating:
    def test_both_work_until_the_overlap_ends(self, service):
        key, secret = ApiKeyFactory(name="web", networks=["127.0.0.0/8"])
        told(key.customer)
        body = service.post(f"{key_path(key)}/rotate", {}).json()
        assert (body["name"], body["networks"], body["expires_at"]) == (
            "web",
            ["127.0.0.0/8"],
            None,
        )
        for one in (secret, body["secret"]):
            assert Caller(one).get(customer_path(key.customer)).status_code == 200
        assert (body["id"], body["replaced_by"]) == (ids.encode("key", key.id), None)
        old = ApiKey.objects.get(replaced_by=key)
        assert body["prefix"] == body["secret"][:12] != old.prefix == secret[:12]
        assert (body["old"]["id"], body["old"]["prefix"]) == (ids.encode("key", old.id), old.prefix)
        assert body["old"]["replaced_by"] == body["id"]
        left = old.expires_at - datetime.now(UTC)
        assert timedelta(hours=23, minutes=59) < left <= timedelta(hours=24)
        assert told(key.customer) == ["key.rotated"]
        services.revoke_key(old)
        assert problem(Caller(secret).get(customer_path(key.customer))) == (401, "unauthorized")
        assert Caller(body["secret"]).get(customer_path(key.customer)).status_code == 200

    def test_without_an_overlap_the_old_key_ends_at_once(self, service):
        key, secret = ApiKeyFactory()
        body = service.post(f"{key_path(key)}/rotate", {"overlap": 0}).json()
        assert problem(Caller(secret).get(customer_path(key.customer))) == (401, "unauthorized")
        assert Caller(body["secret"]).get(customer_path(key.customer)).status_code == 200

    def test_the_secret_is_shown_once(self, service):
        key = ApiKeyFactory().key
        path = f"{key_path(key)}/rotate"
        first = service.post(path, {}, Idempotency_Key="again").json()
        again = service.post(path, {}, Idempotency_Key="again")
        assert again.json() == first | {"secret": None}
        assert ApiKey.objects.filter(customer=key.customer).count() == 2

    def test_a_secret_from_before_is_not_rotated(self, service):
        old = rotation.rotate_key(ApiKeyFactory().key).old
        assert problem(service.post(f"{key_path(old)}/rotate")) == (409, "key-ended")
        with pytest.raises(KeyEnded):
            rotation.rotate_key(old)

    def test_secrets_from_before_end_with_the_last_overlap(self):
        key = ApiKeyFactory().key
        first = rotation.rotate_key(key, overlap=timedelta(days=7)).old
        second = rotation.rotate_key(key, overlap=timedelta(hours=1)).old
        first.refresh_from_db()
        assert (first.expires_at, first.revoked_at) == (second.expires_at, None)
        assert (first.replaced_by, second.replaced_by) == (key, key)
        third = rotation.rotate_key(key, overlap=timedelta(0)).old
        for one in (first, second, third):
            one.refresh_from_db()
            assert one.revoked_at is not None
        key.refresh_from_db()
        assert key.revoked_at is None

    def test_a_rotation_lets_no_key_live_longer(self):
        ends_at = datetime.now(UTC) + timedelta(hours=2)
        made = rotation.rotate_key(ApiKeyFactory(expires_at=ends_at).key)
        assert (made.key.expires_at, made.old.expires_at) == (ends_at, ends_at)

    def test_what_is_done_to_a_key_is_done_to_its_old_secret(self):
        made = rotation.rotate_key(ApiKeyFactory().key)
        key, old = made.key, made.old
        ends_at = old.expires_at
        services.change_key(key, networks=["10.0.0.0/8"], expires_at=None)
        services.suspend_key(key)
        old.refresh_from_db()
        assert (old.networks, old.expires_at) == (["10.0.0.0/8"], ends_at)
        assert old.suspended_at is not None
        services.change_key(key, expires_at=ends_at - timedelta(hours=1))
        services.resume_key(key)
        old.refresh_from_db()
        assert (old.suspended_at, old.expires_at) == (None, ends_at - timedelta(hours=1))
        services.revoke_key(key)
        old.refresh_from_db()
        assert old.revoked_at is not None

    @pytest.mark.parametrize("overlap", [-1, 604_801, "60", 1.5, True, None])
    def test_an_overlap_is_at_most_a_week(self, service, overlap):
        key = ApiKeyFactory().key
        response = service.post(f"{key_path(key)}/rotate", {"overlap": overlap})
        assert problem(response) == (400, "invalid-request")
        assert ApiKey.objects.filter(customer=key.customer).count() == 1


class TestTimeZones:
    def test_a_customer_has_one(self, service):
        body = service.post("/customers", {"name": "A", "time_zone": "Europe/Vienna"}).json()
        assert body["time_zone"] == "Europe/Vienna"
        path = f"/customers/{body['id']}"
        changed = service.patch(path, {"time_zone": "America/New_York"}).json()
        assert changed["time_zone"] == "America/New_York"

    @pytest.mark.parametrize(
        "zone", ["", None, "Mars", "europe/vienna", "UTC+2", "localtime", "Factory", "../etc", 5]
    )
    def test_it_is_one_of_ianas(self, service, zone):
        customer = CustomerFactory()
        response = service.patch(customer_path(customer), {"time_zone": zone})
        assert problem(response) == (400, "invalid-request")
        assert response.json()["errors"][0]["field"] == "time_zone"
        customer.refresh_from_db()
        assert customer.time_zone == "UTC"


class TestSandboxes:
    def test_it_follows_its_customer_and_is_not_changed_by_itself(self, service):
        customer = CustomerFactory(name="Acme")
        key = service.post(f"{customer_path(customer)}/keys", {"test": True}).json()
        services.update_customer(
            customer, name="Acme Ltd", status="suspended", time_zone="Europe/Vienna"
        )
        sandbox = Customer.objects.get(sandbox_of=customer)
        assert (sandbox.name, sandbox.status) == ("Acme Ltd (sandbox)", "suspended")
        assert sandbox.time_zone == "Europe/Vienna"
        response = service.patch(f"/customers/{key['customer']}", {"status": "active"})
        assert problem(response) == (409, "not-in-a-sandbox")
        with pytest.raises(NotInASandbox):
            services.resume_customer(sandbox)

    def test_it_is_refilled_and_its_clock_moved(self, service):
        customer = CustomerFactory()
        path = f"{customer_path(customer)}/sandbox"
        assert problem(service.get(path)) == (404, "not-found")
        body = service.post(f"{path}/refill", {"amount": "12.5"}).json()
        assert (body["livemode"], body["balance"]["available"]) == (False, "12.5")
        cache.clear()
        before = service.get(path).json()
        assert (before["id"], before["customer"]) == (
            body["customer"],
            ids.encode("cus", customer.id),
        )
        after = service.post(f"{path}/clock", {"seconds": 86_400}).json()
        gone = datetime.fromisoformat(after["now"]) - datetime.fromisoformat(before["now"])
        assert timedelta(days=1) <= gone < timedelta(days=1, minutes=1)

    @pytest.mark.parametrize(
        ("verb", "body", "code"),
        [
            ("refill", {"amount": "0"}, "invalid-request"),
            ("refill", {"amount": 1.5}, "malformed-amount"),
            ("refill", {"amount": "10000000000"}, "invalid-request"),
            ("refill", {"kind": "paid"}, "invalid-request"),
            ("clock", {"seconds": 0}, "invalid-request"),
            ("clock", {"seconds": -5}, "invalid-request"),
            ("clock", {"seconds": "60"}, "invalid-request"),
            ("clock", {}, "invalid-request"),
        ],
    )
    def test_wrong_input_opens_no_sandbox(self, service, verb, body, code):
        customer = CustomerFactory()
        response = service.post(f"{customer_path(customer)}/sandbox/{verb}", body)
        assert problem(response) == (400, code)
        assert not Customer.objects.filter(sandbox_of=customer).exists()

    def test_no_paid_credits_are_granted_to_it(self, service):
        customer = CustomerFactory()
        key = service.post(f"{customer_path(customer)}/keys", {"test": True}).json()
        price = {"amount": "5.00", "currency": "USD"}
        body = {"amount": "5", "kind": "paid", "price": price}
        response = service.post(f"/customers/{key['customer']}/grants", body)
        assert problem(response) == (409, "not-in-a-sandbox")
