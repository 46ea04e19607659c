from datetime import UTC, datetime, timedelta

import pytest

from accounts import ids
from ledger import services
from ledger.amounts import CREDIT
from tests.ledger.api.conftest import operate, path, problem

pytestmark = pytest.mark.django_db


def test_a_lot_tells_what_it_was_and_what_is_left(service, customer):
    result = services.grant(
        customer.id,
        amount=100 * CREDIT,
        kind="paid",
        price=2500,
        currency="USD",
        expires_at=datetime(2099, 1, 1, tzinfo=UTC),
        reason="Pack",
    )
    operate("debit", customer, amount=10 * CREDIT)
    operate("reserve", customer, amount=5 * CREDIT)
    response = service.get(path(customer, "/lots"))
    (lot,) = response.json()["data"]
    assert datetime.fromisoformat(lot.pop("issued_at")) <= datetime.now(UTC)
    assert lot == {
        "id": ids.encode("lot", result.lot_id),
        "customer": ids.encode("cus", customer.id),
        "kind": "paid",
        "priority": 100,
        "amount": "100",
        "remaining": "90",
        "held": "5",
        "frozen": "0",
        "price": {"amount": "25.00", "currency": "USD"},
        "expires_at": "2099-01-01T00:00:00Z",
        "reason": "Pack",
    }


def test_free_credits_have_no_price(service, funded):
    (lot,) = service.get(path(funded, "/lots")).json()["data"]
    assert (lot["price"], lot["expires_at"], lot["reason"]) == (None, None, None)


def test_a_lot_that_has_expired_has_nothing_left(service, customer):
    soon = datetime.now(UTC) + timedelta(milliseconds=300)
    services.grant(customer.id, amount=CREDIT, kind="promo", expires_at=soon)
    while datetime.now(UTC) <= soon:
        pass
    (lot,) = service.get(path(customer, "/lots")).json()["data"]
    assert (lot["amount"], lot["remaining"]) == ("1", "0")


def test_the_last_issued_stands_first_and_pages_join(service, customer):
    for amount in range(1, 6):
        services.grant(customer.id, amount=amount * CREDIT, kind="promo")
    first = service.get(path(customer, "/lots?limit=2")).json()
    services.grant(customer.id, amount=6 * CREDIT, kind="promo")
    second = service.get(path(customer, f"/lots?limit=3&cursor={first['next_cursor']}")).json()
    assert [lot["amount"] for lot in first["data"] + second["data"]] == ["5", "4", "3", "2", "1"]
    assert second["next_cursor"] is None


def test_a_customer_reads_its_own(own, funded):
    assert len(own.get(path(funded, "/lots")).json()["data"]) == 1


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=", "cursor=x"])
def test_a_page_that_there_is_not_is_refused(service, funded, query):
    response = service.get(path(funded, f"/lots?{query}"))
    assert problem(response) == (400, "invalid-request")
    assert response.json()["errors"][0]["field"] == query.partition("=")[0]
