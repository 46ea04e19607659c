import pytest

from tests.factories.accounts import ApiKeyFactory, CustomerFactory
from tests.ledger.fastpath.shop import available, books, fund, name, payer, problem


def test_a_hold_names_its_lots_its_price_and_the_balance_after_it(api, customer):
    response = api.reserve(customer, endpoint="summarize")
    assert response.status_code == 201
    assert response.headers["Content-Type"] == "application/json"
    body = response.json()
    assert body["id"].startswith("rsv_")
    assert body["status"] == "held"
    assert body["customer"] == name(customer)
    assert body["endpoint"] == "summarize"
    assert body["amount"] == "4"
    (part,) = body["lots"]
    assert part["lot"].startswith("lot_") and part["amount"] == "4"
    assert body["price"] == {"rate_card": "fastpath", "per_call": "4", "quantity": None}
    assert body["expires_at"].endswith("Z")
    assert body["balance"] == {"available": "96", "held": "4", "frozen": "0", "total": "100"}


@pytest.mark.parametrize("quantity", [1200, "1200", 1200.0, {"tokens": 1200}, {"tokens": "1200.0"}])
def test_a_quantity_is_multiplied_by_the_price_per_unit(api, customer, quantity):
    body = api.reserve(customer, endpoint="generate", quantity=quantity).json()
    assert body["amount"] == "2.42"
    assert body["quantity"] == {"tokens": "1200"}
    assert body["price"]["quantity"] == {"name": "tokens", "per": 1000, "amount": "0.35"}


def test_an_endpoint_is_found_by_method_and_path(api, customer):
    body = api.reserve(customer, method="post", path="/v1/files/f-1/summarize?page=2").json()
    assert body["endpoint"] == "summarize"


@pytest.mark.parametrize(
    ("amount", "shown"), [("12.5", "12.5"), (3, "3"), ("0.000001", "0.000001")]
)
def test_an_amount_is_held_instead_of_the_price(api, customer, amount, shown):
    assert api.hold(customer, amount=amount, endpoint="summarize")["amount"] == shown
    without_endpoint = api.hold(customer, amount=amount)
    assert without_endpoint["amount"] == shown
    assert without_endpoint["price"] is without_endpoint["endpoint"] is None


def test_the_key_of_the_end_customer_says_who_pays(api, customer):
    key = ApiKeyFactory(customer=customer)
    response = api.post("/reservations", {"api_key": key.secret, "endpoint": "classify"})
    assert response.json()["customer"] == name(customer)


def test_a_call_that_costs_nothing_is_held_and_committed_as_zero(api):
    customer = CustomerFactory()
    hold = api.hold(customer, endpoint="ping", amount=0)
    assert (hold["amount"], hold["lots"]) == ("0", [])
    committed = api.settle(hold, "commit").json()
    assert (committed["committed"], committed["transaction"]) == ("0", None)


def test_a_debit_reserves_and_commits_at_once(api, customer):
    response = api.debit(customer, endpoint="summarize", expires_in=5, overrun="cap")
    assert response.status_code == 201
    body = response.json()
    assert (body["status"], body["committed"]) == ("committed", "4")
    assert body["transaction"].startswith("txn_")
    assert body["balance"] == {"available": "96", "held": "0", "frozen": "0", "total": "96"}


@pytest.mark.parametrize("verb", ["reservations", "debits"])
def test_more_than_there_is_is_refused_with_what_is_missing(api, customer, verb):
    before = books(customer)
    response = api.post(f"/{verb}", payer(customer) | {"amount": "100.5"})
    assert problem(response) == (402, "insufficient-credits")
    body = response.json()
    assert (body["required"], body["available"], body["shortfall"]) == ("100.5", "100", "0.5")
    assert body["top_up_url"]
    assert books(customer) == before


def test_a_top_up_lets_the_very_next_request_pass(api):
    customer = CustomerFactory()
    assert api.reserve(customer, amount=5).status_code == 402
    fund(customer, 5)
    assert api.reserve(customer, amount=5).status_code == 201
    assert available(customer) == 0


def test_metadata_and_the_request_are_kept_with_the_hold(api, customer):
    metadata = {f"k{n}": "x" * 50 for n in range(20)}
    assert api.reserve(customer, amount=1, metadata=metadata).status_code == 201
