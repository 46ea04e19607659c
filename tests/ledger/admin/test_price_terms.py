from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from ledger.models import PriceGroup, PriceTerms
from ledger.prices import price_terms, rate_cards
from tests.factories.accounts import CustomerFactory

LATER = datetime.now(UTC) + timedelta(days=30)


@pytest.fixture
def cards(db):
    endpoint = rate_cards.create_endpoint(code="classify", name="Classify")
    found = []
    for days in (2, 1):
        at = datetime.now(UTC) - timedelta(days=days)
        card = rate_cards.create_card(name=f"{days} days", effective_at=at)
        rate_cards.set_price(card, endpoint, per_call=1)
        rate_cards.publish(card)
        found.append(card)
    return found


@pytest.fixture
def customer(db):
    return CustomerFactory(name="Acme")


def told(customer, card=None, until=None, group=None):
    return {
        "customer": customer.pk,
        "group": group.pk if group else "",
        "pinned_to": card.pk if card else "",
        "pinned_until_0": f"{until:%Y-%m-%d}" if until else "",
        "pinned_until_1": f"{until:%H:%M:%S}" if until else "",
    }


def add(staff, *what, **more):
    return staff.post(reverse("admin:ledger_priceterms_add"), told(*what, **more))


def change(staff, customer, *what, **more):
    page = reverse("admin:ledger_priceterms_change", args=[customer.pk])
    return staff.post(page, told(customer, *what, **more))


def test_a_customer_is_put_in_a_group(staff, customer):
    assert staff.post(reverse("admin:ledger_pricegroup_add"), {"name": "partners"}).url
    assert add(staff, customer, group=PriceGroup.objects.get()).status_code == 302
    assert PriceTerms.objects.get().group.name == "partners"
    assert "partners" in staff.get(reverse("admin:ledger_pricegroup_changelist")).content.decode()


def test_a_customer_is_pinned_and_the_list_says_what_it_pays_by(staff, customer, cards):
    assert add(staff, customer, cards[0], LATER).status_code == 302
    terms = PriceTerms.objects.get()
    assert terms.pinned_to == cards[0]
    assert abs(terms.pinned_until - LATER) < timedelta(seconds=1)
    shown = staff.get(reverse("admin:ledger_priceterms_changelist")).content.decode()
    assert f"2 days until {LATER:%Y-%m-%d}" in shown


def test_pins_do_not_overlap(staff, customer, cards):
    price_terms.pin(customer, cards[0])
    answer = change(staff, customer, cards[1])
    assert "pinned to rate card 2 days without an end: end that pin" in answer.content.decode()
    assert PriceTerms.objects.get().pinned_to == cards[0]
    assert change(staff, customer).status_code == 302
    assert change(staff, customer, cards[1]).status_code == 302
    assert PriceTerms.objects.get().pinned_to == cards[1]


def test_a_pin_that_is_over_stays_and_another_takes_its_place(staff, customer, cards):
    past = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    PriceTerms.objects.create(customer=customer, pinned_to=cards[0], pinned_until=past)
    shown = staff.get(reverse("admin:ledger_priceterms_changelist")).content.decode()
    assert "UTC (over)" in shown and "1 days" in shown
    group = price_terms.create_group("partners")
    assert change(staff, customer, cards[0], past, group=group).status_code == 302
    assert change(staff, customer, cards[1], group=group).status_code == 302
    assert PriceTerms.objects.get().pinned_to == cards[1]


def test_a_pin_into_the_past_is_refused(staff, customer, cards):
    answer = add(staff, customer, cards[0], datetime.now(UTC) - timedelta(days=1))
    assert "would have ended already" in answer.content.decode()
    answer = add(staff, customer, None, LATER)
    assert "Say to which card" in answer.content.decode()
    assert not PriceTerms.objects.exists()
