"""Calls of a company, and the pages that list them."""

import re
from datetime import UTC, datetime

import pytest

from ledger import services
from ledger.amounts import CREDIT
from ledger.ids import ReservationId
from ledger.prices import rate_cards
from ledger.prices.pricing import Unit
from tests.ledger.api.conftest import operate

PAGE = "/portal/calls/"


@pytest.fixture
def customer(member):
    services.grant(member.customer_id, amount=1000 * CREDIT, kind="promo")
    return member.customer


@pytest.fixture
def prices(db):
    """Of classify and summarize, by the endpoint's code."""
    card = rate_cards.create_card(name="2026-11", effective_at=datetime.now(UTC))
    found = {}
    for code in ("classify", "summarize"):
        endpoint = rate_cards.create_endpoint(code=code, name=code.title())
        found[code] = rate_cards.set_price(card, endpoint, per_call=CREDIT, units=[Unit("tokens")])
    rate_cards.publish(card)
    return found


def listed(page):
    """The ids of the calls on a page, in its order."""
    return re.findall(r'<tr id="call-([0-9a-f]{32})"', page.content.decode())


def id_of(result):
    return result.reservation_id.hex


def name_of(result, price_id=0):
    return str(ReservationId(result.customer_id, result.reservation_id, price_id))


def debit(customer, **fields):
    return operate("debit", customer, amount=CREDIT, **fields)


def get(browser, **query):
    page = browser.get(PAGE, query)
    assert page.status_code == 200
    return page
