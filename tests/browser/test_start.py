"""From no key to a call that appears by itself; and what a plan of calls costs."""

import re
import subprocess
import sys

from playwright.sync_api import expect

from tests.browser.test_every_page import assert_good
from tests.system.http import Api

OWNER = "owner@adventure-works.example"
SOON_MS = 3_000


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def test_by_keyboard_a_key_and_the_first_call(visitors, tmp_path):
    """The lines that are copied are a program, and what it calls appears without reload."""
    owner = visitors(OWNER)
    page = owner.page
    owner.go("/portal/start/?language=python")
    page.get_by_label("Name of the key").focus()
    press(page, "Control+a")
    page.keyboard.type("by keyboard")
    press(page, "Enter")
    secret = page.locator("#new-key").inner_text()
    arrivals = page.locator("#first-calls")
    expect(arrivals).to_contain_text("Waiting for your first call")
    page.get_by_role("radio", name="curl").focus()
    press(page, "ArrowRight")
    program = page.locator("#snippet-python")
    expect(program).to_be_visible()
    expect(page.locator("#snippet-curl")).to_be_hidden()
    file = tmp_path / "first_call.py"
    file.write_text(program.inner_text())
    assert secret in file.read_text() and "/v1/generate" in file.read_text()
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    expect(arrivals.locator("tbody tr").first).to_contain_text("Generate", timeout=SOON_MS)
    expect(arrivals.locator("tbody tr").first).to_contain_text(secret[:12])
    expect(arrivals).to_contain_text("It works", timeout=4 * SOON_MS)
    expect(page.locator("#new-key")).to_have_text(secret)
    assert_good(owner, "/portal/start/")


def test_the_calculator_says_what_the_api_says(site, visitors):
    owner = visitors(OWNER)
    page = owner.page
    owner.go("/portal/prices/")
    page.get_by_label("Calls of Classify").press_sequentially("1,200")
    page.get_by_label("Calls of Generate").press_sequentially("40")
    page.get_by_label("Tokens a call of Generate").press_sequentially("1500")
    calls = [{"endpoint": "generate", "quantity": {"tokens": 1500}}] * 40
    with Api(site.url, site.demo["service_key"]) as api:
        said = api.post("/estimate", {"calls": calls}).json()["amount"]
    total = page.locator("#estimate-total")
    expect(total).to_have_text(f"{1200 + int(said):,}", timeout=SOON_MS)
    expect(page).to_have_url(re.compile(r"each-\d+-tokens=1500"))
    page.reload()
    expect(total).to_have_text(f"{1200 + int(said):,}")
    page.get_by_label("Calls of Classify").fill("1.200")
    expect(page.get_by_text("1.200 can be read in two ways")).to_be_visible(timeout=SOON_MS)
    expect(total).to_have_count(0)
    page.get_by_label("Calls of Classify").fill("")
    expect(total).to_have_text(f"{int(said):,}", timeout=SOON_MS)
    expect(page.get_by_text("can be read in two ways")).to_have_count(0)


def test_without_a_script_both_work(visitors):
    owner = visitors(OWNER, java_script_enabled=False)
    page = owner.page
    owner.go("/portal/prices/")
    page.get_by_label("Calls of Classify").fill("12")
    page.get_by_role("button", name="Calculate").click()
    expect(page.locator("#estimate-total")).to_have_text("12")
    owner.go("/portal/start/")
    page.locator("label").filter(has_text="JavaScript").click()
    expect(page.locator("#snippet-javascript")).to_be_visible()
    page.get_by_label("Name of the key").fill("no script")
    page.get_by_role("button", name="Create key").click()
    expect(page.locator("#new-key")).to_contain_text("ddk_")
