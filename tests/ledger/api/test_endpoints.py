from datetime import UTC, datetime, timedelta

import pytest

from accounts import ids
from accounts.models import Scope
from ledger.amounts import CREDIT
from ledger.prices import rate_cards
from ledger.prices.pricing import Tier, Unit
from tests.factories.accounts import ServiceKeyFactory
from tests.ledger.api.conftest import Caller, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoints(db):
    return [
        rate_cards.create_endpoint(
            code=code, name=code.capitalize(), method="POST", path_template=f"/v1/{code}"
        )
        for code in ("classify", "generate")
    ]


def card(name, endpoints, *, per_call, days=-1, publish=True):
    effective = datetime.now(UTC) + timedelta(days=days)
    card = rate_cards.create_card(name=name, effective_at=effective)
    for endpoint in endpoints:
        rate_cards.set_price(card, endpoint, per_call=per_call * CREDIT)
    if publish:
        rate_cards.publish(card)
    return card


def test_nothing_is_in_force_at_first(service):
    assert service.get("/endpoints").json() == {"data": [], "next_cursor": None}


def test_each_endpoint_tells_where_it_is_and_what_it_costs(service, endpoints):
    card("2026-11", endpoints[:1], per_call=4)
    assert service.get("/endpoints").json() == {
        "data": [
            {
                "code": "classify",
                "name": "Classify",
                "method": "POST",
                "path": "/v1/classify",
                "bills_client_errors": False,
                "billed": {
                    "success": 100,
                    "client_error": 0,
                    "server_error": 0,
                    "timeout": 0,
                    "partial": 100,
                },
                "price": {"rate_card": "2026-11", "per_call": "4", "quantity": None},
            }
        ],
        "next_cursor": None,
    }


def test_a_price_for_a_quantity_tells_for_how_many_of_what(service, endpoints):
    draft = card("2026-11", (), per_call=0, publish=False)
    rate_cards.set_price(
        draft,
        endpoints[1],
        per_call=2 * CREDIT,
        units=[Unit("tokens", 1000, 350_000)],
    )
    rate_cards.publish(draft)
    (endpoint,) = service.get("/endpoints").json()["data"]
    assert endpoint["price"]["quantity"] == {"name": "tokens", "per": 1000, "amount": "0.35"}


def test_the_last_published_card_whose_date_has_come_is_in_force(service, endpoints):
    card("old", endpoints, per_call=1, days=-3)
    card("now", endpoints, per_call=2, days=-1)
    card("draft", endpoints, per_call=3, days=-1, publish=False)
    card("next", endpoints, per_call=4, days=1)
    found = service.get("/endpoints").json()["data"]
    assert {one["price"]["rate_card"] for one in found} == {"now"}


def test_pages_join(service, endpoints):
    card("2026-11", endpoints, per_call=1)
    first = service.get("/endpoints?limit=1").json()
    second = service.get(f"/endpoints?limit=1&cursor={first['next_cursor']}").json()
    assert [one["code"] for one in first["data"] + second["data"]] == ["classify", "generate"]
    assert second["next_cursor"] is None


def test_a_customer_may_read_what_it_pays(own, endpoints):
    card("2026-11", endpoints, per_call=1)
    assert len(own.get("/endpoints").json()["data"]) == 2


def test_it_takes_the_scope_read(db):
    caller = Caller(ServiceKeyFactory(scopes=[Scope.DEBITS_WRITE]).secret)
    assert problem(caller.get("/endpoints")) == (403, "forbidden")
    assert problem(Caller(None).get("/endpoints")) == (401, "unauthorized")


def test_of_a_customer_it_is_what_that_customer_pays(service, own, customer, stranger, endpoints):
    card("2026-11", endpoints, per_call=4)
    special = rate_cards.create_card(
        name="own", effective_at=datetime.now(UTC) - timedelta(days=1), customer=customer
    )
    tiers = (Tier("10", CREDIT), Tier(None, 500_000))
    unit = Unit("tokens", 1000, mode="volume", tiers=tiers, free="2.5")
    rate_cards.set_price(special, endpoints[0], units=[unit], minimum=10, maximum=CREDIT)
    rate_cards.publish(special)

    def cards(caller, query=""):
        found = caller.get(f"/endpoints{query}").json()["data"]
        return {one["code"]: one["price"]["rate_card"] for one in found}

    named = f"?customer={ids.encode('cus', customer.id)}"
    everyones = {"classify": "2026-11", "generate": "2026-11"}
    for caller, query in ((own, ""), (own, named), (service, named)):
        assert cards(caller, query) == everyones | {"classify": "own"}
    assert cards(service) == cards(stranger) == everyones
    assert problem(stranger.get(f"/endpoints{named}")) == (404, "not-found")
    (price,) = [
        one["price"]
        for one in own.get("/endpoints").json()["data"]
        if one["price"]["rate_card"] == "own"
    ]
    assert price == {
        "rate_card": "own",
        "per_call": "0",
        "quantity": None,
        "units": [
            {
                "name": "tokens",
                "per": 1000,
                "mode": "volume",
                "free": "2.5",
                "tiers": [{"up_to": "10", "amount": "1"}, {"up_to": None, "amount": "0.5"}],
            }
        ],
        "minimum": "0.00001",
        "maximum": "1",
    }
