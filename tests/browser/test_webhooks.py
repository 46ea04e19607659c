"""A developer's way: an endpoint, its secret, a test event, and what came of it."""

import pytest
from playwright.sync_api import expect
from standardwebhooks import Webhook

from tests.billing.webhooks_out.receiver import answering, receiving
from tests.browser.test_every_page import assert_good

OWNER = "owner@adventure-works.example"
DELIVER = "from billing.webhooks_out import deliver_due; deliver_due()"


@pytest.fixture
def receiver():
    with receiving() as receiver:
        yield receiver


def test_from_an_address_to_a_delivery_and_once_more(site, visitors, receiver):
    owner = visitors(OWNER)
    page = owner.page
    receiver.behave["/hook"] = answering(500, b"not today")
    owner.go("/portal/webhooks/")
    page.get_by_role("textbox", name="Address").fill(f"{receiver.url}/hook")
    page.get_by_label("Description").fill("Billing")
    page.get_by_label("purchase.paid").check()
    page.get_by_role("button", name="Add endpoint").click()
    secret = page.locator("#new-secret").inner_text()
    page.get_by_role("link", name="Go to the endpoint").click()
    owner.sees("Billing")
    endpoint = owner.path()
    page.get_by_role("button", name="Send a test event").click()
    owner.sees("webhook.test")
    site.installation.manage("shell", "--verbosity=0", "--command", DELIVER)
    expect(page.get_by_text("It was answered with 500").first).to_be_visible()
    Webhook(secret).verify(receiver.got[0].body, receiver.got[0].headers)
    page.get_by_text("Answer", exact=True).first.click()
    expect(page.get_by_text("not today").first).to_be_visible()
    delivery = owner.path()
    for path in (delivery, endpoint, f"{endpoint}edit/", f"{endpoint}resend/"):
        assert_good(owner, path)
    receiver.behave.clear()
    site.installation.alter("update billing_webhookdelivery set due_at = now()")
    site.installation.alter("update billing_webhookendpoint set rests_until = now()")
    owner.go(delivery)
    site.installation.manage("shell", "--verbosity=0", "--command", DELIVER)
    expect(page.get_by_text("Delivered", exact=True)).to_be_visible()
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("It is sent again.")).to_be_visible()
    owner.go(endpoint)
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No endpoints yet")).to_be_visible()
