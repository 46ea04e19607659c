from datetime import UTC, datetime, timedelta

import pytest

from accounts import ids
from accounts.ids import uuid7
from accounts.models import Scope
from ledger.models import Lot, Transfer, Wallet
from tests.factories.accounts import ServiceKeyFactory
from tests.ledger.api.conftest import Caller, path, problem

pytestmark = pytest.mark.django_db

PROMO = {"amount": "100", "kind": "promo"}
PAID = {"amount": 5000, "kind": "paid", "price": {"amount": "25.00", "currency": "USD"}}


def test_an_amount_and_a_kind_are_enough(service, customer):
    response = service.post(path(customer, "/grants"), PROMO)
    assert response.status_code == 201
    body = response.json()
    lot = Lot.objects.get(id=ids.decode("lot", body["lot"]))
    transfer = Transfer.objects.get(id=ids.decode("txn", body["transaction"]))
    assert (lot.units, lot.kind, lot.expires_at) == (100_000_000, "promo", None)
    assert (transfer.lot_id, transfer.amount, transfer.kind) == (lot.id, 100_000_000, "grant")
    assert body["balance"] == {"available": "100", "held": "0", "frozen": "0", "total": "100"}


def test_all_that_is_told_is_kept(service, customer):
    told = {"expires_at": "2099-01-02T03:04:05Z", "priority": 7, "reason": "Welcome"}
    service.post(path(customer, "/grants"), PROMO | told)
    lot = Lot.objects.get()
    assert lot.expires_at == datetime(2099, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert (lot.priority, lot.reason) == (7, "Welcome")


def test_the_journal_knows_which_key_granted(service, customer):
    service.post(path(customer, "/grants"), PROMO)
    assert Transfer.objects.get().actor.startswith("key_")


def test_paid_credits_carry_their_price_to_the_cent(service, customer):
    service.post(path(customer, "/grants"), PAID)
    lot = Lot.objects.get()
    assert (lot.price, lot.currency) == (2500, "USD")
    money = Transfer.objects.get(unit="USD")
    assert (money.debit, money.credit, money.amount) == ("1000", "2100", 2500)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("0.01", "USD", 1), (25, "USD", 2500), ("25", "JPY", 25), ("1.234", "KWD", 1234)],
)
def test_money_has_the_places_of_its_currency(service, customer, amount, currency, minor):
    price = {"amount": amount, "currency": currency}
    assert service.post(path(customer, "/grants"), PAID | {"price": price}).status_code == 201
    assert Lot.objects.get().price == minor


@pytest.mark.parametrize("amount", ["0.000001", "12.5", 7, "999999999999.999999"])
def test_amounts_are_decimal_strings_or_integers(service, customer, amount):
    response = service.post(path(customer, "/grants"), PROMO | {"amount": amount})
    assert response.json()["balance"]["available"] == str(amount)


@pytest.mark.parametrize(
    "amount",
    [
        *(1.5, 1.0, True, None, [], {}, -1, 0, 10**13, 10**30),
        *("", " 1", "1 ", "-1", "+1", "1e3", "NaN", "Infinity", "1.", ".5", "1.0000001", "1,5"),
        *("٣", "0x1", "1_000", "9" * 40),
    ],
)
def test_other_amounts_are_malformed(service, customer, amount):
    response = service.post(path(customer, "/grants"), PROMO | {"amount": amount})
    assert problem(response) == (400, "malformed-amount")
    assert not Lot.objects.exists()


