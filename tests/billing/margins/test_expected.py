"""What a price leaves at list price, and what is flagged."""

from datetime import date
from decimal import Decimal

import pytest

from billing import margins
from billing.margins.expected import credit_values
from billing.models import EndpointCost, MarginTarget, Pack
from ledger.prices import rate_cards
from tests.factories.billing import new_pack
from tests.factories.dated import Calendar
from tests.factories.partners import priced, shared

DAY = date(2005, 6, 10)


@pytest.fixture(autouse=True)
def day(calendar: Calendar) -> None:
    calendar.go(DAY)
    Pack.objects.all().update(active_from=calendar.at(DAY), active_until=calendar.after(1))
    calendar.forward(60)


@pytest.fixture
def packs(calendar: Calendar) -> None:
    """The cheapest credit costs 8 cents."""
    for price, bonus in (("100.00", 0), ("100.00", 250)):
        new_pack(price=price, bonus=bonus, active_from=calendar.at(DAY))


def costing(price, amount: str, quantity: str = "") -> None:
    EndpointCost.objects.create(
        endpoint=price.endpoint,
        quantity=quantity,
        amount=amount,
        currency="USD",
        starts_on=DAY,
    )


def test_a_credit_costs_what_it_does_in_the_cheapest_pack(packs):
    assert credit_values() == {"USD": Decimal("0.08")}


def test_a_price_leaves_what_the_call_does_not_cost(packs):
    """5 credits at 8 cents are 0.40."""
    price = priced(5)
    costing(price, "0.10")
    (one,) = margins.expected([price], {})
    assert (one.net, one.cost, one.part) == (Decimal("0.40"), Decimal("0.10"), Decimal("0.75"))
    assert not one.is_under(Decimal("0.75")) and one.is_under(Decimal("0.76"))


def test_a_partner_has_a_share_in_it(packs):
    price = priced(5)
    costing(price, "0.10")
    shared(price.endpoint, "50", on=DAY)
    (one,) = margins.expected([price], {})
    assert (one.net, one.part) == (Decimal("0.20"), Decimal("0.5"))


def test_what_has_no_cost_is_not_told(packs):
    assert margins.expected([priced()], {}) == []


def test_a_draft_is_flagged_by_the_target_of_its_endpoint(packs):
    price = priced(5)
    costing(price, "0.10")
    MarginTarget.objects.create(endpoint=price.endpoint, percent=80)
    assert margins.targets()[price.endpoint_id] == Decimal("0.8")
    assert margins.targets()[0] == Decimal("0.7")
    draft = rate_cards.copy_card(price.rate_card)
    (one,) = margins.expected(draft.prices.all(), {})
    assert one.is_under(margins.targets()[one.endpoint])
