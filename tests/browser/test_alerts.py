"""The page of alerts, as a company uses it."""

import pytest
from playwright.sync_api import expect

OWNER = "ann@alerts.example"
RELAY = "from billing.relay import relay; relay()"


@pytest.fixture
def owner(site, visitors):
    """Of a company with 500 credits that it has bought, and a key."""
    ann = visitors()
    ann.sign_up("Alerted", OWNER)
    ann.confirm(OWNER)
    return ann


def row(page, words):
    return page.get_by_role("row").filter(has_text=words)


def test_from_a_threshold_to_what_was_told(site, owner):
    page = owner.page
    owner.buy("Small")
    owner.pay()
    owner.sees("500 credits are yours")
    key = owner.create_key("calls")
    page.get_by_role("link", name="Alerts").click()
    owner.sees("Alerts")
    expect(row(page, "50 % of the last purchase")).to_contain_text("250 credits")

    page.get_by_role("region", name="Another threshold").get_by_label("How many").fill("2.500")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("can be read in two ways")).to_be_visible()
    page.get_by_role("region", name="Another threshold").get_by_label("How many").fill("560")
    page.get_by_role("button", name="Add").click()
    expect(row(page, "560 credits are left")).to_contain_text("Watched")
    for words in ("80 %", "100 %"):
        row(page, words).get_by_role("button", name="Remove").click()
        expect(row(page, words)).to_have_count(0)

    assert site.debit(key, "45").status == 201
    site.installation.manage("shell", "--verbosity=0", "--command", RELAY)
    owner.go("/portal/")
    expect(page.get_by_text("The balance is low")).to_be_visible()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Alerts").click()
    expect(row(page, "560 credits are left")).to_contain_text("Reached")
    expect(page.get_by_role("listitem").filter(has_text="555 credits were left")).to_be_visible()
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text(f"A test is on its way to {OWNER}")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="a test of the alerts")).to_be_visible()


def test_it_works_without_scripts(site, visitors):
    plain = visitors(java_script_enabled=False)
    plain.go("/accounts/login/")
    plain.page.get_by_label("E-mail").fill("owner@adventure-works.example")
    plain.page.get_by_label("Password").fill(site.password_of("owner@adventure-works.example"))
    plain.page.get_by_role("button", name="Sign in").click()
    plain.go("/portal/alerts/")
    half = row(plain.page, "50 % of the last purchase")
    half.get_by_text("Change").click()
    half.get_by_label("How many").fill("40")
    half.get_by_role("button", name="Save").click()
    expect(row(plain.page, "40 % of the last purchase")).to_be_visible()
