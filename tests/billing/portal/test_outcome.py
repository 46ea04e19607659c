"""What a payer comes back to, and how it becomes true without reload."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from billing.facts import CheckoutEnded
from billing.models import ProviderEvent, Purchase
from billing.portal.purchases import standing
from billing.providers.sandbox import acts
from ledger import selectors
from ledger.amounts import CREDIT
from tests.accounts.people import browser_of
from tests.factories.accounts import MemberFactory
from tests.factories.billing import order, pay, say


@pytest.fixture
def purchase(member) -> Purchase:
    return order(member.customer, credits=5000, price="25.00")


def page_of(purchase):
    return reverse("checkout-outcome", args=[purchase.id])


def poll(browser: Client, purchase: Purchase, state: str):
    query = {"state": state, "of": purchase.customer_id}
    path = reverse("checkout-state", args=[purchase.id])
    return browser.get(path, query, headers={"HX-Request": "true"})


def test_what_is_paid_is_shown_at_once(browser, purchase):
    """Though no event has come yet: the page asks the provider."""
    acts.pay(purchase.provider_ref)
    page = browser.get(page_of(purchase)).content.decode()
    assert "5,000 credits are yours" in page
    assert 'id="available">5,000<' in page
    assert "Receipt R-" in page
    assert selectors.balance(purchase.customer_id).available == 5000 * CREDIT


def test_what_is_not_paid_yet_asks_until_it_is(browser, purchase):
    page = browser.get(page_of(purchase)).content.decode()
    assert "Waiting for the payment" in page
    assert 'hx-trigger="every 500ms"' in page
    assert poll(browser, purchase, "pending.1").status_code == 204
    pay(purchase)
    told = poll(browser, purchase, "pending.1").content.decode()
    assert "5,000 credits are yours" in told
    assert "every 500ms" not in told


def test_a_declined_card_can_be_tried_again(browser, purchase):
    acts.decline(purchase.provider_ref)
    say_declined(purchase)
    page = browser.get(page_of(purchase)).content.decode()
    assert "The payment did not go through" in page
    assert "Try again" in page
    assert browser.post(page_of(purchase)).url == f"/pay/test/{purchase.provider_ref}"


def refused_event(purchase):
    return ProviderEvent.objects.create(
        provider="test",
        event_id="tev_1",
        kind="checkout.paid",
        object_ref=purchase.provider_ref,
        payload={},
        state="refused",
        reason="Paid 1, not 2500 minor units.",
    )


def test_a_payment_that_does_not_fit_is_told_with_whom_to_ask(browser, purchase):
    refused_event(purchase)
    told = poll(browser, purchase, "pending.1").content.decode()
    assert "does not match this purchase" in told
    assert f"ask Northwind AI and name the purchase {purchase.name}" in told
    assert "Pay now" not in told
    assert "Buy again" not in told
    page = browser.get(reverse("purchase", args=[purchase.id])).content.decode()
    assert "Being looked into" in page


def test_what_was_put_right_afterwards_is_paid(browser, purchase):
    refused_event(purchase)
    pay(purchase)
    assert "5,000 credits are yours" in browser.get(page_of(purchase)).content.decode()


def test_who_waits_long_is_told_whom_to_ask(browser, purchase):
    Purchase.objects.update(created_at=timezone.now() - standing.LONG)
    told = poll(browser, purchase, "pending.1").content.decode()
    assert "if you have paid, ask Northwind AI" in told
    assert "Pay now" in told
    assert poll(browser, purchase, "pending.1.long").status_code == 204


def test_who_leaves_is_told_that_nothing_was_charged(browser, purchase):
    response = browser.get(page_of(purchase) + "?left", follow=True)
    assert "Not paid" in response.content.decode()
    purchase.refresh_from_db()
    assert purchase.state == "cancelled"


def test_who_left_may_pay_all_the_same(browser, purchase):
    browser.get(page_of(purchase) + "?left")
    assert browser.post(page_of(purchase)).url == f"/pay/test/{purchase.provider_ref}"
    acts.pay(purchase.provider_ref)
    assert "5,000 credits are yours" in browser.get(page_of(purchase)).content.decode()


def test_what_was_paid_stays_paid_for_who_leaves(browser, purchase):
    acts.pay(purchase.provider_ref)
    browser.get(page_of(purchase) + "?left")
    purchase.refresh_from_db()
    assert purchase.state == "paid"


def test_an_expired_checkout_leads_to_the_pack_again(browser, purchase):
    acts.abandon(purchase.provider_ref)
    page = browser.get(page_of(purchase)).content.decode()
    assert "This checkout has expired" in page
    assert f"/portal/buy/?pack={purchase.pack_code}" in page
    assert browser.post(page_of(purchase)).url == page_of(purchase)


def test_what_is_paid_late_is_paid(browser, purchase):
    acts.abandon(purchase.provider_ref)
    browser.get(page_of(purchase))
    acts.pay(purchase.provider_ref)
    assert "5,000 credits are yours" in browser.get(page_of(purchase)).content.decode()


def test_what_is_paid_is_not_paid_again(browser, purchase):
    pay(purchase)
    assert browser.post(page_of(purchase)).url == page_of(purchase)


def test_a_page_whose_time_is_over_no_longer_leads_to_the_provider(browser, purchase):
    Purchase.objects.update(expires_at=timezone.now())
    assert "Pay now" not in browser.get(page_of(purchase)).content.decode()


def test_who_has_signed_out_meanwhile_gets_a_new_page(client, purchase):
    assert poll(client, purchase, "pending.1")["HX-Refresh"] == "true"


def test_who_has_switched_to_another_company_meanwhile_gets_a_new_page(member, purchase):
    other = MemberFactory(user=member.user)
    browser = browser_of(member)
    browser.post(reverse("switch-company"), {"customer": other.customer_id})
    assert poll(browser, purchase, "pending.1")["HX-Refresh"] == "true"


def test_who_pays_and_has_switched_meanwhile_comes_back_to_what_was_paid(member, purchase):
    other = MemberFactory(user=member.user, role=Role.VIEWER)
    browser = browser_of(member)
    browser.post(reverse("switch-company"), {"customer": other.customer_id})
    assert browser.get(reverse("buy")).status_code == 403
    acts.pay(purchase.provider_ref)
    assert "5,000 credits are yours" in browser.get(page_of(purchase)).content.decode()
    assert browser.get(reverse("buy")).status_code == 200


def test_a_provider_that_is_no_longer_ours_is_not_asked(browser, purchase, settings):
    settings.PAYMENT_PROVIDERS = []
    assert browser.get(page_of(purchase)).status_code == 200


def say_declined(purchase):
    say(CheckoutEnded(purchase.name, purchase.provider_ref, "failed", "The card was declined."))
