"""Bad input: a clear error, and nothing saved."""

from decimal import Decimal
from typing import Any

import pytest

from billing.errors import PlaceMissing
from billing.models import Overage, Plan, Subscription, TaxRate
from billing.plans import catalogue, subscribing
from billing.plans.errors import (
    CardMissing,
    PlanInUse,
    PlanRefused,
    PlanTaken,
    PlanUnavailable,
)
from ledger.errors import Refused
from tests.billing.plans.world import World, draft_plan, new_plan
from tests.factories.billing import new_pack

POST_PAID: dict[str, Any] = {
    "overage": Overage.POST_PAID,
    "credit_limit": 10,
    "overage_price": Decimal("0.1"),
}
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a negative fee": ({"fee": -1}, "fee"),
    "negative credits": ({"included_credits": -1}, "included_credits"),
    "an unknown currency": ({"currency": "XXX"}, "currency"),
    "no name": ({"name": " "}, "name"),
    "nothing that could roll over": ({"rollover_credits": 5}, "rollover_credits"),
    "a minimum below the fee": ({"fee": 50_00, "minimum_spend": 40_00}, "minimum_spend"),
    "a limit for nothing": ({"credit_limit": 5}, "credit_limit"),
    "a price for nothing": ({"overage_price": Decimal(1)}, "overage_price"),
    "post-paid without a limit": (POST_PAID | {"credit_limit": 0}, "credit_limit"),
    "post-paid without a price": (POST_PAID | {"overage_price": Decimal(0)}, "overage_price"),
    "a top-up without a pack": ({"overage": Overage.TOP_UP}, "top_up_pack"),
    "included connections that cost nothing": (
        {"connections_included": 1},
        "connections_included",
    ),
    "no days": ({"lasts_days": 0}, "lasts_days"),
    "a term that ends by itself": ({"lasts_days": 5, "term_months": 2}, "lasts_days"),
    "too many retries": ({"retry_days": [1] * 11}, "retry_days"),
    "a retry at once": ({"retry_days": [0]}, "retry_days"),
    "a consequence that nobody knows": ({"on_failure": "fall_back"}, "fallback"),
    "limits that are none": ({"limits": {"a": 1}}, "limits"),
    "a limit of an unknown endpoint": (
        {"limits": [{"scope": "endpoint", "endpoint": "x", "kind": "holds", "hard": 1}]},
        "limits",
    ),
    "a limit that warns after it refuses": (
        {
            "limits": [
                {"scope": "customer", "kind": "spend", "period": "day", "hard": "1", "soft": "2"}
            ]
        },
        "limits",
    ),
    "a limit of seven places": (
        {"limits": [{"scope": "key", "kind": "largest", "hard": "0.0000001"}]},
        "limits",
    ),
    "a limit without a period": (
        {"limits": [{"scope": "key", "kind": "spend", "hard": "1"}]},
        "limits",
    ),
    "a misspelt limit": (
        {"limits": [{"scope": "key", "kind": "holds", "hard": 1, "hart": 1}]},
        "limits",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_settings_that_make_no_plan(world: World, name: str) -> None:
    settings, field = WRONG[name]
    with pytest.raises(PlanRefused) as refused:
        catalogue.save(draft_plan("wrong", **settings))
    assert (refused.value.field, bool(refused.value.detail)) == (field, True)
    assert not Plan.objects.filter(code="wrong").exists()


def test_a_pack_without_a_price_in_the_currency(world: World) -> None:
    draft = draft_plan(
        "wrong",
        currency="EUR",
        overage=Overage.TOP_UP,
        top_up_pack=new_pack(),
        top_up_threshold=1,
        top_up_target=2,
        top_up_cap=100,
    )
    with pytest.raises(PlanRefused, match="no price in EUR"):
        catalogue.save(draft)


def test_who_does_not_pay_falls_to_a_plan_that_costs_nothing(world: World) -> None:
    dear = new_plan("dear", fee=1)
    with pytest.raises(PlanRefused, match="costs nothing"):
        catalogue.save(draft_plan("wrong", on_failure="fall_back", fallback=dear))


def test_what_was_published_stays_as_it_is(world: World) -> None:
    """A change makes a version; customers stay on theirs until they are moved."""
    first = new_plan("pro", fee=10_00)
    one = world.subscriber()
    one.start(first)
    first.fee = 1
    with pytest.raises(PlanInUse):
        catalogue.save(first)
    first.refresh_from_db()
    second = catalogue.new_version(first)
    assert catalogue.new_version(first) == second
    second.fee = 20_00
    second = catalogue.publish(catalogue.save(second))
    first.refresh_from_db()
    assert (first.state, second.version, one.subscription.plan) == ("retired", 2, first)
    world.go(2031, 2, 10)
    assert one.totals() == [10_00, 10_00]
    one.change(second)
    world.go(2031, 3, 10)
    assert one.totals() == [10_00, 10_00, 20_00]
    with pytest.raises(PlanUnavailable):
        world.subscriber().start(first)


def test_drafts_are_not_on_offer(world: World) -> None:
    draft = catalogue.save(draft_plan("draft"))
    with pytest.raises(PlanUnavailable):
        world.subscriber().start(draft)
    assert draft not in catalogue.offered()


def test_post_paid_use_needs_a_card(world: World) -> None:
    one = world.subscriber(has_card=False)
    with pytest.raises(CardMissing):
        one.start(new_plan("open", **POST_PAID))
    assert not Subscription.objects.filter(customer=one.id).exists()


def test_another_company_s_card_is_none(world: World) -> None:
    one, other = world.subscriber(), world.subscriber()
    with pytest.raises(CardMissing):
        subscribing.start(one.customer, new_plan("pro", fee=1_00), card=other.card)


def test_where_tax_is_due_the_place_is_asked_for(world: World) -> None:
    TaxRate.objects.create(name="VAT", country="AT", percent=20, effective_from="2020-01-01T00:00Z")
    one = world.subscriber()
    with pytest.raises(PlaceMissing):
        one.start(new_plan("pro", fee=1_00))
    assert not Subscription.objects.filter(customer=one.id).exists()


def test_a_cap_below_what_is_spent_already(world: World) -> None:
    one = world.subscriber()
    one.buys(100, "10.00")
    one.start(
        new_plan(
            "a", limits=[{"scope": "customer", "kind": "spend", "period": "day", "hard": "90"}]
        )
    )
    one.uses(50)
    capped = [{"scope": "customer", "kind": "spend", "period": "day", "hard": "10"}]
    subscribing.cancel(one.subscription)
    with pytest.raises(Refused, match="cap"):
        _again(world, one, new_plan("b", limits=capped))
    assert one.invoices() == []


def _again(world: World, one: Any, plan: Plan) -> None:
    """Ended, and begun again within the day."""
    Subscription.objects.filter(customer=one.id).update(
        state="ended", ended_at=world.calendar.now()
    )
    one.start(plan)


def test_a_plan_for_a_time_is_not_begun_anew(world: World) -> None:
    trial, free = new_plan(included_credits=100, lasts_days=14), new_plan()
    one = world.subscriber(has_card=False)
    one.start(trial)
    one.uses(100)
    one.change(free, at_once=True)
    with pytest.raises(PlanTaken):
        one.change(trial, at_once=True)
    world.go(2031, 3, 25)
    subscribing.cancel(one.subscription)
    world.go(2031, 5, 25)
    with pytest.raises(PlanTaken):
        one.start(trial)
    assert one.available() == 0
