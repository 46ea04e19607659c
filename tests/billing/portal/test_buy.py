"""The page with the packs, and the form that leads to where one pays."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from billing.errors import ProviderDeclined, ProviderFailed
from billing.models import BillingProfile, Purchase, SandboxCheckout, TaxRate
from billing.providers.sandbox.provider import Sandbox
from ledger import selectors
from ledger.amounts import CREDIT
from tests.accounts.people import said
from tests.factories.accounts import CustomerFactory
from tests.factories.billing import add_price, new_pack

BUY = "/portal/buy/"


def shown(browser, query=""):
    return browser.get(BUY + query).content.decode()


def named(name, **fields):
    pack = new_pack(**fields)
    pack.name = name
    pack.save()


def form(pack, currency="USD"):
    return {"pack": pack.code, "currency": currency, "key": str(uuid4())}


def test_a_pack_says_all_that_matters_before_it_is_bought(browser, settings):
    settings.REFUND_DAYS = 9
    new_pack(25_000, "100.00", bonus=1_000, bonus_validity_days=90)
    page = shown(browser)
    for told in (
        "25,000",
        "+ 1,000 bonus credits",
        "$100.00",
        "$3.85 per 1,000, bonus included",
        "Valid for a year after the purchase, the bonus for 90 days",
        "refundable for 9 days",
        "What is unused then is lost",
        'href="/terms/"',
    ):
        assert told in page


def test_an_offer_is_for_its_customer_only(browser, member):
    named("Ours", customer=member.customer)
    named("Theirs", customer=CustomerFactory())
    page = shown(browser)
    assert "Ours" in page
    assert "For your company" in page
    assert "Theirs" not in page


def test_only_what_is_on_sale_now_is_offered(browser):
    now, day = selectors.now(), timedelta(days=1)
    named("Gone", active_from=now - 2 * day, active_until=now - day)
    named("To come", active_from=now + day)
    page = shown(browser)
    assert "Nothing is on sale now" in page
    assert "Gone" not in page
    assert "To come" not in page


def test_a_currency_can_be_chosen(browser):
    pack = new_pack(1000, "10.00")
    add_price(pack, "1500", "JPY")
    assert "Buy<span" in shown(browser)
    assert "$10.00" in shown(browser)
    assert "¥1,500" in shown(browser, "?currency=JPY")
    assert "$10.00" in shown(browser, "?currency=NONSENSE")


def test_tax_is_in_the_price_that_the_button_says(browser, member):
    BillingProfile.objects.create(customer=member.customer, country="AT")
    TaxRate.objects.create(name="VAT", country="AT", percent=20)
    new_pack(1000, "100.00")
    page = shown(browser)
    assert "$120.00 with 20 % VAT" in page
    assert "for $120.00" in page


def test_who_has_said_no_country_is_told_that_tax_depends_on_it(browser):
    new_pack()
    assert "What is due depends on your country" in shown(browser)


def test_the_form_leads_to_where_one_pays(browser, member):
    pack = new_pack(1000, "100.00")
    response = browser.post(BUY, form(pack))
    purchase = Purchase.objects.get()
    assert response.url == reverse("test-provider", args=[purchase.provider_ref])
    assert (purchase.customer, purchase.made_by) == (member.customer, member.user)
    assert purchase.state == "pending"


@pytest.mark.parametrize("kept", [True, False])
def test_a_card_is_kept_where_the_payer_says_so(browser, kept):
    box = {"save_card": "on"} if kept else {}
    browser.post(BUY, form(new_pack(1000, "100.00")) | box)
    assert SandboxCheckout.objects.get().saves_card is kept


def test_sent_twice_it_is_one_purchase(browser):
    told = form(new_pack())
    first, second = browser.post(BUY, told), browser.post(BUY, told)
    assert first.url == second.url
    assert Purchase.objects.count() == 1


def test_every_page_is_another_purchase(browser):
    """Two tabs: who buys in both has bought twice."""
    pack = new_pack()
    assert browser.post(BUY, form(pack)).url != browser.post(BUY, form(pack)).url


def test_another_companys_offer_cannot_be_bought(browser):
    theirs = new_pack(customer=CustomerFactory())
    response = browser.post(BUY, form(theirs), follow=True)
    assert said(response) == ["This pack is no longer on sale. Please choose another one."]
    assert not Purchase.objects.exists()


def test_a_pack_without_a_price_in_the_currency_cannot_be_bought(browser):
    response = browser.post(BUY, form(new_pack(), "EUR"), follow=True)
    assert "not on sale in that currency" in said(response)[0]


@pytest.mark.parametrize("wrong", [{"key": "x"}, {"pack": ""}, {"pack": "a b"}, {"currency": ""}])
def test_a_form_that_no_page_sends_buys_nothing(browser, wrong):
    response = browser.post(BUY, form(new_pack()) | wrong, follow=True)
    assert said(response) == ["Please choose a pack."]
    assert not Purchase.objects.exists()


def test_a_provider_that_does_not_answer_is_told_and_can_be_asked_again(browser, monkeypatch):
    told = form(new_pack())

    def silent(*_):
        raise ProviderFailed

    with monkeypatch.context() as patched:
        patched.setattr(Sandbox, "create_checkout", silent)
        response = browser.post(BUY, told, follow=True)
    assert "Nothing was charged" in said(response)[0]
    purchase = Purchase.objects.get()
    again = browser.post(reverse("checkout-outcome", args=[purchase.id]))
    assert "/pay/test/" in again.url


def test_a_provider_that_declines_is_told_as_that(browser, monkeypatch):
    def declines(*_):
        raise ProviderDeclined("Amount must convert to at least 50 cents.")

    monkeypatch.setattr(Sandbox, "create_checkout", declines)
    response = browser.post(BUY, form(new_pack()), follow=True)
    assert "declined this checkout. Nothing was charged" in said(response)[0]
    again = browser.post(reverse("checkout-outcome", args=[Purchase.objects.get().id]), follow=True)
    assert "declined this checkout. Nothing was charged" in said(again)[0]


def test_where_nobody_takes_payments_nothing_is_on_sale(browser, settings):
    told = form(new_pack())
    settings.PAYMENT_PROVIDERS = []
    assert "Nothing is on sale now" in shown(browser)
    browser.post(BUY, told)
    assert not Purchase.objects.exists()


def test_a_name_is_shown_as_it_is_written(browser):
    named("<b>Bold</b>")
    assert "&lt;b&gt;Bold&lt;/b&gt;" in shown(browser)


def test_a_price_of_next_to_nothing_has_more_places(browser):
    new_pack(1_000_000, "0.50")
    assert "$0.0005 per 1,000" in shown(browser)


def test_the_address_of_old_refusals_leads_here(client):
    assert client.get("/billing/top-up").url == BUY


def test_signing_in_on_the_way_keeps_the_aim(client):
    assert client.get(BUY).url == f"/accounts/login/?next={BUY}"


def test_credits_are_shown_whole(browser):
    pack = new_pack()
    pack.credits = CREDIT // 2
    pack.save()
    assert ">0.5</span>" in shown(browser)


def test_where_tax_is_due_somewhere_the_country_is_asked_for_first(browser, member):
    TaxRate.objects.create(name="VAT", country="DE", percent=19)
    pack = new_pack(1000, "100.00")
    assert "you are asked for it before you pay" in shown(browser)
    details = browser.post(BUY, form(pack)).url
    assert not Purchase.objects.exists()
    page = browser.get(details).content.decode()
    assert "Tax depends on the country" in page
    assert details.replace("&", "&amp;") in page
    back = browser.post(details, {"name": "Acme", "country": "DE"})
    assert back.url == f"{BUY}?pack={pack.code}&currency=USD"
    assert "for $119.00" in browser.get(back.url).content.decode()
    browser.post(BUY, form(pack))
    assert Purchase.objects.get().tax == 19_00


def test_a_rate_that_is_not_due_yet_asks_nothing(browser):
    tomorrow = selectors.now() + timedelta(days=1)
    TaxRate.objects.create(name="VAT", country="DE", percent=19, effective_from=tomorrow)
    browser.post(BUY, form(new_pack()))
    assert Purchase.objects.get().tax == 0


def test_where_the_provider_finds_the_tax_it_asks_for_the_country(browser, settings):
    settings.TAX_BY_PROVIDER = True
    TaxRate.objects.create(name="VAT", country="DE", percent=19)
    pack = new_pack()
    assert "added at the checkout" in shown(browser)
    browser.post(BUY, form(pack))
    assert Purchase.objects.exists()
