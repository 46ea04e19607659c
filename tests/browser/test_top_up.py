"""A card is kept, automatic top-up agreed to, and a top-up comes when credits run low."""

from playwright.sync_api import expect

from tests.browser.test_every_page import assert_is_good
from tests.browser.test_main_way import SOON_MS

# As the worker's task does, which may do it as well.
ROUND = """
from billing.relay import relay
from billing.top_up import running
relay()
running.run()
"""


def agree(visitor):
    page = visitor.page
    page.get_by_label("When I fall to").fill("550")
    page.get_by_label("Bring me back to").fill("1,000")
    page.get_by_label("By buying").select_option(label="Small: 500 credits for $25.00")
    page.get_by_label("At most a month").fill("100")
    page.get_by_role("button", name="See what that means").click()


def test_from_keeping_a_card_to_a_top_up(site, visitors):
    owner, mail = visitors(), "owner@kept-card.example"
    owner.sign_up("Kept card", mail)
    owner.confirm(mail)
    owner.go("/portal/top-up/")
    assert_is_good(owner)
    owner.page.get_by_role("link", name="Buy credits and keep the card").click()
    owner.page.locator("#save-card-small").check()
    owner.choose("Small")
    owner.pay()
    owner.sees("500 credits are yours")

    key = owner.create_key("production")
    owner.go("/portal/purchases/")
    owner.page.get_by_role("link", name="Automatic top-up").click()
    assert_is_good(owner)
    agree(owner)
    summary = owner.page.get_by_text(
        "When you fall to 550 credits, we charge Test 4242 for as many packs of Small ($25.00"
        " each) as bring you back to 1,000: $25.00, or more if you have fallen further; at most"
        " $100.00 a month."
    )
    expect(summary).to_be_visible()
    assert_is_good(owner)
    owner.page.get_by_label("I agree that this card is charged so").check()
    owner.page.get_by_role("button", name="Agree and turn it on").click()
    expect(owner.page.get_by_text("Automatic top-up is on.")).to_be_visible()
    expect(summary).to_be_visible()

    overview = owner.tab()
    overview.goto(f"{site.url}/portal/")
    expect(overview.locator("#available")).to_have_text("600")
    assert site.debit(key, "60").status == 201
    site.installation.manage("shell", "--verbosity=0", "--command", ROUND)
    expect(overview.locator("#available")).to_have_text("1,040", timeout=SOON_MS)
    owner.page.reload()
    expect(owner.page.locator("tbody")).to_contain_text("Small")
    expect(owner.page.get_by_text("of $100.00 at most")).to_be_visible()
    assert_is_good(owner)

    owner.page.get_by_role("button", name="Turn off").first.click()
    owner.page.get_by_role("dialog").get_by_role("button", name="Turn off").click()
    expect(owner.page.get_by_text("Nothing more is charged by itself.").first).to_be_visible()
