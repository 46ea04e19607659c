"""What a page shows when a part of it asks and is not answered, and that it mends by itself."""

import re

from playwright.sync_api import expect

OWNER = "owner@adventure-works.example"
FIGURES, PREVIEW = "**/portal/figures/*", "**/refund/preview/*"


def said(page):
    return page.locator("#connection")


def test_figures_that_cannot_be_asked_for(visitors):
    owner = visitors(OWNER)
    page, asked = owner.page, []
    owner.go("/portal/")
    expect(said(page)).to_be_empty()

    page.route(FIGURES, lambda route: (asked.append(1), route.abort("connectionrefused")))
    as_of = re.compile(r"^No connection: figures are as of \d\d:\d\d UTC\. Trying again\.$")
    expect(said(page)).to_have_text(as_of)
    expect(page.get_by_text("Available").first).to_be_visible()
    page.wait_for_timeout(4_000)
    assert len(asked) <= 4  # seldomer, the longer it lasts

    page.unroute(FIGURES)
    page.route(FIGURES, lambda route: route.fulfill(status=502))
    expect(said(page)).to_contain_text("The server has a fault", timeout=10_000)
    page.unroute(FIGURES)
    expect(said(page)).to_be_empty(timeout=20_000)
    owner.forgive("connection|502|htmx|figures")


def test_who_may_not_any_more_gets_the_page_that_says_so(visitors):
    owner = visitors(OWNER)
    page = owner.page
    owner.go("/portal/")
    page.route(FIGURES, lambda route: route.fulfill(status=403))
    with page.expect_navigation(timeout=10_000):
        pass
    expect(said(page)).to_contain_text("not yours to see any more")
    owner.forgive("403")


def test_a_form_that_is_not_answered_keeps_what_was_typed(visitors):
    owner = visitors(OWNER)
    page = owner.page
    owner.buy("Small")
    owner.pay()
    owner.sees("500 credits are yours")
    owner.go(owner.path().replace("checkout/", "refund/"))
    page.route(PREVIEW, lambda route: route.abort("connectionrefused"))
    page.get_by_text("Some of them").click()
    page.get_by_role("textbox", name="Credits").fill("100")
    expect(said(page)).to_contain_text("What you typed is still here")
    page.unroute(PREVIEW)
    page.get_by_role("textbox", name="Credits").fill("200")
    expect(page.locator("#refund-amount")).to_have_text("$10.00")
    expect(said(page)).to_be_empty()
    owner.forgive("connection|refused|htmx|preview")


def test_dialogs_and_errors_by_keyboard(visitors):
    owner = visitors(OWNER)
    page = owner.page
    owner.create_key("by keyboard")
    opener = page.get_by_role("button", name="Revoke by keyboard")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The key by keyboard is revoked.")).to_be_visible()

    page.get_by_label("Name").fill("elsewhere")
    networks = page.get_by_label("Only from these networks")
    networks.fill("nowhere")
    networks.press("Tab")
    page.get_by_role("button", name="Create key").press("Enter")
    expect(networks).to_be_focused()
