from datetime import UTC, datetime, timedelta

import pytest

from accounts import ids
from accounts.ids import uuid7
from accounts.models import HOUSE_ID
from ledger import services, wallets
from ledger.amounts import CREDIT
from tests.ledger.api.conftest import operate, path, problem

pytestmark = pytest.mark.django_db


def amounts(body):
    return tuple(body[name] for name in ("available", "held", "frozen", "total"))


def in_days(days):
    return datetime.now(UTC) + timedelta(days=days)


def test_a_new_customer_has_nothing(service, customer):
    response = service.get(path(customer, "/balance"))
    assert response.status_code == 200
    assert response.json() == {
        "customer": ids.encode("cus", customer.id),
        "available": "0",
        "held": "0",
        "frozen": "0",
        "total": "0",
        "expiring": [],
        "runway_days": None,
    }


def test_what_is_held_and_frozen_is_not_available(service, funded):
    operate("reserve", funded, amount=12_500_000)
    services.freeze(funded.id, amount=10 * CREDIT)
    body = service.get(path(funded, "/balance")).json()
    assert amounts(body) == ("77.5", "12.5", "10", "100")


def test_an_expired_hold_counts_as_free(service, funded):
    operate("reserve", funded, amount=40 * CREDIT, expires_in=0)
    body = service.get(path(funded, "/balance")).json()
    assert amounts(body) == ("100", "0", "0", "100")


def test_what_expires_is_named_the_next_one_first(service, funded):
    later, soon = in_days(9), in_days(2)
    granted = [
        services.grant(funded.id, amount=amount * CREDIT, kind="promo", expires_at=at)
        for amount, at in ((5, later), (3, soon))
    ]
    operate("reserve", funded, amount=1 * CREDIT)
    body = service.get(path(funded, "/balance")).json()
    assert [(one["lot"], one["amount"]) for one in body["expiring"]] == [
        (ids.encode("lot", granted[1].lot_id), "2"),
        (ids.encode("lot", granted[0].lot_id), "5"),
    ]
    assert datetime.fromisoformat(body["expiring"][0]["expires_at"]) == soon


def test_credits_last_as_they_did_since_the_first_use(service, funded):
    assert service.get(path(funded, "/balance")).json()["runway_days"] is None
    operate("debit", funded, amount=20 * CREDIT)
    assert service.get(path(funded, "/balance")).json()["runway_days"] == 4


def test_a_debt_lasts_no_day(service, funded):
    wallets.set_credit_limit(funded.id, limit=100 * CREDIT)
    operate("debit", funded, amount=150 * CREDIT)
    body = service.get(path(funded, "/balance")).json()
    assert amounts(body) == ("-50", "0", "0", "-50")
    assert body["runway_days"] == 0


def test_a_customer_reads_its_own(own, funded):
    assert own.get(path(funded, "/balance")).json()["available"] == "100"


@pytest.mark.parametrize("list_of", ["/balance", "/lots", "/transactions"])
def test_another_customers_is_answered_like_what_does_not_exist(stranger, service, funded, list_of):
    nobody = f"/customers/{ids.encode('cus', uuid7())}"
    foreign, absent = (
        stranger.send("GET", name, X_Request_Id="same")
        for name in (path(funded, list_of), nobody + list_of)
    )
    assert problem(foreign) == (404, "not-found")
    assert foreign.content == absent.content
    for name in (ids.encode("cus", uuid7()), ids.encode("cus", HOUSE_ID), "cus_1"):
        assert problem(service.get(f"/customers/{name}{list_of}")) == (404, "not-found")
