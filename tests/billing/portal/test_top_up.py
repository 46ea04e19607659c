"""Automatic top-up, as its page shows it."""

import html
import re

import pytest
from django.db.models.functions import Now

from accounts.models import Role
from billing.models import BillingProfile, PaymentMethod, TaxRate, TopUpSettings
from billing.relay import relay
from billing.top_up import running
from ledger import selectors
from ledger.amounts import CREDIT
from tests.accounts.people import browser_of
from tests.billing.top_up.owner import save_card
from tests.factories.accounts import ApiKeyFactory, MemberFactory
from tests.factories.billing import new_pack
from tests.factories.ledger import Book

PAGE = "/portal/top-up/"


@pytest.fixture
def pack(db):
    return new_pack(name="Thousand", price="10.00")


@pytest.fixture
def card(member, pack):
    return save_card(member.customer, pack)


@pytest.fixture
def form(card, pack):
    return {
        "threshold": "1,000",
        "target": "5,000",
        "pack": f"{pack.code} USD",
        "cap": "500",
        "card": card.id,
    }


SUMMARY = (
    "When you fall to 1,000 credits, we charge Test 4242 for as many packs of Thousand ($10.00"
    " each) as bring you back to 5,000: $40.00, or more if you have fallen further; at most $500.00"
    " a month."
)
SUSPENDED = "If a charge fails and no credits are left, your keys are suspended until it is paid."
# The pack that saved the card is all there is: one falls to 1,000, and has them.
NOW = " You have fallen to that already: $40.00 is charged at once."


def agree(browser, form):
    return browser.post(PAGE, form | {"seen": SUMMARY + NOW, "agreed": "on"}, follow=True)


def hidden(page):
    """The fields of the form that offers another card."""
    form = page.split('id="other-card"')[1].split("</form>")[0]
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in found}


@pytest.fixture
def declined(browser, form, member, pack):
    """With a card of these last digits, charged in vain."""

    def declined(last4, **changes):
        card = save_card(member.customer, pack, last4)
        Book(member.customer_id).debit(selectors.balance(member.customer_id).available)
        seen = f"{SUMMARY}{' ' + SUSPENDED if 'suspend_keys' in changes else ''}{NOW}"
        seen = seen.replace("4242", last4).replace(": $40.00 is", ": $50.00 is")
        browser.post(PAGE, form | {"card": card.id, "agreed": "on", "seen": seen} | changes)
        relay()
        running.run()
        return member.customer.top_ups.get(state="failed").purchase

    return declined


def test_without_a_card_it_says_how_to_save_one(browser, pack):
    page = browser.get(PAGE).content.decode()
    assert "Keep my card for later" in page
    assert "<form" not in page.split('id="terms"')[1].split("</section>")[0]


def test_first_it_says_what_that_means(browser, form):
    page = browser.post(PAGE, form).content.decode()
    assert SUMMARY in page and 'name="agreed"' in page
    assert not TopUpSettings.objects.exists()


def test_what_is_charged_at_once_is_said_and_is_what_is_charged(browser, form, member):
    Book(member.customer_id).debit(500 * CREDIT)
    page = browser.post(PAGE, form).content.decode()
    told = SUMMARY + NOW.replace("$40.00", "$50.00")
    assert told in page
    browser.post(PAGE, form | {"seen": told, "agreed": "on"})
    relay()
    running.run()
    assert member.customer.top_ups.get().amount == 50_00


def test_where_more_is_left_nothing_is_said_to_be_charged_at_once(browser, form, member):
    Book(member.customer_id).grant(1)
    page = browser.post(PAGE, form).content.decode()
    assert SUMMARY in page and "at once" not in page


def test_nor_where_the_month_allows_nothing(browser, form, member):
    agree(browser, form)
    relay()
    running.run()
    Book(member.customer_id).debit(4500 * CREDIT)
    page = browser.post(PAGE, form | {"cap": "40"}).content.decode()
    assert "this month allows no other charge" in page


