"""Promise 20: every operation of the OpenAPI document, tried with another customer's ids and keys.

A customer's own key may call the operations whose security names `customerKey`; what is another
customer's is to them 404, like what does not exist. All other operations are a service's: to a
customer's key they are 403, whatever is named. A service acts for all customers, but one
customer's object under another's name is 404 to it, too.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from accounts import ids
from accounts.ids import uuid7
from config.openapi.document import document
from ledger.ids import ReservationId, decode_reservation
from tests.factories.accounts import ApiKeyFactory
from tests.ledger.fastpath.shop import Api, Shop, books, funded, new_key, payer, problem
from tests.ledger.fastpath.shop import name as name_of

# It shows prices, which are nobody's.
OF_NOBODY = {"listEndpoints"}


class Operation(NamedTuple):
    id: str
    method: str
    path: str
    is_open_to_customers: bool

    @property
    def names_an_object(self) -> bool:
        return "{" in self.path

    def __str__(self) -> str:
        return self.id


class Names(NamedTuple):
    """What an operation may name."""

    customer: str
    reservation: str
    key: str

    @property
    def in_path(self) -> dict[str, str]:
        return {
            "customer_id": self.customer,
            "reservation_id": self.reservation,
            "key_id": self.key,
            # The same ids as a lease's would have.
            "lease_id": f"lse_{self.reservation[4:68]}",
        }

    def query(self, operation: Operation) -> str:
        return f"?customer={self.customer}" if operation.id == "listReservations" else ""

    def body(self, operation: Operation) -> Any:
        pays = {"customer": self.customer, "amount": "1"}
        bodies = {
            "reserve": pays,
            "debit": pays,
            "extend": {"expires_in": 60},
            "reverse": {"reason": "mine"},
            "lease": pays,
            "settleLease": {"sequence": 1},
            "grantCredits": {"amount": "1", "kind": "promo"},
            "changeCustomer": {"name": "Mine"},
            "createCustomer": {"name": "Mine"},
            "estimate": {"customer": self.customer, "calls": [{"endpoint": "classify"}]},
            "batch": {
                "operations": [
                    {"op": "debit", "idempotency_key": new_key(), **pays},
                    *(
                        {"op": op, "idempotency_key": new_key(), "reservation": self.reservation}
                        for op in ("commit", "release")
                    ),
                ]
            },
        }
        return bodies.get(operation.id, {})


def operations() -> Iterator[Operation]:
    for path, methods in document()["paths"].items():
        for method, told in methods.items():
            is_open = any("customerKey" in one for one in told["security"])
            yield Operation(told["operationId"], method.upper(), path, is_open)


ALL = list(operations())
NAMING_A_CUSTOMER = [
    one for one in ALL if one.names_an_object or "customer" in Names("c", "", "").body(one)
]


class Tenant:
    """A customer with credits, a hold and a key."""

    def __init__(self, api: Api) -> None:
        self.customer = funded()
        self.hold = api.hold(self.customer, endpoint="classify", amount="10")
        made = ApiKeyFactory(customer=self.customer)
        self.secret = made.secret
        self.names = Names(
            name_of(self.customer), self.hold["id"], ids.encode(ids.KEY, made.key.id)
        )


@pytest.fixture
def victim(api: Api) -> Tenant:
    return Tenant(api)


@pytest.fixture
def stranger(shop: Shop, api: Api) -> Api:
    """Another customer, with its own key."""
    return shop.api(Tenant(api).secret)


def call(api: Api, operation: Operation, names: Names) -> Any:
    path = operation.path.removeprefix("/v1").format(**names.in_path) + names.query(operation)
    body = b"" if operation.method == "GET" else json.dumps(names.body(operation))
    sent = {"Content-Type": "application/json", "X-Request-Id": "same"}
    return api.send(operation.method, path, body, **sent)


def nothing() -> Names:
    customer = uuid7()
    return Names(
        ids.encode(ids.CUSTOMER, customer),
        str(ReservationId(customer, uuid7(), 0)),
        ids.encode(ids.KEY, uuid7()),
    )


def crossed(victim: Tenant, other: Tenant) -> Names:
    """The victim's hold under another customer's name."""
    hold = decode_reservation(victim.hold["id"])
    mixed = hold._replace(customer_id=other.customer.id)
    return nothing()._replace(reservation=str(mixed))


def answered(operation: Operation) -> int:
    """The status of another customer's request."""
    if operation.id in OF_NOBODY:
        return 200
    return 404 if operation.is_open_to_customers else 403


@pytest.mark.parametrize("operation", ALL, ids=str)
def test_another_customers_key_gets_nothing_and_changes_nothing(stranger, victim, operation):
    before = books(victim.customer)
    foreign, absent = (call(stranger, operation, names) for names in (victim.names, nothing()))
    assert foreign.status_code == absent.status_code == answered(operation)
    assert foreign.content == absent.content
    assert books(victim.customer) == before


@pytest.mark.parametrize("operation", NAMING_A_CUSTOMER, ids=str)
def test_to_a_service_what_does_not_exist_is_not_found(api, operation):
    assert problem(call(api, operation, nothing())) == (404, "not-found")


@pytest.mark.parametrize("op", ["read", "commit", "release", "extend", "reverse"])
def test_a_hold_under_another_customers_name_is_not_found(api, victim, op):
    before = books(victim.customer)
    (operation,) = (one for one in ALL if one.id in (op, f"{op}Reservation"))
    names = crossed(victim, Tenant(api))
    assert problem(call(api, operation, names)) == (404, "not-found")
    assert books(victim.customer) == before


def test_in_a_batch_too(api, victim):
    (batch,) = (one for one in ALL if one.id == "batch")
    results = call(api, batch, crossed(victim, Tenant(api))).json()["results"]
    assert [one["status"] for one in results] == [404, 404, 404]


@pytest.mark.parametrize("query", ["key={key}", "key={key}&endpoint=classify"])
def test_calls_are_not_found_by_another_customers_key(shop, api, victim, query):
    other = Tenant(api)
    path = f"/customers/{other.names.customer}/calls?{query.format(key=victim.names.key)}"
    for caller in (api, shop.api(other.secret)):
        assert problem(caller.send("GET", path)) == (404, "not-found")


def test_a_customers_key_that_pays_for_another_names_only_one_of_them(api, victim):
    other = Tenant(api)
    both = payer(other.customer) | {"api_key": victim.secret, "amount": "1"}
    assert problem(api.post("/debits", both)) == (400, "invalid-request")


def test_an_idempotency_key_of_one_customer_says_nothing_to_another(api, victim):
    other, key = Tenant(api), new_key()
    for tenant in (victim, other):
        debit = api.post("/debits", payer(tenant.customer) | {"amount": "1"}, Idempotency_Key=key)
        assert debit.status_code == 201
        assert debit.json()["customer"] == tenant.names.customer
        assert "Idempotent-Replayed" not in debit.headers
