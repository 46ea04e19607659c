"""From nobody to a customer that buys, spends, runs out and is refunded."""

from playwright.sync_api import expect

MAIL = "ann@acme.example"
OWNER = "owner@adventure-works.example"
# What "at once" means on a page. The overview asks every second, and is then answered.
AT_ONCE_MS, SOON_MS = 1_000, 2_000


def test_from_signing_up_to_a_refund(site, visitors):
    ann = visitors()
    ann.sign_up("Acme", MAIL)
    ann.confirm(MAIL)
    available = ann.page.locator("#available")
    expect(available).to_have_text("100")

    ann.page.get_by_role("link", name="Choose Small").click()
    ann.choose("Small")
    ann.sees("Small")
    ann.pay()
    ann.sees("500 credits are yours", within_ms=AT_ONCE_MS)
    expect(available).to_have_text("600")

    key = ann.create_key("production")
    ann.go("/portal/")
    assert site.debit(key, "60").status == 201
    expect(available).to_have_text("540", timeout=SOON_MS)
    assert site.debit(key, "540").status == 201
    expect(available).to_have_text("0", timeout=SOON_MS)
    expect(ann.page.get_by_text("There are no credits left to spend.")).to_be_visible()

    refusal = site.debit(key, "1")
    assert refusal.problem == (402, "insufficient-credits")
    ann.page.goto(refusal.json()["top_up_url"])
    ann.sees("Buy credits")

    ann.choose("Large")
    ann.pay()
    ann.sees("5,250 credits are yours")
    assert site.debit(key, "1050").status == 201

    ann.page.get_by_role("link", name="Large").click()
    ann.page.get_by_role("link", name="Give unused credits back").click()
    ann.sees("Give credits back")
    amount = ann.page.locator("#refund-amount")
    expect(amount).to_have_text("$160.00")
    ann.page.get_by_label("Some of them").check()
    ann.page.get_by_label("Credits", exact=True).press_sequentially("2,100")
    expect(amount).to_have_text("$80.00")
    ann.page.get_by_role("button", name="Give back").click()
    expect(ann.page.get_by_role("status")).to_contain_text("$80.00 was refunded for 2,100 credits.")
    expect(ann.page.get_by_role("link", name="Credit note C-")).to_be_visible()

    assert ann.new_purchases() == ["Partly refunded", "Paid"]
    ann.go("/portal/")
    expect(available).to_have_text("2,100")


def test_the_receipt_is_a_file(visitors):
    owner = visitors(OWNER)
    owner.buy("Small")
    owner.pay()
    with owner.page.expect_download() as download:
        owner.page.get_by_role("link", name="Receipt R-").click()
    assert download.value.suggested_filename.endswith(".pdf")
    assert download.value.path().read_bytes().startswith(b"%PDF")


def test_who_signs_in_on_the_way_arrives(site, visitors):
    owner = visitors()
    owner.go("/portal/buy/")
    owner.page.get_by_label("E-mail").fill(OWNER)
    owner.page.get_by_label("Password").fill(site.password_of(OWNER))
    owner.page.get_by_role("button", name="Sign in").click()
    owner.sees("Buy credits")
