from datetime import UTC, datetime, timedelta

import pytest

from accounts import ids, keys, services
from accounts.ids import uuid7
from accounts.keys import KeyKind
from accounts.models import HOUSE_ID, ApiKey, Customer
from tests.accounts.conftest import Caller, problem
from tests.factories.accounts import ApiKeyFactory, CustomerFactory, ServiceKeyFactory

pytestmark = pytest.mark.django_db

HALF_A_PAIR = b'{"name": "\\ud800"}'


def customer_path(customer):
    return f"/customers/{ids.encode('cus', customer.id)}"


def key_path(key):
    return f"/keys/{ids.encode('key', key.id)}"


class TestCreateCustomer:
    def test_a_name_is_enough(self, service):
        response = service.post("/customers", {"name": "Acme"})
        assert response.status_code == 201
        body = response.json()
        customer = Customer.objects.get(id=ids.decode("cus", body.pop("id")))
        assert datetime.fromisoformat(body.pop("created_at")) == customer.created_at
        assert body == {
            "name": "Acme",
            "email": None,
            "external_id": None,
            "metadata": {},
            "status": "active",
            "time_zone": "UTC",
        }

    def test_all_that_is_told_is_kept(self, service):
        told = {
            "name": "Acme",
            "email": "a@acme.example",
            "external_id": "42",
            "metadata": {"tier": "gold", "note": "é"},
        }
        body = service.post("/customers", told).json()
        assert told.items() <= body.items()
        assert service.get(f"/customers/{body['id']}").json() == body

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", None),
            ("name", ""),
            ("name", "  "),
            ("name", "x" * 201),
            ("name", ["x"]),
            ("name", 5),
            ("nmae", "Acme"),
            ("name", "a\0b"),
            ("email", "nobody"),
            ("email", "x" * 250 + "@b.example"),
            ("external_id", ""),
            ("external_id", 5),
            ("external_id", "x" * 201),
            ("metadata", None),
            ("metadata", "text"),
            ("metadata", {"a": 1}),
            ("metadata", {"a": {"b": "c"}}),
            ("metadata", {"a": "\0"}),
            ("metadata", {"\0": "a"}),
            ("metadata", {str(n): "" for n in range(21)}),
            ("metadata", {"a": "x" * 2048}),
        ],
    )
    def test_bad_input_is_refused_by_the_name_of_its_field(self, service, field, value):
        before = Customer.objects.count()
        response = service.post("/customers", {"name": "Acme", field: value})
        assert problem(response) == (400, "invalid-request")
        assert [error["field"] for error in response.json()["errors"]] == [field]
        assert Customer.objects.count() == before

    @pytest.mark.parametrize("body", [{}, {"email": "a@b.example"}])
    def test_a_name_is_needed(self, service, body):
        response = service.post("/customers", body)
        assert problem(response) == (400, "invalid-request")
        assert [error["field"] for error in response.json()["errors"]] == ["name"]

    @pytest.mark.parametrize("body", [[], [{"name": "Acme"}], "Acme", 1])
    def test_only_an_object_is_a_customer(self, service, body):
        assert problem(service.post("/customers", body)) == (400, "invalid-request")

    @pytest.mark.parametrize("body", [b"{", b"\xff", b'{"name": NaN}', b"[" * 5000, HALF_A_PAIR])
    def test_what_is_not_json_is_refused(self, service, body):
        assert service.post("/customers", body).status_code == 400

    def test_an_external_id_names_one_customer(self, service):
        CustomerFactory(external_id="42")
        response = service.post("/customers", {"name": "Acme", "external_id": "42"})
        assert problem(response) == (409, "external-id-taken")


class TestChangeCustomer:
    def test_what_is_not_named_stays(self, service):
        customer = CustomerFactory(email="a@b.example", external_id="42")
        response = service.patch(customer_path(customer), {"name": "New", "email": None})
        assert response.status_code == 200
        customer.refresh_from_db()
        assert (customer.name, customer.email, customer.external_id) == ("New", None, "42")
        assert response.json()["name"] == "New"

    def test_a_customer_is_suspended_and_resumed(self, service):
        path = customer_path(CustomerFactory())
        for status in ("suspended", "active"):
            assert service.patch(path, {"status": status}).json()["status"] == status

    @pytest.mark.parametrize(
        "change", [{"status": "closed"}, {"status": None}, {"name": ""}, {"nmae": "Acme"}]
    )
    def test_a_bad_change_changes_nothing(self, service, change):
        customer = CustomerFactory()
        response = service.patch(customer_path(customer), {"email": "new@b.example"} | change)
        assert problem(response) == (400, "invalid-request")
        customer.refresh_from_db()
        assert customer.email is None

    @pytest.mark.parametrize(
        "name", [ids.encode("cus", uuid7()), ids.encode("cus", HOUSE_ID), "cus_1", "1"]
    )
    def test_who_is_not_there_is_not_found(self, service, name):
        assert problem(service.get(f"/customers/{name}")) == (404, "not-found")
        assert problem(service.patch(f"/customers/{name}", {"name": "x"})) == (404, "not-found")
        assert problem(service.post(f"/customers/{name}/keys", {})) == (404, "not-found")


