from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from accounts.models import User
from ledger import selectors
from ledger.models import Endpoint, Price, RateCard
from ledger.prices import price_terms, rate_cards
from tests.confirming import confirmed
from tests.factories.accounts import CustomerFactory

BILLED = {
    "billed_success": "100",
    "billed_client_error": "0",
    "billed_server_error": "0",
    "billed_timeout": "0",
    "billed_partial": "100",
}


@pytest.fixture
def endpoint(db):
    return rate_cards.create_endpoint(code="classify", name="Classify")


@pytest.fixture
def draft(endpoint):
    card = rate_cards.create_card(name="2026-11", effective_at=datetime(2026, 11, 1, tzinfo=UTC))
    rate_cards.set_price(card, endpoint, per_call=12_500_000)
    return card


@pytest.fixture
def published(draft):
    rate_cards.publish(draft)
    return draft


def form(*prices, existing=0):
    fields = {
        "name": "2026-12",
        "effective_at_0": "2026-12-01",
        "effective_at_1": "00:00:00",
        "prices-TOTAL_FORMS": str(len(prices)),
        "prices-INITIAL_FORMS": str(existing),
    }
    for number, price in enumerate(prices):
        fields |= {f"prices-{number}-{name}": str(value) for name, value in price.items()}
    return fields


def line(endpoint, **changes):
    return {"endpoint": endpoint.pk, "per_call": "2", **changes}


def change_page(row):
    return reverse(f"admin:ledger_{row._meta.model_name}_change", args=[row.pk])


def step(name, card):
    return reverse(f"admin:ledger_ratecard_{name}", args=[card.pk])


def test_a_card_is_made_with_its_prices_in_credits(staff, endpoint):
    price = line(endpoint, per_call="2.5")
    assert staff.post(reverse("admin:ledger_ratecard_add"), form(price)).status_code == 302
    assert Price.objects.get().per_call == 2_500_000


@pytest.mark.parametrize("per_call", ["-1", "0.0000001", "many"])
def test_a_price_that_is_none_is_refused(staff, endpoint, per_call):
    refused = staff.post(
        reverse("admin:ledger_ratecard_add"), form(line(endpoint, per_call=per_call))
    )
    assert refused.status_code == 200
    assert not Price.objects.exists()


def test_a_drafts_prices_are_edited(staff, draft, endpoint):
    assert 'value="12.5"' in staff.get(change_page(draft)).content.decode()
    price = line(endpoint, per_call="3", id=draft.prices.get().pk, rate_card=draft.pk)
    assert staff.post(change_page(draft), form(price, existing=1)).status_code == 302
    assert Price.objects.get().per_call == 3_000_000
    assert RateCard.objects.get().name == "2026-12"


def test_publishing_says_first_what_changes_for_whom(staff, draft, endpoint):
    rate_cards.publish(draft)
    CustomerFactory()
    after = rate_cards.copy_card(draft, name="dearer", effective_at=selectors.now())
    rate_cards.set_price(after, endpoint, per_call=13_000_000)
    page = staff.get(step("publish", after)).content.decode()
    assert "12.5 a call" in page and "13 a call" in page
    assert "1 customer without a group" in page
    after.refresh_from_db()
    assert after.published_at is None
    answer = staff.post(step("publish", after))
    told = [str(message) for message in staff.get(answer.url).context["messages"]]
    assert told == ["dearer is published."]
    after.refresh_from_db()
    assert after.published_at is not None


def test_the_actions_of_the_list_lead_there(staff, draft):
    for name in ("publish", "copy"):
        chosen = {"action": name, "_selected_action": [str(draft.pk)]}
        answer = staff.post(reverse("admin:ledger_ratecard_changelist"), chosen)
        assert answer.url == step(name, draft)
    assert not RateCard.objects.filter(published_at__isnull=False).exists()


def test_a_card_without_prices_is_not_published(staff, db):
    card = rate_cards.create_card(name="empty", effective_at=datetime.now(UTC))
    answer = staff.post(step("publish", card))
    assert answer.status_code == 400
    assert "has no prices yet" in answer.content.decode()
    card.refresh_from_db()
    assert card.published_at is None


def test_what_is_left_out_must_be_withdrawn(staff, published, endpoint):
    card = rate_cards.create_card(name="smaller", effective_at=selectors.now())
    other = rate_cards.create_endpoint(code="other", name="Other")
    rate_cards.set_price(card, other, per_call=1)
    answer = staff.post(step("publish", card))
    assert answer.status_code == 400
    assert "classify is withdrawn" in answer.content.decode()
    staff.post(step("publish", card), {"withdraw": ["classify"]})
    card.refresh_from_db()
    assert card.published_at is not None


