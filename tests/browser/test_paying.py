"""What may happen between the packs and the credits."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_main_way import AT_ONCE_MS, SOON_MS

OWNER = "owner@adventure-works.example"


@pytest.fixture
def owner(visitors):
    return visitors(OWNER)


def test_a_declined_card_is_told_and_the_next_one_pays(owner):
    owner.buy("Small")
    owner.page.get_by_role("button", name="Have the card declined").click()
    expect(owner.page.get_by_role("alert")).to_contain_text("declined")
    owner.page.get_by_role("link", name="Back without paying").click()
    owner.sees("The payment did not go through")
    owner.page.get_by_role("button", name="Try again").click()
    owner.pay()
    owner.sees("500 credits are yours")
    assert owner.new_purchases() == ["Paid"]


def test_who_leaves_without_paying_may_come_back(owner):
    owner.buy("Small")
    owner.page.get_by_role("link", name="Back without paying").click()
    owner.sees("Not paid")
    assert owner.new_purchases() == ["Not paid"]
    owner.page.get_by_role("link", name="Small").first.click()
    owner.page.get_by_role("button", name="Pay now").click()
    owner.pay()
    owner.sees("500 credits are yours")


def test_what_expires_can_be_bought_again_and_is_taken_when_it_is_paid_late(owner):
    owner.buy("Small")
    owner.page.get_by_role("button", name="Let the page expire").click()
    late = owner.page.url
    owner.page.get_by_role("link", name="Back without paying").click()
    owner.sees("This checkout has expired")
    other = owner.tab()
    other.goto(late)
    other.get_by_role("button", name="Pay late").click()
    owner.sees("500 credits are yours", other)
    owner.sees("500 credits are yours", within_ms=AT_ONCE_MS)


def test_a_double_click_buys_once(owner):
    owner.go("/portal/buy/")
    owner.page.get_by_role("button", name="Buy Small for").dblclick()
    owner.page.get_by_role("button", name="Pay $").dblclick()
    owner.sees("500 credits are yours")
    assert owner.new_purchases() == ["Paid"]


def test_a_double_click_without_scripts_buys_once(visitors):
    owner = visitors(OWNER, java_script_enabled=False)
    owner.go("/portal/buy/")
    owner.page.get_by_role("button", name="Buy Small for").dblclick()
    owner.page.get_by_role("button", name="Pay $").dblclick()
    owner.sees("500 credits are yours")
    assert owner.new_purchases() == ["Paid"]


def test_two_tabs_are_two_purchases_and_each_shows_its_own(owner):
    other = owner.tab()
    owner.buy("Small")
    owner.buy("Large", other)
    owner.pay(other)
    owner.sees("5,250 credits are yours", other)
    owner.pay()
    owner.sees("500 credits are yours")
    assert owner.new_purchases() == ["Paid", "Paid"]


def test_one_checkout_in_two_tabs_is_paid_once(owner):
    owner.buy("Small")
    other = owner.tab()
    other.goto(owner.page.url)
    owner.pay(other)
    owner.sees("500 credits are yours", other)
    owner.pay()
    owner.sees("500 credits are yours")
    assert owner.new_purchases() == ["Paid"]


def test_a_page_that_waits_changes_by_itself(owner):
    owner.buy("Small")
    paying, waiting = owner.page.url, owner.tab()
    owner.go("/portal/purchases/")
    owner.page.get_by_role("link", name="Small").first.click()
    waiting.goto(owner.page.url + "checkout/")
    owner.sees("Waiting for the payment", waiting)
    owner.page.goto(paying)
    owner.pay()
    owner.sees("500 credits are yours")
    owner.sees("500 credits are yours", waiting, within_ms=AT_ONCE_MS)
    expect(waiting).to_have_title("500 credits are yours - Drawdown")


def test_the_back_button_leads_to_the_packs_and_nothing_is_bought_by_it(owner):
    owner.buy("Small")
    owner.page.go_back()
    owner.sees("Buy credits")
    owner.choose("Large")
    owner.pay()
    owner.sees("5,250 credits are yours")
    owner.page.go_back()
    owner.page.go_back()
    owner.sees("Buy credits")
    assert owner.new_purchases() == ["Paid", "Waiting for payment"]


def test_a_dispute_freezes_what_the_overview_shows(owner):
    owner.buy("Small")
    paid = owner.page.url
    owner.pay()
    owner.sees("500 credits are yours")
    overview = owner.tab()
    overview.goto(owner.page.url.split("/portal/")[0] + "/portal/")
    expect(overview.locator("#frozen")).to_have_text("0")
    owner.page.goto(paid)
    owner.page.get_by_role("button", name="Dispute the payment").click()
    expect(owner.page.get_by_role("button", name="Decide for the seller")).to_be_visible()
    expect(overview.locator("#frozen")).to_have_text("500", timeout=SOON_MS)
    owner.page.get_by_role("button", name="Decide for the seller").click()
    expect(overview.locator("#frozen")).to_have_text("0")
    assert owner.new_purchases() == ["Paid"]
