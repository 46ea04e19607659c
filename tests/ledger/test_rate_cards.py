from datetime import UTC, datetime

import pytest

from ledger import rate_cards
from ledger.errors import CardEmpty, CardPublished
from ledger.models import Price, RateCard

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint():
    return rate_cards.create_endpoint(code="classify", name="Classify")


@pytest.fixture
def draft():
    return rate_cards.create_card(name="2026-11", effective_at=datetime.now(UTC))


def test_a_draft_is_edited_until_it_is_published(draft, endpoint):
    rate_cards.set_price(draft, endpoint, per_call=1)
    price = rate_cards.set_price(draft, endpoint, per_call=2)
    assert [*draft.prices.all()] == [price]
    rate_cards.publish(draft)
    assert draft.published_at is not None
    with pytest.raises(CardPublished):
        rate_cards.set_price(draft, endpoint, per_call=3)
    assert Price.objects.get().per_call == 2


def test_a_card_is_published_once(draft, endpoint):
    rate_cards.set_price(draft, endpoint, per_call=1)
    rate_cards.publish(draft)
    first = draft.published_at
    with pytest.raises(CardPublished):
        rate_cards.publish(draft)
    assert RateCard.objects.get().published_at == first


def test_a_card_without_prices_is_not_published(draft):
    with pytest.raises(CardEmpty):
        rate_cards.publish(draft)


def test_processes_hear_of_a_changed_endpoint_through_its_cards(draft, endpoint):
    rate_cards.set_price(draft, endpoint, per_call=1)
    before = RateCard.objects.get().changed_at
    endpoint.bills_client_errors = True
    rate_cards.save_endpoint(endpoint)
    assert RateCard.objects.get().changed_at >= before