class TestReadCustomer:
    def test_a_customer_reads_itself_with_its_own_key(self):
        key, secret = ApiKeyFactory()
        response = Caller(secret).get(customer_path(key.customer))
        assert response.json()["name"] == key.customer.name

    def test_another_customer_is_answered_like_none(self):
        outsider = Caller(ApiKeyFactory().secret)
        another = outsider.get(customer_path(CustomerFactory()))
        nobody = outsider.get(f"/customers/{ids.encode('cus', uuid7())}")
        assert problem(another) == problem(nobody) == (404, "not-found")
        assert another.json()["detail"] == nobody.json()["detail"]

    def test_a_customer_changes_nothing_with_its_own_key(self):
        key, secret = ApiKeyFactory()
        customer, path = Caller(secret), customer_path(key.customer)
        assert problem(customer.patch(path, {"name": "x"})) == (403, "forbidden")
        assert problem(customer.post(f"{path}/keys", {})) == (403, "forbidden")
        assert problem(customer.delete(key_path(key))) == (403, "forbidden")
        assert problem(customer.post("/customers", {"name": "x"})) == (403, "forbidden")


class TestKeys:
    def test_a_key_is_made_and_opens_the_customers_account(self, service):
        customer = CustomerFactory()
        response = service.post(f"{customer_path(customer)}/keys", {"name": "production"})
        body = response.json()
        assert response.status_code == 201
        assert body["prefix"] == body["secret"][:12]
        assert keys.parse(body["secret"]) is KeyKind.CUSTOMER
        assert (body["name"], body["customer"]) == ("production", ids.encode("cus", customer.id))
        assert Caller(body["secret"]).get(customer_path(customer)).status_code == 200

    @pytest.mark.parametrize("name", ["", "  "])
    def test_a_key_is_not_named_nothing(self, service, name):
        response = service.post(f"{customer_path(CustomerFactory())}/keys", {"name": name})
        assert problem(response) == (400, "invalid-request")
        assert response.json()["errors"][0]["field"] == "name"
        assert not ApiKey.objects.exists()

    def test_a_key_may_have_an_end(self, service):
        ahead = datetime.now(UTC) + timedelta(days=1)
        path = f"{customer_path(CustomerFactory())}/keys"
        body = service.post(path, {"expires_at": ahead.isoformat()}).json()
        assert datetime.fromisoformat(body["expires_at"]) == ahead

    @pytest.mark.parametrize(
        "instant", ["2020-01-01T00:00:00Z", "2099-01-01", "2099-01-01T00:00:00", "tomorrow", 5]
    )
    def test_an_end_is_a_time_to_come(self, service, instant):
        path = f"{customer_path(CustomerFactory())}/keys"
        response = service.post(path, {"expires_at": instant})
        assert problem(response) == (400, "invalid-request")
        assert response.json()["errors"][0]["field"] == "expires_at"
        assert not ApiKey.objects.exists()

    @pytest.mark.parametrize("fields", [{"nmae": "x"}, {"name": 5}])
    def test_nothing_else_is_taken_for_its_name(self, service, fields):
        response = service.post(f"{customer_path(CustomerFactory())}/keys", fields)
        assert problem(response) == (400, "invalid-request")
        assert response.json()["errors"][0]["field"] == next(iter(fields))

    def test_a_revoked_key_is_refused_from_then_on(self, service):
        key, secret = ApiKeyFactory()
        response = service.delete(key_path(key))
        assert (response.status_code, response.content) == (204, b"")
        refused = Caller(secret).get(customer_path(key.customer))
        assert problem(refused) == (401, "unauthorized")

    def test_revoking_again_is_no_error(self, service):
        key = ApiKeyFactory().key
        assert [service.delete(key_path(key)).status_code for _ in range(2)] == [204, 204]

    def test_a_service_key_is_revoked_the_same_way(self, service):
        key, secret = ServiceKeyFactory()
        assert service.delete(key_path(key)).status_code == 204
        assert problem(Caller(secret).get("/customers/cus_1")) == (401, "unauthorized")

    def test_a_key_that_is_not_there_is_not_found(self, service):
        for name in (ids.encode("key", uuid7()), "key_1", "1"):
            assert problem(service.delete(f"/keys/{name}")) == (404, "not-found")

    def test_a_suspended_customers_key_still_reads(self):
        key, secret = ApiKeyFactory()
        services.suspend_customer(key.customer)
        assert Caller(secret).get(customer_path(key.customer)).json()["status"] == "suspended"


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/customers"), ("PUT", "/customers/cus_1"), ("GET", "/keys/key_1")]
)
def test_other_methods_are_not_allowed(service, method, path):
    assert service.send(method, path).status_code == 405


@pytest.mark.parametrize(
    "kind",
    ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "a/b+json", ""],
)
def test_a_body_is_json_whatever_its_header_says(service, kind):
    response = service.post("/customers", {"name": "Acme"}, Content_Type=kind)
    assert response.status_code == 201
    assert service.post("/customers", b"", Content_Type=kind).status_code == 400
