"""What was used, as it is used."""

import re

from playwright.sync_api import expect

from tests.browser.test_main_way import SOON_MS
from tests.browser.visitor import PHONE

MAIL = "eve@usage.example"


def number(text):
    return float(text.replace(",", ""))


def signed_up(visitors, **options):
    visitor = visitors(**options)
    company, mail = ("Usage", MAIL) if not options else ("Usage too", f"two-{MAIL}")
    visitor.sign_up(company, mail)
    visitor.confirm(mail)
    return visitor


def test_a_debit_changes_the_overview_without_a_reload(site, visitors):
    eve = signed_up(visitors)
    key = eve.create_key("production")
    eve.go("/portal/")
    page = eve.page
    expect(page.locator("#total")).to_have_text("100")
    expect(page.locator("#needs")).to_be_hidden()
    page.evaluate("window.isTheSame = true")
    assert site.debit(key, "40").status == 201
    expect(page.locator("#available")).to_have_text("60", timeout=SOON_MS)
    expect(page.locator("#total")).to_have_text("60")
    assert site.debit(key, "60").status == 201
    needs = page.get_by_role("region", name="What needs you")
    expect(needs.get_by_text("There are no credits left to spend.")).to_be_visible()
    expect(page.locator("#available")).to_have_text("0")
    assert page.evaluate("window.isTheSame")
    needs.get_by_role("link", name="Buy credits").click()
    eve.sees("Buy credits")

    eve.go("/portal/")
    page.get_by_role("link", name="Usage", exact=True).last.click()
    eve.sees("Usage")
    expect(page.locator("#used")).to_have_text("100")
    expect(page.locator("#calls")).to_have_text("2")


def test_the_chart_and_its_table_agree(site, visitors):
    eve = signed_up(visitors, viewport=PHONE)
    keys = [eve.create_key(name) for name in ("app", "batch")]
    for key, amount in zip(keys, ("30", "12.5"), strict=True):
        assert site.debit(key, amount).status == 201
    eve.go("/portal/usage/")
    page = eve.page
    page.get_by_role("navigation", name="Split by").get_by_text("By key").click()
    chart = page.get_by_role("group", name="Credits a day, by key", exact=True)
    expect(chart.locator("rect title")).to_have_count(2)
    drawn = [one.text_content() for one in chart.locator("rect title").all()]
    assert all(", so far, " in one for one in drawn)
    page.get_by_text("Figures of the chart").first.click()
    figures = page.get_by_role("group", name="Figures of Credits a day, by key")
    last = figures.locator("tbody tr").last.locator("td").all_inner_texts()
    assert sorted(map(number, last)) == [12.5, 30]
    assert sorted(number(one.rpartition(": ")[2]) for one in drawn) == [12.5, 30]

    assert site.debit(keys[0], "7.5").status == 201
    expect(page.locator("#used")).to_have_text("50", timeout=20_000)
    expect(figures.locator("tbody tr").last).to_contain_text("37.5")

    by_key = page.get_by_role("region", name="By key")
    by_key.get_by_role("link", name=re.compile("^app ")).click()
    expect(page.locator("#used")).to_have_text("37.5")
    expect(page.locator("#calls")).to_have_text("2")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    lines = download.value.path().read_text().splitlines()
    assert len(lines) == 2 and lines[1].endswith(",2,37.5")
    page.get_by_role("link", name="Show all").click()
    expect(page.locator("#used")).to_have_text("50")
