from datetime import UTC, datetime, timedelta

import pytest

from accounts import ids, services
from accounts.keys import KeyKind, generate
from accounts.models import Scope
from tests.accounts.conftest import Caller, problem
from tests.factories.accounts import ApiKeyFactory, CustomerFactory, ServiceKeyFactory

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def path_of(customer):
    return f"/customers/{ids.encode('cus', customer.id)}"


def assert_unauthorized(response):
    assert problem(response) == (401, "unauthorized")
    assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/customers", "/customers/cus_1", "/customers/cus_1/keys"])
@pytest.mark.parametrize("secret", [None, "", "nonsense", generate(KeyKind.SERVICE)])
def test_without_a_key_of_ours_nothing_opens(path, secret):
    assert_unauthorized(Caller(secret).post(path, {}))


@pytest.mark.parametrize("kind", KeyKind)
def test_a_mistyped_key_costs_no_query(kind, django_assert_num_queries):
    secret = generate(kind)
    mistyped = secret[:-1] + ("a" if secret[-1] != "a" else "b")
    with django_assert_num_queries(0):
        assert_unauthorized(Caller(mistyped).get("/customers/cus_1"))


@pytest.mark.parametrize("kind", KeyKind)
def test_an_unknown_key_costs_one_query(kind, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert_unauthorized(Caller(generate(kind)).get("/customers/cus_1"))


@pytest.mark.parametrize("factory", [ServiceKeyFactory, ApiKeyFactory])
def test_a_revoked_key_says_so(factory):
    key, secret = factory()
    services.revoke_key(key)
    response = Caller(secret).get("/customers/cus_1")
    assert_unauthorized(response)
    assert response.json()["detail"] == "This key has been revoked."


@pytest.mark.parametrize("factory", [ServiceKeyFactory, ApiKeyFactory])
def test_an_expired_key_says_so(factory):
    secret = factory(expires_at=datetime.now(UTC) - MINUTE).secret
    response = Caller(secret).get("/customers/cus_1")
    assert_unauthorized(response)
    assert response.json()["detail"] == "This key has expired."


def test_a_key_works_until_it_expires():
    secret = ServiceKeyFactory(expires_at=datetime.now(UTC) + MINUTE).secret
    assert Caller(secret).get(path_of(CustomerFactory())).status_code == 200


@pytest.mark.parametrize("scope", Scope)
def test_each_scope_opens_what_it_names_and_nothing_else(scope):
    caller = Caller(ServiceKeyFactory(scopes=[scope]).secret)
    customer, key = CustomerFactory(), ApiKeyFactory().key
    needs = {
        Scope.READ: [caller.get(path_of(customer))],
        Scope.ADMIN: [
            caller.post("/customers", {"name": "Acme"}),
            caller.patch(path_of(customer), {"name": "Acme"}),
            caller.post(f"{path_of(customer)}/keys", {}),
            caller.delete(f"/keys/{ids.encode('key', key.id)}"),
        ],
    }
    for needed, responses in needs.items():
        for response in responses:
            if needed == scope:
                assert response.status_code < 300
            else:
                assert problem(response) == (403, "forbidden")


def test_a_key_without_scopes_opens_nothing():
    caller = Caller(ServiceKeyFactory(scopes=[]).secret)
    assert problem(caller.get(path_of(CustomerFactory()))) == (403, "forbidden")


@pytest.mark.parametrize("factory", [ServiceKeyFactory, ApiKeyFactory])
def test_the_use_of_a_key_is_noted_once_a_minute(factory):
    key, secret = factory()
    noted = []
    for _ in range(2):
        Caller(secret).get("/customers/cus_1")
        key.refresh_from_db()
        noted.append(key.last_used_at)
    assert noted[0] is not None
    assert noted[0] == noted[1]
    type(key).objects.update(last_used_at=noted[0] - 2 * MINUTE)
    Caller(secret).get("/customers/cus_1")
    key.refresh_from_db()
    assert key.last_used_at >= noted[0]
