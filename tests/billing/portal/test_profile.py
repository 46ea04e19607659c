"""Whom receipts are made out to, and the cards that are kept."""

import pytest
from django.urls import reverse

from billing.errors import ProviderFailed
from billing.models import BillingProfile, PaymentMethod
from billing.providers.sandbox.provider import Sandbox
from tests.accounts.people import browser_of, said
from tests.factories.accounts import MemberFactory
from tests.factories.billing import bought

PAGE = "/portal/purchases/billing/"
ADDRESS = {
    "name": "Acme GmbH",
    "line1": "Hauptstr. 5",
    "postal_code": "10115",
    "city": "Berlin",
    "country": "DE",
    "tax_id": "DE123456789",
}


@pytest.fixture
def card(member):
    return PaymentMethod.objects.create(
        customer=member.customer, provider="test", ref="card_1", brand="visa", last4="4242"
    )


def test_it_begins_with_the_companys_name(browser, member):
    assert f'value="{member.customer.name}"' in browser.get(PAGE).content.decode()


def test_it_is_printed_on_the_next_receipt(browser, member):
    browser.post(PAGE, ADDRESS)
    buyer = bought(member.customer).purchase.documents.get().content["buyer"]
    assert buyer == {
        "name": "Acme GmbH",
        "address": "Hauptstr. 5\n10115 Berlin\nGermany",
        "tax_id": "DE123456789",
    }


def test_it_can_be_changed(browser, member):
    browser.post(PAGE, ADDRESS)
    browser.post(PAGE, ADDRESS | {"city": "Bonn", "region": "nw"})
    profile = BillingProfile.objects.get(customer=member.customer)
    assert (profile.city, profile.region) == ("Bonn", "NW")


@pytest.mark.parametrize("wrong", [{"country": "XX"}, {"country": ""}, {"tax_id": "9" * 51}])
def test_what_cannot_be_is_told_beside_the_field(browser, wrong):
    page = browser.post(PAGE, ADDRESS | wrong).content.decode()
    assert 'aria-invalid="true"' in page
    assert not BillingProfile.objects.exists()


def test_a_kept_card_can_be_forgotten(browser, card, monkeypatch):
    asked = []
    monkeypatch.setattr(Sandbox, "forget_card", lambda _, ref: asked.append(ref))
    assert "4242" in browser.get(PAGE).content.decode()
    response = browser.post(reverse("remove-card", args=[card.id]), follow=True)
    assert said(response) == ["The card 4242 is forgotten."]
    assert asked == ["card_1"]
    assert "Visa" not in browser.get(PAGE).content.decode()


def test_a_card_that_the_provider_did_not_forget_is_still_there(browser, card, monkeypatch):
    def silent(*_):
        raise ProviderFailed

    monkeypatch.setattr(Sandbox, "forget_card", silent)
    browser.post(reverse("remove-card", args=[card.id]))
    assert "Visa" in browser.get(PAGE).content.decode()


def test_nobody_forgets_another_companys_card(card):
    stranger = browser_of(MemberFactory())
    assert stranger.post(reverse("remove-card", args=[card.id])).status_code == 404
