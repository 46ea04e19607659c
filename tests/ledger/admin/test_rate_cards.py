from datetime import UTC, datetime

import pytest
from django.urls import reverse

from ledger import rate_cards
from ledger.models import Endpoint, Price, RateCard


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
    told = {"per_call": "2", "quantity_name": "", "per_quantity": "0", "quantity_size": "1"}
    return {"endpoint": endpoint.pk, **told, **changes}


def change_page(row):
    return reverse(f"admin:ledger_{row._meta.model_name}_change", args=[row.pk])


def publish(staff, *cards):
    chosen = {"action": "publish", "_selected_action": [str(card.pk) for card in cards]}
    return staff.post(reverse("admin:ledger_ratecard_changelist"), chosen, follow=True)


def test_a_card_is_made_with_its_prices_in_credits(staff, endpoint):
    price = line(
        endpoint, per_call="2.5", quantity_name="tokens", per_quantity="0.35", quantity_size="1000"
    )
    assert staff.post(reverse("admin:ledger_ratecard_add"), form(price)).status_code == 302
    made = Price.objects.get()
    assert (made.per_call, made.quantity_name) == (2_500_000, "tokens")
    assert (made.per_quantity, made.quantity_size) == (350_000, 1000)


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


def test_publishing_is_an_action(staff, draft):
    assert "is published" in publish(staff, draft).content.decode()
    draft.refresh_from_db()
    assert draft.published_at is not None


def test_a_card_without_prices_is_not_published(staff, db):
    card = rate_cards.create_card(name="empty", effective_at=datetime.now(UTC))
    assert "has no prices yet" in publish(staff, card).content.decode()
    card.refresh_from_db()
    assert card.published_at is None


def test_a_published_card_is_only_looked_at(staff, published, endpoint):
    page = staff.get(change_page(published)).content.decode()
    assert "12.5" in page
    assert 'name="prices-0-per_call"' not in page
    price = line(endpoint, id=published.prices.get().pk, rate_card=published.pk)
    assert staff.post(change_page(published), form(price, existing=1)).status_code == 403
    assert Price.objects.get().per_call == 12_500_000


def test_a_card_is_copied_to_a_draft_with_its_prices(staff, published):
    chosen = {"action": "copy", "_selected_action": [str(published.pk)]}
    page = staff.post(reverse("admin:ledger_ratecard_changelist"), chosen, follow=True)
    draft = RateCard.objects.get(published_at=None)
    assert page.redirect_chain == [(change_page(draft), 302)]
    assert [price.per_call for price in draft.prices.all()] == [12_500_000]
    assert published.prices.count() == 1


def test_the_list_tells_which_card_is_in_force(staff, published):
    page = staff.get(reverse("admin:ledger_ratecard_changelist")).content.decode()
    assert "icon-yes" in page


def test_no_card_is_deleted(staff, draft):
    delete = reverse("admin:ledger_ratecard_delete", args=[draft.pk])
    assert staff.post(delete, {"post": "yes"}).status_code == 403


def test_an_endpoint_is_edited_but_keeps_its_code(staff, endpoint):
    told = {"code": "other", "name": "Classify", "method": "post", "path_template": "/v1/classify"}
    assert staff.post(change_page(endpoint), told).status_code == 302
    endpoint.refresh_from_db()
    assert (endpoint.code, endpoint.method) == ("classify", "POST")
    assert endpoint.path_template == "/v1/classify"


def test_an_endpoint_is_added(staff):
    told = {"code": "summarize", "name": "Summarize", "method": "", "path_template": ""}
    assert staff.post(reverse("admin:ledger_endpoint_add"), told).status_code == 302
    assert Endpoint.objects.get().code == "summarize"
