"""A key with limits, its rotation, and a walk through the sandbox, in a browser."""

from playwright.sync_api import expect

from tests.browser.test_every_page import assert_good
from tests.browser.test_main_way import OWNER


def test_limits_and_the_sandbox(visitors):
    owner = visitors(OWNER)
    page = owner.page
    owner.go("/portal/keys/")
    page.get_by_label("Name").fill("limited")
    page.get_by_label("Only from these networks").fill("203.0.113.0/24\n2001:db8::/32")
    page.get_by_role("button", name="Create key").click()
    expect(page.locator("body")).to_contain_text("Your new key")
    assert_good(owner, "/portal/keys/")
    owner.go("/portal/keys/")
    page.get_by_role("link", name="Rotate limited").click()
    assert_good(owner, owner.path())
    page.get_by_role("button", name="Rotate").click()
    expect(page.locator("body")).to_contain_text("The old secret,")
    expect(page.locator("body")).to_contain_text("works on until")
    owner.go("/portal/sandbox/")
    page.get_by_role("button", name="Enter the sandbox").click()
    page.get_by_label("Test credits").fill("1,234")
    page.get_by_role("button", name="Refill").click()
    expect(page.locator("body")).to_contain_text("The sandbox is refilled.")
    page.get_by_label("Hours").fill("24")
    page.get_by_role("button", name="Move the clock").click()
    expect(page.locator("body")).to_contain_text("In the sandbox it is")
    for path in ("/portal/", "/portal/sandbox/", "/portal/keys/", "/portal/webhooks/"):
        assert_good(owner, path)
    page.get_by_role("button", name="Leave the sandbox").click()
    expect(page.get_by_role("button", name="Leave the sandbox")).to_have_count(0)
    assert_good(owner, "/portal/keys/")