@pytest.mark.parametrize(
    "price",
    [
        *(25, "25", [], {}, {"amount": "25"}, {"currency": "USD"}),
        {"amount": "25.001", "currency": "USD"},
        {"amount": "25.5", "currency": "JPY"},
        {"amount": 25.5, "currency": "USD"},
        {"amount": True, "currency": "USD"},
        {"amount": "-1", "currency": "USD"},
        {"amount": "1e2", "currency": "USD"},
        {"amount": "25", "currency": "usd"},
        {"amount": "25", "currency": "BTC1"},
        {"amount": "25", "currency": None},
        {"amount": "25", "currency": ["USD"]},
        {"amount": "25", "currency": "USD", "tax": "5"},
    ],
)
def test_money_that_is_not_exact_is_malformed(service, customer, price):
    response = service.post(path(customer, "/grants"), PAID | {"price": price})
    assert problem(response) == (400, "malformed-money")
    assert not Lot.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", None),
        ("kind", "bonus"),
        ("kind", ["promo"]),
        ("expires_at", "tomorrow"),
        ("expires_at", 5),
        ("expires_at", "2099-01-01"),
        ("expires_at", "2099-01-01T00:00:00"),
        ("expires_at", "2099-01-01 00:00:00Z"),
        ("expires_at", "2099-01-01T00:00:00+01"),
        ("price", None),
        ("priority", -1),
        ("priority", 40_000),
        ("priority", "first"),
        ("reason", "a\0b"),
        ("reason", ["x"]),
        ("reason", 5),
        ("reason", "x" * 501),
        ("expire_at", "2099-01-01T00:00:00Z"),
    ],
)
def test_bad_input_is_refused_by_the_name_of_its_field(service, customer, field, value):
    response = service.post(path(customer, "/grants"), PROMO | {field: value})
    assert problem(response) == (400, "invalid-request")
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert not Lot.objects.exists()


@pytest.mark.parametrize("field", ["amount", "kind"])
def test_a_missing_field_is_named(service, customer, field):
    body = {name: value for name, value in PROMO.items() if name != field}
    response = service.post(path(customer, "/grants"), body)
    assert problem(response) == (400, "invalid-request")
    assert response.json()["errors"][0]["field"] == field


@pytest.mark.parametrize("body", [None, [], "text", 5])
def test_a_body_that_is_no_object_is_refused(service, customer, body):
    response = service.post(path(customer, "/grants"), body)
    assert problem(response) == (400, "invalid-request")


def test_credits_cannot_be_born_expired(service, customer):
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    response = service.post(path(customer, "/grants"), PROMO | {"expires_at": past})
    assert problem(response) == (400, "expiry-in-past")


def test_paid_credits_need_a_price_and_free_ones_have_none(service, customer):
    unpriced = service.post(path(customer, "/grants"), {"amount": 1, "kind": "paid"})
    assert problem(unpriced) == (400, "price-missing")
    nothing = {"price": {"amount": "0", "currency": "USD"}}
    free = service.post(path(customer, "/grants"), PAID | nothing)
    assert problem(free) == (400, "price-missing")
    assert "above zero" in free.json()["detail"]
    priced = service.post(path(customer, "/grants"), PAID | {"kind": "promo"})
    assert problem(priced) == (400, "price-not-allowed")


def test_the_same_request_grants_once(service, customer):
    first, again = (
        service.post(path(customer, "/grants"), PROMO, Idempotency_Key="k") for _ in range(2)
    )
    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert Wallet.objects.get(customer=customer).balance == 100_000_000


def test_a_refused_grant_does_not_use_up_its_key(service, customer):
    refused = service.post(path(customer, "/grants"), PAID | {"price": 1}, Idempotency_Key="k")
    assert refused.status_code == 400
    assert service.post(path(customer, "/grants"), PAID, Idempotency_Key="k").status_code == 201


def test_it_takes_the_scope_admin(customer):
    scopes = [scope for scope in Scope if scope is not Scope.ADMIN]
    caller = Caller(ServiceKeyFactory(scopes=scopes).secret)
    assert problem(caller.post(path(customer, "/grants"), PROMO)) == (403, "forbidden")


def test_a_customer_grants_nothing(own, customer):
    assert problem(own.post(path(customer, "/grants"), PROMO)) == (403, "forbidden")


@pytest.mark.parametrize("name", [ids.encode("cus", uuid7()), "cus_1", "cus_" + "0" * 32])
def test_an_unknown_customer_is_not_found(service, name):
    response = service.post(f"/customers/{name}/grants", PROMO)
    assert problem(response) == (404, "not-found")


@pytest.mark.parametrize("amount", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"1e2", b"-0"])
def test_an_amount_that_json_has_no_number_for_is_malformed(service, customer, amount):
    body = b'{"kind": "promo", "amount": %s}' % amount
    assert problem(service.post(path(customer, "/grants"), body)) == (400, "malformed-amount")


def test_a_body_that_is_no_json_is_told_so(service, customer):
    assert problem(service.post(path(customer, "/grants"), b"{")) == (400, "malformed-json")
