"""Getting started: a key, a first call in six languages, and the call as it comes in."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import ids, sandboxes, services
from accounts.ids import uuid7
from accounts.models import ApiKey, Role
from billing.portal.start import first_call, snippets
from ledger import services as ledger
from ledger.amounts import CREDIT
from ledger.operations import Operation
from ledger.prices import rate_cards
from tests.accounts.people import browser_of
from tests.factories.accounts import ApiKeyFactory, MemberFactory

pytestmark = pytest.mark.django_db
START = "/portal/start/"


def page_of(browser, **query):
    response = browser.get(START, query)
    assert response.status_code == 200
    return response.content.decode()


def create(browser, name="laptop", **fields):
    return browser.post(START, {"name": name, "key": uuid7()} | fields)


def texts(response):
    return {one.code: one.text for one in response.context["snippets"]}


def fragment(browser, member, **query):
    return browser.get(reverse("first-calls"), {"of": member.customer_id} | query)


@pytest.fixture
def sold(db):
    """Three endpoints, of which the dearest can be called with nothing but a key."""
    card = rate_cards.create_card(name="2026-11", effective_at=timezone.now())
    for code, path, cost in (
        ("by-id", "/v1/files/{id}", 1),
        ("generate", "/v1/generate", 3),
        ("classify", "/v1/classify", 2),
    ):
        endpoint = rate_cards.create_endpoint(
            code=code, name=code.title(), method="POST", path_template=path
        )
        rate_cards.set_price(card, endpoint, per_call=cost * CREDIT)
    rate_cards.publish(card)
    return card


@pytest.fixture
def provider(settings):
    settings.PROVIDER_API_URL = "https://api.example.com"
    settings.PROVIDER_API_ENDPOINT = "generate"
    settings.PROVIDER_API_BODY = '{"prompt": "It\'s $5 \\\\ \\"é\\""}'
    return settings


def test_a_key_is_made_once_and_shown_once(browser, member):
    form = {"name": "laptop", "key": uuid7()}
    page = browser.post(START, form)
    secret = page.context["made"].secret
    key = ApiKey.objects.get(customer=member.customer)
    assert (key.id, key.name) == (form["key"], "laptop") and secret.startswith(key.prefix)
    assert all(secret in text for text in texts(page).values())
    again = browser.post(START, form)
    assert again.status_code == 302 and ApiKey.objects.count() == 1
    assert secret not in page_of(browser)


@pytest.mark.parametrize("fields", [{"name": ""}, {"name": "x" * 101}, {"key": "1"}, {"key": ""}])
def test_a_key_that_cannot_be_is_none(browser, fields):
    assert create(browser, **fields).status_code == 200
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("role", Role)
def test_who_may_not_make_keys_is_told_whom_to_ask(member, role):
    services.rename_user(member.user, name="Olga Owner")
    browser = browser_of(MemberFactory(customer=member.customer, role=role))
    may = role in (Role.OWNER, Role.DEVELOPER)
    page = page_of(browser)
    assert ("Create key" in page) == may
    assert ("Ask <strong>Olga Owner</strong>" in page) == (not may)
    assert create(browser).status_code == (200 if may else 403)
    assert ApiKey.objects.exists() == may


def test_who_may_not_buy_is_not_led_there(member):
    browser = browser_of(MemberFactory(customer=member.customer, role=Role.VIEWER))
    page = page_of(browser)
    for name in ("buy", "alerts", "keys", "webhooks"):
        assert f'href="{reverse(name)}"' not in page
    assert f'href="{reverse("limits")}"' in page


def test_without_a_providers_api_it_asks_for_the_balance(browser, member):
    response = browser.get(START)
    of = ids.encode("cus", member.customer_id)
    for text in texts(response).values():
        assert f"http://testserver/v1/customers/{of}/balance" in text
        assert "YOUR_KEY" in text and "ddk_" not in text


def test_with_one_it_calls_what_the_provider_names(browser, member, sold, provider):
    for text in texts(browser.get(START)).values():
        assert "https://api.example.com/v1/generate" in text and "POST" in text
        assert "application/json" in text


@pytest.mark.parametrize("named", ["", "unknown", "by-id"])
def test_or_the_cheapest_that_needs_no_more_than_a_key(member, sold, provider, named):
    provider.PROVIDER_API_ENDPOINT = named
    call = first_call.of(member.customer, "http://here/")
    assert (call.method, call.url) == ("POST", "https://api.example.com/v1/classify")
    assert call.body == (provider.PROVIDER_API_BODY if named == "" else "{}")


def test_prices_of_which_none_can_be_called_leave_the_balance(member, provider):
    call = first_call.of(member.customer, "http://here/")
    assert (call.method, call.price, call.body) == ("GET", None, "")


def test_a_text_is_no_json(member, sold, provider):
    provider.PROVIDER_API_BODY = "plain"
    assert first_call.of(member.customer, "http://here/").media == first_call.TEXT


def test_an_existing_key_is_named_by_its_prefix(browser, member):
    mine, other = ApiKeyFactory(customer=member.customer, name="web"), ApiKeyFactory()
    gone = ApiKeyFactory(customer=member.customer)
    services.revoke_key(gone.key)
    page = page_of(browser)
    assert mine.key.prefix in page and "YOUR_KEY" in page
    for secret in (mine.secret, other.secret, other.key.prefix, gone.key.prefix):
        assert secret not in page


@pytest.mark.parametrize("language", snippets.LANGUAGES)
def test_a_language_is_chosen_by_the_address(browser, language):
    checked = re.findall(r'id="language-(\w+)" value="\w+" checked', page_of(browser))
    assert checked == ["curl"]
    found = re.findall(r'value="(\w+)" checked', page_of(browser, language=language))
    assert found == [language]


def test_a_language_that_there_is_not(browser):
    page = page_of(browser, language="<cobol>")
    assert "There are no lines in the language" in page and "<cobol>" not in page


def test_waiting_until_the_key_is_used(browser, member):
    """A key that only reads counts as seen, too."""
    key = create(browser).context["made"].key
    assert "Waiting for your first call" in fragment(browser, member, key=key.id).content.decode()
    services.touch_keys([key.id])
    seen = fragment(browser, member, key=key.id)
    assert f"It works: <code>{key.prefix}" in seen.content.decode()
    state = seen.context["arrivals"].state
    assert fragment(browser, member, key=key.id, state=state).status_code == 204


def test_a_call_appears_with_what_it_cost(browser, member, sold):
    key = ApiKeyFactory(customer=member.customer).key
    ledger.grant(member.customer_id, amount=10 * CREDIT, kind="promo")
    before = fragment(browser, member).context["arrivals"].state
    price = sold.prices.get(endpoint__code="generate")
    ledger.apply_one(
        Operation(
            op="debit",
            customer_id=member.customer_id,
            key=uuid7(),
            key_is_id=True,
            request=0,
            amount=3 * CREDIT,
            price_id=price.id,
            api_key_id=key.id,
        )
    )
    response = fragment(browser, member, state=before)
    (call,) = response.context["arrivals"].calls
    assert (call.endpoint, call.credits, call.key) == ("Generate", "3", key.prefix)
    assert 'href="/portal/calls/"' in response.content.decode()
    assert not response.context["arrivals"].is_waiting


@pytest.mark.parametrize("key", ["", "1", str(uuid7()), "\x00"])
def test_a_key_that_is_not_there_is_waited_for_by_nobody(browser, member, key):
    assert fragment(browser, member, key=key).context["arrivals"].watched is None


def test_another_companys_key_and_calls_are_not_told(browser, member):
    other = ApiKeyFactory()
    services.touch_keys([other.key.id])
    response = fragment(browser, member, key=other.key.id)
    assert response.context["arrivals"].is_waiting
    assert other.key.prefix not in response.content.decode()
    stranger = browser_of(MemberFactory())
    assert fragment(stranger, member)["HX-Refresh"] == "true"


def test_in_the_sandbox_it_is_a_test_key(browser, member):
    browser.post(reverse("enter-sandbox"))
    sandbox = sandboxes.of(member.customer)
    response = create(browser)
    assert response.context["made"].secret.startswith("ddt_")
    assert response.context["made"].key.customer == sandbox
    page = response.content.decode()
    assert "test key" in page and ids.encode("cus", sandbox.id) in page


def test_it_needs_no_more_than_signing_in(client: Client):
    assert client.get(START).status_code == 302
