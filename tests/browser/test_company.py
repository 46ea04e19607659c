"""What a company sets: who belongs to it, its keys, its limits, and who is told."""

from playwright.sync_api import expect

OWNER = "ida@company.example"


def test_members_keys_limits_and_notifications(visitors):
    owner = visitors()
    page = owner.page
    owner.sign_up("Set up", OWNER)
    owner.confirm(OWNER)

    owner.go("/portal/members/")
    expect(page.get_by_role("row").filter(has_text="Invite and remove")).to_contain_text("Yes")
    page.get_by_label("E-mail").fill("new@company.example")
    page.get_by_role("main").get_by_label("Role", exact=True).select_option("viewer")
    page.get_by_role("button", name="Send invitation").click()
    invited = page.get_by_role("row").filter(has_text="new@company.example")
    invited.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("is on its way to new@company.example")).to_be_visible()
    invited.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(invited).to_have_count(0)
    page.get_by_role("button", name="Leave").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave").click()
    expect(page.get_by_text("A company needs an owner")).to_be_visible()

    owner.create_key("web")
    owner.go("/portal/limits/")
    page.get_by_label("For", exact=True).select_option(label="Key web")
    page.get_by_label("Tell me from").fill("40")
    page.get_by_role("button", name="Save").click()
    told = page.get_by_role("row").filter(has_text="Key web").first
    expect(told).to_contain_text("0 of 40 used")
    page.get_by_role("link", name="Alerts").first.click()
    expect(page.get_by_role("row").filter(has_text="Key web")).to_contain_text("Told from 40")

    owner.go("/portal/keys/")
    row = page.get_by_role("row").filter(has_text="web")
    expect(row).to_contain_text("Told from 40 a day")
    row.get_by_role("link", name="Rotate").click()
    page.get_by_role("button", name="Rotate").click()
    expect(page.get_by_text("works on until")).to_be_visible()
    owner.go("/portal/keys/")
    expect(page.get_by_text("an old secret, from before a rotation")).to_be_visible()

    owner.go("/portal/alerts/mails/")
    expect(page.get_by_role("row").filter(has_text="A spend cap warns")).to_contain_text(OWNER)
    page.get_by_role("link", name="Events", exact=True).click()
    owner.sees("Events")
    expect(page.get_by_role("row").filter(has_text="key.created").first).to_be_visible()
