"""Giving unused credits back: what is seen is what is done, and done once."""

import re

import pytest
from django.urls import reverse

from billing.models import BillingProfile, Refund, TaxRate
from billing.providers.sandbox import acts, delivery
from ledger import selectors
from ledger.amounts import CREDIT
from tests.accounts.people import said
from tests.factories.billing import sold_by_the_test_provider
from tests.factories.ledger import Book

pytestmark = pytest.mark.usefixtures("books_tie")


@pytest.fixture(autouse=True)
def _nothing_is_posted(monkeypatch):
    """No server runs here that would take the test provider's events."""
    monkeypatch.setattr(delivery, "deliver", lambda *_: 0)


@pytest.fixture
def purchase(member):
    return sold_by_the_test_provider(member.customer, credits=1000, price="100.00")


def page_of(purchase):
    return reverse("refund", args=[purchase.id])


def preview(browser, purchase, **filled):
    path = reverse("refund-preview", args=[purchase.id])
    return browser.get(path, filled, headers={"HX-Request": "true"}).content.decode()


def hidden(page):
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))


def filled(browser, purchase, **other):
    """The form, as a browser would send it."""
    form = hidden(browser.get(page_of(purchase)).content.decode()) | {"how": "whole"} | other
    seen = hidden(preview(browser, purchase, how=form["how"], credits=form.get("credits", "")))
    return form | seen


def available(purchase):
    return selectors.balance(purchase.customer_id).available // CREDIT


def test_the_page_shows_what_all_of_it_would_pay(browser, purchase):
    page = browser.get(page_of(purchase)).content.decode()
    assert "1,000 credits" in page
    assert 'id="refund-amount">$100.00<' in page


def test_the_preview_follows_what_is_filled_in(browser, purchase):
    assert "$25.00" in preview(browser, purchase, how="part", credits="250")
    assert "$0.05" in preview(browser, purchase, how="part", credits="0.5")
    assert "more than is left" in preview(browser, purchase, how="part", credits="1,001")
    assert "Write how many" in preview(browser, purchase, how="part", credits="")
    assert "Write how many" in preview(browser, purchase, how="part", credits="-5")
    assert "Write how many" in preview(browser, purchase, how="part", credits="0")


@pytest.mark.parametrize(
    ("typed", "read"),
    [("250", "$25.00"), ("1,000", "$100.00"), ("1 000", "$100.00"), ("0.5", "$0.05")]
    + [(" 12.50 ", "$1.25"), ("12.3450", "$1.23"), ("1,000.0", "$100.00"), ("0.125", "$0.01")],
)
def test_credits_can_be_written_as_pages_show_them(browser, purchase, typed, read):
    assert f">{read}<" in preview(browser, purchase, how="part", credits=typed)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("2,5", "The comma is between thousands"),
        ("2.500,00", "The comma is between thousands"),
        ("25,00", "The comma is between thousands"),
        ("2.500", "can be read in two ways: write 2500 or 2.5000."),
        ("2.500.000", "can be read in two ways: write 2500000."),
        ("1.0000001", "six places"),
        ("1e3", "Write how many"),
        ("0.000001", "So few credits are worth nothing"),
    ],
)
def test_what_can_be_read_in_two_ways_is_not_guessed(browser, purchase, typed, told):
    assert told in preview(browser, purchase, how="part", credits=typed)
    form = filled(browser, purchase, how="part", credits=typed)
    page = browser.post(page_of(purchase), form).content.decode()
    assert page.count(told) == 1
    assert not Refund.objects.exists()


def test_that_it_is_too_many_is_said_once(browser, purchase):
    form = filled(browser, purchase, how="part", credits="1,001")
    assert browser.post(page_of(purchase), form).content.decode().count("more than is left") == 1


def test_tax_goes_back_too(browser, member):
    BillingProfile.objects.create(customer=member.customer, country="AT")
    TaxRate.objects.create(name="VAT", country="AT", percent=20)
    purchase = sold_by_the_test_provider(member.customer, credits=1000, price="100.00")
    page = preview(browser, purchase, how="part", credits="500")
    assert "$10.00" in page
    assert "$60.00" in page


def test_all_of_it_is_refunded(browser, purchase):
    response = browser.post(page_of(purchase), filled(browser, purchase), follow=True)
    assert said(response) == ["$100.00 was refunded for 1,000 credits."]
    assert available(purchase) == 0


def test_a_part_of_it_is_refunded(browser, purchase, member):
    form = filled(browser, purchase, how="part", credits="250", reason="Too many")
    browser.post(page_of(purchase), form)
    refund = Refund.objects.get()
    assert (refund.amount, refund.credits) == (25_00, 250 * CREDIT)
    assert (refund.reason, refund.made_by) == ("Too many", member.user)
    assert available(purchase) == 750


@pytest.mark.parametrize("how", [{"how": "whole"}, {"how": "part", "credits": "250"}])
def test_sent_twice_it_is_one_refund(browser, purchase, how):
    form = filled(browser, purchase, **how)
    first = browser.post(page_of(purchase), form, follow=True)
    second = browser.post(page_of(purchase), form, follow=True)
    assert said(first) == said(second)
    assert Refund.objects.count() == 1


def test_what_has_changed_since_it_was_seen_is_shown_again(browser, purchase):
    form = filled(browser, purchase)
    Book(purchase.customer_id).debit(100 * CREDIT)
    page = browser.post(page_of(purchase), form).content.decode()
    assert "has changed meanwhile" in page
    assert 'id="refund-amount">$90.00<' in page
    assert not Refund.objects.exists()


def test_who_has_not_seen_the_amount_is_shown_it_first(browser, purchase):
    """Without scripts there is no preview."""
    form = filled(browser, purchase) | {"how": "part", "credits": "250"}
    page = browser.post(page_of(purchase), form).content.decode()
    assert 'id="refund-amount">$25.00<' in page
    assert "Below is what you would get back" in page
    assert "meanwhile" not in page
    assert not Refund.objects.exists()
    browser.post(page_of(purchase), form | hidden(page))
    assert Refund.objects.get().amount == 25_00


def test_a_refund_that_the_provider_refuses_takes_nothing(browser, purchase):
    acts.dispute(purchase.provider_ref)
    response = browser.post(page_of(purchase), filled(browser, purchase), follow=True)
    assert "You have lost nothing" in said(response)[0]
    assert available(purchase) == 1000


def test_the_window_is_kept(browser, purchase, settings):
    form = filled(browser, purchase)
    settings.REFUND_DAYS = 0
    assert browser.get(page_of(purchase)).status_code == 302
    assert "time in which" in browser.post(page_of(purchase), form).content.decode()
    assert not Refund.objects.exists()
