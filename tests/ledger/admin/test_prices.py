from datetime import UTC, datetime

import pytest
from django.urls import reverse

from ledger.admin import price_text
from ledger.amounts import CREDIT
from ledger.models import Price
from ledger.prices import rate_cards
from ledger.prices.pricing import Tier, Unit


@pytest.fixture
def endpoint(db):
    return rate_cards.create_endpoint(code="generate", name="Generate")


@pytest.fixture
def draft(db):
    return rate_cards.create_card(name="2026-11", effective_at=datetime(2026, 11, 1, tzinfo=UTC))


@pytest.fixture
def price(draft, endpoint):
    tiers = (Tier("1000", 500_000), Tier(None, 400_000))
    units = [Unit("tokens", 1000, 350_000), Unit("pages", mode="graduated", tiers=tiers)]
    return rate_cards.set_price(draft, endpoint, per_call=2 * CREDIT, units=units)


def page(price):
    return reverse("admin:ledger_price_change", args=[price.pk])


def fields(slot=1, **unit):
    return {f"unit{slot}_{name}": value for name, value in unit.items()}


def add(staff, draft, endpoint, *units, **more):
    told = {"rate_card": draft.pk, "endpoint": endpoint.pk, "per_call": "0", **more}
    for slot, unit in enumerate(units, 1):
        told |= fields(slot, **unit)
    return staff.post(reverse("admin:ledger_price_add"), told)


def test_a_price_is_written_as_staff_think_of_it(staff, draft, endpoint):
    tokens = {"name": "tokens", "size": "1000", "mode": "flat", "amount": "0.35", "free": "5000"}
    lines = "up to 1,000: 0.5\nup to 5000: 0.45\nabove: 0.4"
    pages = {"name": "pages", "mode": "graduated", "tiers": lines}
    answer = add(staff, draft, endpoint, tokens, pages, per_call="2", minimum="1", maximum="9.5")
    assert answer.url == reverse("admin:ledger_ratecard_change", args=[draft.pk])
    made = Price.objects.get()
    assert (made.per_call, made.minimum, made.maximum) == (2 * CREDIT, CREDIT, 9_500_000)
    assert made.units == [
        {"name": "tokens", "size": 1000, "amount": 350_000, "free": "5000", "mode": "flat"}
        | {"tiers": []},
        {
            "name": "pages",
            "size": 1,
            "amount": 0,
            "free": "0",
            "mode": "graduated",
            "tiers": [
                {"up_to": "1000", "amount": 500_000},
                {"up_to": "5000", "amount": 450_000},
                {"up_to": None, "amount": 400_000},
            ],
        },
    ]


def test_it_is_edited_where_it_stands(staff, price):
    shown = staff.get(page(price)).content.decode()
    assert "up to 1000: 0.5\nabove: 0.4" in shown
    assert 'value="tokens"' in shown and 'value="0.35"' in shown
    told = fields(name="tokens", size="1000", mode="flat", amount="0.3") | {"per_call": "3"}
    assert staff.post(page(price), told).status_code == 302
    price.refresh_from_db()
    assert (price.per_call, [unit["amount"] for unit in price.units]) == (3 * CREDIT, [300_000])


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        ({"mode": "graduated", "tiers": "up to 10: 1\n11 to 20: 2"}, "Line 2"),
        ({"mode": "graduated", "tiers": "up to 10: 1\nabove: 0.0000001"}, "Line 2: 0.0000001"),
        ({"mode": "graduated", "tiers": "up to 10: -1\nabove: 1"}, "Line 1: -1"),
        ({"mode": "volume", "tiers": "up to 10: 1\nup to 10: 2\nabove: 3"}, "tier 2"),
        ({"mode": "volume", "tiers": "up to 10: 1\nup to 20: 2"}, "let it have no end"),
        ({"mode": "volume", "tiers": "above: 1\nup to 20: 2"}, "only the last tier"),
        ({"mode": "volume"}, "has 1 to 100 tiers"),
        ({"mode": "flat", "tiers": "above: 1"}, "a flat price has no tiers"),
        ({"mode": "graduated", "amount": "1", "tiers": "above: 1"}, "no amount beside them"),
        ({"mode": "stairs", "amount": "1"}, "stairs is not one of the available choices"),
        ({"mode": "flat", "amount": "0.0000001"}, "no more than 6 decimal places"),
        ({"mode": "flat", "amount": "-1"}, "greater than or equal to 0"),
        ({"mode": "flat", "size": "0"}, "greater than or equal to 1"),
        ({"name": "month", "amount": "1"}, "is no name of a unit"),
        ({"name": "", "amount": "1"}, "Name the unit"),
    ],
)
def test_what_is_no_price_is_refused_and_says_where(staff, draft, endpoint, unit, said):
    answer = add(staff, draft, endpoint, {"name": "pages"} | unit)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not Price.objects.exists()


def test_a_unit_is_there_once_and_the_minimum_below_the_maximum(staff, draft, endpoint):
    unit = {"name": "pages", "mode": "flat", "amount": "1"}
    assert "there twice" in add(staff, draft, endpoint, unit, unit).content.decode()
    answer = add(staff, draft, endpoint, unit, minimum="3", maximum="2")
    assert "minimum is above the maximum" in answer.content.decode()
    assert not Price.objects.exists()


def test_a_published_price_is_only_looked_at(staff, price, draft):
    rate_cards.publish(draft)
    shown = staff.get(page(price)).content.decode()
    assert "0.35 per 1,000 tokens" in shown
    assert 'name="per_call"' not in shown
    assert staff.post(page(price), {"per_call": "9"}).status_code == 403
    price.refresh_from_db()
    assert price.per_call == 2 * CREDIT


def test_a_unit_without_a_price_is_refused_and_nought_is_one(staff, draft, endpoint):
    refused = add(staff, draft, endpoint, {"name": "tokens", "mode": "flat"})
    assert "Fill in the price; 0 is a price." in refused.content.decode()
    assert not Price.objects.exists()
    add(staff, draft, endpoint, {"name": "tokens", "mode": "flat", "amount": "0"})
    assert Price.objects.get().units[0]["amount"] == 0


def test_tiers_are_read_as_a_sentence():
    tiers = (Tier("10", 3 * CREDIT), Tier("20", 2 * CREDIT), Tier(None, CREDIT))
    told = price_text._tiers(tiers)
    assert told == "3 up to 10, 2 up to 20, then 1"
