"""From a request id in somebody's log to what the call cost and why."""

import json
import re

from playwright.sync_api import expect

from accounts.ids import uuid7
from tests.browser.test_every_page import assert_good
from tests.system.http import Api

OWNER = "owner@adventure-works.example"


def called(site, **fields):
    """A call of the company's: held and committed. The ids of its two requests, and its own."""
    key = next(one for one in site.demo["customers"] if one["email"] == OWNER)["api_key"]
    with Api(site.url, site.demo["service_key"]) as api:
        held = api.post("/reservations", {"api_key": key, "endpoint": "summarize"}, **fields)
        assert held.status == 201, held
        done = api.post(f"/reservations/{held.json()['id']}/commit", {"outcome": "success"})
        return held.headers["X-Request-Id"], done.headers["X-Request-Id"], held.json()


def test_one_call_is_found_by_its_request_and_its_price_read(site, visitors):
    asked, ended, hold = called(site)
    owner = visitors(OWNER)
    page = owner.page
    owner.go("/portal/")
    page.get_by_role("link", name="Calls").click()
    owner.sees("Calls")
    for name in (asked, ended, hold["id"]):
        page.get_by_label("Find one call").fill(name)
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_text("Found by its name")).to_be_visible()
        expect(page.locator("tbody tr[id]")).to_have_count(1)
    page.locator("tbody tr[id]").get_by_role("link").click()
    expect(page.get_by_role("region", name="How it came to")).to_contain_text("The call")
    expect(page.locator("#cost")).to_have_text(hold["amount"])
    expect(page.get_by_role("region", name="Details")).to_contain_text(ended)
    told = json.loads(page.locator("#json").inner_text())
    assert (told["id"], told["status"]) == (hold["id"], "committed")
    assert_good(owner, owner.path())


def test_what_is_nowhere_is_searched_for_to_the_first_call(site, visitors):
    called(site)
    owner = visitors(OWNER)
    owner.go("/portal/calls/?q=nowhere")
    expect(owner.page.get_by_text("Searched back to the first call")).to_be_visible()


def test_new_calls_appear_and_open_ones_end(site, visitors):
    owner = visitors(OWNER)
    called(site)
    owner.go("/portal/calls/")
    rows = owner.page.locator("tbody tr[id]")
    before = rows.count()
    key = next(one for one in site.demo["customers"] if one["email"] == OWNER)["api_key"]
    with Api(site.url, site.demo["service_key"]) as api:
        held = api.post("/reservations", {"api_key": key, "endpoint": "summarize"}).json()
        expect(rows).to_have_count(before + 1)
        expect(rows.first).to_contain_text("Held")
        api.post(f"/reservations/{held['id']}/release", {})
        expect(rows.first).to_contain_text("Released")
    expect(rows).to_have_count(before + 1)


def test_it_works_without_scripts(site, visitors):
    name = f"made-{uuid7()}"
    called(site, X_Request_Id=name)
    plain = visitors(java_script_enabled=False)
    plain.go("/accounts/login/")
    plain.page.get_by_label("E-mail").fill(OWNER)
    plain.page.get_by_label("Password").fill(site.password_of(OWNER))
    plain.page.get_by_role("button", name="Sign in").click()
    plain.go("/portal/calls/")
    plain.page.get_by_label("Find one call").fill(name)
    plain.page.get_by_role("button", name="Search").click()
    expect(plain.page.locator("tbody tr[id]")).to_have_count(1)
    plain.page.locator("tbody tr[id]").get_by_role("link").click()
    expect(plain.page.get_by_text(re.compile("How it came to"))).to_be_visible()