def test_suspended_keys_are_agreed_to_where_they_are_chosen(browser, form):
    page = browser.post(PAGE, form | {"suspend_keys": "on"}).content.decode()
    assert "your keys are suspended until it is paid" in page
    assert "keys are suspended until" not in browser.post(PAGE, form).content.decode()


def test_then_it_is_agreed_to(browser, form, member, card):
    page = agree(browser, form).content.decode()
    assert "Automatic top-up is on." in page and SUMMARY in page
    settings = TopUpSettings.objects.get(customer=member.customer)
    assert (settings.enabled, settings.agreed_by, settings.card) == (True, member.user, card)
    assert (settings.threshold, settings.target) == (1000 * CREDIT, 5000 * CREDIT)
    assert (settings.cap, settings.price, settings.suspend_keys) == (500_00, 10_00, False)


@pytest.mark.parametrize(
    "lacks", [{"agreed": ""}, {"seen": ""}, {"cap": "600"}, {"threshold": "1,001"}]
)
def test_what_was_not_seen_or_not_agreed_to_is_not_done(browser, form, lacks):
    browser.post(PAGE, form | {"seen": SUMMARY + NOW, "agreed": "on"} | lacks)
    assert not TopUpSettings.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"threshold": "many"}, "Write how many credits"),
        ({"target": "900"}, "Go back to more credits than you fall to."),
        ({"cap": "30"}, "One charge would be above the limit"),
        ({"cap": "0.001"}, "0.001"),
        ({"cap": "-5"}, "Write an amount above zero."),
        ({"pack": "other USD"}, "Select a valid choice"),
        ({"card": "0"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_told_beside_the_field(browser, form, wrong, told):
    page = browser.post(PAGE, form | wrong).content.decode()
    assert told in page and 'aria-invalid="true"' in page
    assert 'value="5,000"' in page or "target" in wrong


def test_where_tax_is_due_has_to_be_said_first(browser, form):
    TaxRate.objects.create(name="VAT", country="AT", percent=20)
    assert "Fill them in first" in browser.post(PAGE, form).content.decode()


def test_tax_is_in_what_is_agreed_to(browser, form, member):
    TaxRate.objects.create(name="VAT", country="AT", percent=20)
    BillingProfile.objects.create(customer=member.customer, country="AT")
    page = browser.post(PAGE, form).content.decode()
    assert "($12.00 each, tax included)" in page and "$48.00 is charged at once" in page


def test_a_top_up_is_in_its_history_and_the_month(browser, form, member):
    agree(browser, form)
    relay()
    running.run()
    page = browser.get(PAGE).content.decode()
    for told in ("4 × Thousand", "Paid", "$40.00", "of $500.00 at most", 'value="8"'):
        assert told in page, told
    purchase = member.customer.purchases.get(quantity=4)
    page = browser.get(f"/portal/purchases/{purchase.id}/").content.decode()
    assert "4 × Thousand" in page and "By automatic top-up." in page


def test_a_decline_is_told_with_what_mends_it(browser, declined):
    declined("9995")
    page = browser.get(PAGE).content.decode()
    for told in (
        "The last charge was declined: ",
        "It is tried again after",
        ">Failing<",
        "insufficient funds",
        "Use Test 4242 from now on",
    ):
        assert told in page, told


@pytest.mark.parametrize("last4", ["9979", "9995"])
def test_another_card_is_used_from_now_on_in_a_step(browser, declined, member, last4):
    declined(last4)
    page = browser.get(PAGE).content.decode()
    assert f"Test {last4} cannot be charged" in page
    assert ("(declined)" in page) is (last4 == "9979")
    page = browser.post(PAGE, hidden(page), follow=True).content.decode()
    assert "Automatic top-up is on." in page and "other-card" not in page
    assert member.customer.top_up_settings.card.last4 == "4242"
    running.run()
    assert member.customer.top_ups.filter(state="succeeded").exists()


def test_without_another_card_it_is_said_how_one_is_saved(browser, declined, card, member, pack):
    PaymentMethod.objects.filter(id=card.id).delete()
    declined("9979")
    page = browser.get(PAGE).content.decode()
    assert "Buy with another card and keep it" in page and "Choose another card" not in page
    assert "asked whether it is charged from now on" in browser.get("/portal/buy/").content.decode()
    save_card(member.customer, pack, "4242")
    bought = member.customer.purchases.filter(state="paid").latest("created_at")
    page = browser.get(f"/portal/purchases/{bought.id}/checkout/").content.decode()
    assert "Use Test 4242 from now on" in page
    browser.post(PAGE, hidden(page))
    assert member.customer.top_up_settings.card.last4 == "4242"
    assert "asked whether" not in browser.get("/portal/buy/").content.decode()


def test_a_decline_is_in_the_line_of_the_overview(browser, declined):
    declined("9995")
    page = browser.get("/portal/").content.decode()
    assert "Failing. The last charge was declined: " in page and "It is tried again after" in page
    assert "Automatic top-up is failing." in page and ">On. " not in page


def test_a_purchase_that_is_charged_by_itself_cannot_be_paid_by_hand_too(browser, declined):
    purchase = declined("9995")
    page = f"/portal/purchases/{purchase.id}/"
    assert "Try again" not in browser.get(page).content.decode()
    assert browser.post(f"{page}checkout/").url == f"{page}checkout/"
    purchase.refresh_from_db()
    assert purchase.checkout_url == ""


def test_a_card_that_was_removed_is_told(browser, form, card):
    agree(browser, form)
    PaymentMethod.objects.filter(id=card.id).update(removed_at=Now())
    for page in (PAGE, "/portal/"):
        told = browser.get(page).content.decode()
        assert "Paused" in told and "The card is not saved any more." in told


def test_a_price_that_is_not_agreed_to_is_told(browser, form, pack):
    agree(browser, form)
    pack.prices.update(price=11)
    for page in (PAGE, "/portal/"):
        told = browser.get(page).content.decode()
        assert "Paused" in told and "The pack costs more" in told


def test_it_can_be_turned_off(browser, form, member):
    agree(browser, form)
    page = browser.post(f"{PAGE}off/", follow=True).content.decode()
    assert "Automatic top-up is off." in page
    assert not TopUpSettings.objects.get(customer=member.customer).enabled
    relay()
    running.run()
    assert not member.customer.top_ups.exists()


def test_changed_it_begins_with_what_holds(browser, form):
    agree(browser, form)
    page = browser.get(PAGE).content.decode()
    for value in ("1,000", "5,000", "500.00"):
        assert f'value="{value}"' in page


def test_suspended_keys_are_told(browser, declined):
    declined("9979", suspend_keys="on")
    for page in (PAGE, "/portal/"):
        assert "Your keys are suspended" in browser.get(page).content.decode()


def test_suspended_keys_have_that_state(browser, declined, member):
    ApiKeyFactory(customer=member.customer)
    assert ">Active<" in browser.get("/portal/keys/").content.decode()
    declined("9979", suspend_keys="on")
    page = browser.get("/portal/keys/").content.decode()
    assert ">Suspended<" in page and ">Active<" not in page


def test_the_overview_has_a_line_of_it(browser, form):
    assert ">Off: when credits run out" in browser.get("/portal/").content.decode()
    agree(browser, form)
    assert ">On. When you fall to 1,000" in browser.get("/portal/").content.decode()


def test_a_viewer_sees_the_line_and_no_way_there(member):
    viewer = browser_of(MemberFactory(customer=member.customer, role=Role.VIEWER))
    page = viewer.get("/portal/").content.decode()
    assert ">Off: when credits run out" in page and PAGE not in page