def test_retiring_says_what_comes_in_its_place(staff, published):
    group = price_terms.create_group("partners")
    card = rate_cards.create_card(name="partners", effective_at=selectors.now(), group=group)
    rate_cards.set_price(card, Endpoint.objects.get(), per_call=1_000_000)
    rate_cards.publish(card)
    price_terms.pin(CustomerFactory(), card)
    page = staff.get(step("retire", card)).content.decode()
    assert "At once 2026-11 is in force in its place. 1 customer pinned to it" in page
    assert "1 a call" in page and "12.5 a call" in page
    confirmed(staff, step("retire", card))
    card.refresh_from_db()
    assert card.retired_at is not None


def test_the_only_card_is_not_retired(staff, published):
    answer = confirmed(staff, step("retire", published))
    assert answer.status_code == 409
    assert "publish the next one first" in answer.content.decode()


def test_who_may_not_change_cards_takes_no_step(client, draft):
    client.force_login(User.objects.create_user("clerk@example.com", is_staff=True))
    for name in ("publish", "retire", "copy"):
        assert client.post(step(name, draft)).status_code == 403
    assert RateCard.objects.get().published_at is None


def test_a_published_card_is_only_looked_at(staff, published, endpoint):
    page = staff.get(change_page(published)).content.decode()
    assert "12.5" in page
    assert 'name="prices-0-per_call"' not in page
    price = line(endpoint, id=published.prices.get().pk, rate_card=published.pk)
    assert staff.post(change_page(published), form(price, existing=1)).status_code == 403
    assert Price.objects.get().per_call == 12_500_000


def test_a_card_is_copied_to_a_draft_with_its_prices(staff, published):
    page = staff.post(step("copy", published), follow=True)
    draft = RateCard.objects.get(published_at=None)
    assert page.redirect_chain == [(change_page(draft), 302)]
    assert [price.per_call for price in draft.prices.all()] == [12_500_000]
    assert published.prices.count() == 1


def test_the_list_tells_which_card_is_in_force(staff, published):
    page = staff.get(reverse("admin:ledger_ratecard_changelist")).content.decode()
    assert "in force" in page


def test_no_card_is_deleted(staff, draft):
    delete = reverse("admin:ledger_ratecard_delete", args=[draft.pk])
    assert staff.post(delete, {"post": "yes"}).status_code == 403


def test_an_endpoint_is_edited_but_keeps_its_code(staff, endpoint):
    told = {"code": "other", "name": "Classify", "method": "post", "path_template": "/v1/classify"}
    told |= BILLED | {"billed_timeout": "40"}
    assert staff.post(change_page(endpoint), told).status_code == 302
    endpoint.refresh_from_db()
    assert (endpoint.code, endpoint.method) == ("classify", "POST")
    assert endpoint.path_template == "/v1/classify"
    assert endpoint.billed_timeout == 40


def test_more_than_all_of_a_price_is_not_billed(staff, endpoint):
    told = {"name": "Classify", **BILLED, "billed_partial": "101"}
    assert "less than or equal to 100" in staff.post(change_page(endpoint), told).content.decode()
    endpoint.refresh_from_db()
    assert endpoint.billed_partial == 100


def test_an_endpoint_is_added(staff):
    told = {"code": "summarize", "name": "Summarize", "method": "", "path_template": ""}
    told |= BILLED
    assert staff.post(reverse("admin:ledger_endpoint_add"), told).status_code == 302
    assert Endpoint.objects.get().code == "summarize"


def test_a_card_whose_date_has_passed_is_published_from_now_on(staff, endpoint):
    begun = selectors.now() - timedelta(days=9)
    first = rate_cards.create_card(name="first", effective_at=begun)
    rate_cards.set_price(first, endpoint, per_call=1)
    rate_cards.publish(first)
    late = rate_cards.copy_card(first, name="late", effective_at=begun + timedelta(days=1))
    assert (
        "has passed: what was done before now" in staff.get(step("publish", late)).content.decode()
    )
    before = selectors.now()
    staff.post(step("publish", late))
    late.refresh_from_db()
    assert before <= late.effective_at <= selectors.now()
    assert rate_cards.in_force(None, before) == first
    assert rate_cards.in_force(None, selectors.now()) == late


def test_a_customers_own_card_says_what_it_pays_now(staff, published, endpoint):
    RateCard.objects.update(effective_at=selectors.now())
    own = rate_cards.create_card(
        name="own", effective_at=selectors.now(), customer=CustomerFactory()
    )
    rate_cards.set_price(own, endpoint, per_call=7_000_000)
    told = staff.get(step("publish", own)).context["rows"]
    assert [(row["before"], row["after"]) for row in told] == [("12.5 a call", "7 a call")]
