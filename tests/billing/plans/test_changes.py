"""Another plan, at once or with the next period; and promise 9: it never touches credits that were
bought."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from billing.models import Overage
from billing.plans import subscribing
from billing.plans.errors import ChangeRefused, HasSubscription, PlanUnavailable
from ledger import limits
from ledger.models import Lot, PriceGroup, PriceTerms, Wallet
from tests.billing.plans.world import Subscriber, World, new_plan
from tests.factories.billing import new_pack


def test_a_dearer_plan_at_once_is_charged_for_what_is_left(world: World) -> None:
    one = world.subscriber()
    one.start(new_plan("small", fee=31_00, included_credits=310))
    # Noon of the 25th: 15.5 days are left of 30.5.
    world.go(2031, 1, 25)
    one.change(new_plan("large", fee=62_00, included_credits=930), at_once=True)
    # 31.00 x 15.5 / 30.5 and as large a part of 620 credits.
    assert one.totals() == [31_00, 15_75]
    assert one.available() == 310 + 315
    world.go(2031, 2, 10)
    assert (one.totals(), one.available()) == ([31_00, 15_75, 62_00], 930)
    world.go(2031, 3, 11)
    assert one.money()["4110"] == -(31_00 + 15_75 + 62_00 + 2_00)


def test_a_cheaper_plan_begins_with_the_next_period(world: World) -> None:
    large, small = new_plan("large", fee=60_00), new_plan("small", fee=20_00)
    one = world.subscriber()
    one.start(large)
    with pytest.raises(ChangeRefused, match="begins with the next period"):
        one.change(small, at_once=True)
    one.change(small)
    assert (one.subscription.plan, one.subscription.next_plan) == (large, small)
    world.go(2031, 2, 10)
    assert (one.subscription.plan, one.totals()) == (small, [60_00, 20_00])
    assert one.told().count("subscription.changed") == 2


def test_changes_within_a_period_do_not_add_up(world: World) -> None:
    small, large = new_plan(included_credits=10), new_plan(included_credits=1010)
    one = world.subscriber(has_card=False)
    one.start(small)
    one.change(large, at_once=True)
    for plan in (small, large, small, large, small):
        one.change(plan, at_once=True)
    assert 1000 <= one.available() <= 1010
    one.change(new_plan(included_credits=2010), at_once=True)
    assert one.available() <= 2010
    world.go(2031, 2, 10)
    assert one.available() == 2010


def test_a_lower_minimum_begins_with_the_next_period(world: World) -> None:
    """Otherwise it would be avoided on the last day."""
    one = world.subscriber()
    one.start(new_plan("least", minimum_spend=50_00))
    world.go(2031, 2, 9)
    with pytest.raises(ChangeRefused, match="lower minimum"):
        one.change(new_plan("none"), at_once=True)
    world.go(2031, 2, 10)
    assert one.totals() == [50_00]


def test_debt_is_settled_when_post_paid_use_ends(world: World) -> None:
    """At once, at the price that it was used at; the limit is gone with it."""
    one = world.subscriber()
    post_paid = {"overage": Overage.POST_PAID, "credit_limit": 500}
    one.start(new_plan("open", fee=10_00, overage_price=Decimal("0.25"), **post_paid))
    one.uses(40)
    one.change(new_plan("shut", fee=10_00), at_once=True)
    assert one.totals() == [10_00, 10_00]
    wallet = Wallet.objects.get(customer=one.id)
    assert (wallet.balance, wallet.debt, wallet.credit_limit) == (0, 0, 0)
    assert one.money()["4100"] == -10_00


def test_a_limit_that_is_in_use_ends_when_it_is_not(world: World) -> None:
    one = world.subscriber()
    post_paid = {"overage": Overage.POST_PAID, "credit_limit": 500}
    # A debt of less than the smallest coin is on no invoice.
    one.start(new_plan("open", overage_price=Decimal("0.000001"), **post_paid))
    one.uses(40)
    one.change(new_plan("shut"), at_once=True)
    assert (one.subscription.applied, one.try_to_use(1).ok) == (False, False)
    one.buys(100, "10.00")
    world.run()
    assert one.subscription.applied
    assert (one.available(), one.try_to_use(61).ok) == (60, False)


def test_a_committed_contract_is_not_changed_down_before_its_end(world: World) -> None:
    contract = new_plan("contract", fee=100_00, minimum_spend=300_00, term_months=3)
    small, large = new_plan("small", fee=250_00), new_plan("large", fee=400_00)
    one = world.subscriber()
    one.start(contract)
    for at_once in (True, False):
        with pytest.raises(ChangeRefused, match="10 April 2031"):
            one.change(small, at_once=at_once)
    # Up it may go; what was agreed to stays agreed to.
    one.change(large, at_once=True)
    with pytest.raises(ChangeRefused, match="10 April 2031"):
        one.change(small)
    subscription = subscribing.cancel(one.subscription)
    assert subscription.ends_at == datetime(2031, 4, 10, tzinfo=UTC)
    subscribing.resume(subscription)
    for month in (2, 3):
        world.go(2031, month, 10)
    one.change(small)
    world.go(2031, 4, 10)
    assert one.subscription.plan == small


def test_cancelled_it_ends_with_its_period(world: World) -> None:
    one = world.subscriber()
    one.start(new_plan("pro", fee=20_00, included_credits=100, connection_fee=5_00))
    one.buys(50, "5.00")
    subscribing.cancel(one.subscription)
    assert one.available() == 150
    world.go(2031, 2, 10)
    assert (one.subscription.state, one.available(), one.totals()) == ("ended", 50, [20_00])
    world.go(2031, 3, 10)
    assert one.totals() == [20_00]
    assert one.told()[-2:] == ["subscription.cancelled", "subscription.ended"]
    # And may come back.
    one.start(new_plan("again", fee=30_00))
    assert one.totals() == [20_00, 30_00]


def test_resumed_it_goes_on(world: World) -> None:
    one = world.subscriber()
    one.start(new_plan("pro", fee=20_00))
    subscribing.resume(subscribing.cancel(one.subscription))
    world.go(2031, 2, 10)
    assert (one.subscription.state, one.totals()) == ("active", [20_00, 20_00])


def test_there_is_one_at_a_time(world: World) -> None:
    one, plan = world.subscriber(), new_plan("pro")
    one.start(plan)
    with pytest.raises(HasSubscription):
        one.start(plan)


def test_limits_are_the_plan_s(world: World) -> None:
    """Wherever one comes from, and nothing of it is left at the end."""
    capped = [{"scope": "customer", "kind": "spend", "period": "month", "hard": "100"}]
    one = world.subscriber()
    one.start(new_plan("capped", included_credits=500, limits=capped))
    one.uses(100)
    assert one.try_to_use(1).code == "spend-cap-reached"
    slow = [{"scope": "key", "kind": "rate", "calls": 10, "per": "minute"}]
    one.change(new_plan("free", limits=slow), at_once=True)
    (standing,) = limits.of(one.id)
    assert (standing.source, standing.limit.every, standing.limit.burst) == ("plan", 6_000_000, 10)
    one.uses(400)
    subscribing.cancel(one.subscription)
    world.go(2031, 2, 10)
    assert limits.of(one.id) == []


def test_a_plan_with_a_pack_of_its_own_tops_up_while_it_lasts(world: World) -> None:
    pack = new_pack(100, "10.00", active_from=datetime(2020, 1, 1, tzinfo=UTC))
    plan = new_plan(
        "auto",
        overage=Overage.TOP_UP,
        top_up_pack=pack,
        top_up_threshold=10,
        top_up_target=50,
        top_up_cap=100_00,
    )
    one = world.subscriber()
    one.start(plan)
    assert one.customer.top_up_settings.enabled
    one.change(new_plan("free"), at_once=True)
    one.customer.top_up_settings.refresh_from_db()
    assert not one.customer.top_up_settings.enabled


def test_test_wallets_have_no_plan(world: World) -> None:
    one, other = world.subscriber(), world.subscriber()
    other.customer.sandbox_of = one.customer
    other.customer.save()
    with pytest.raises(PlanUnavailable, match="test wallet"):
        other.start(new_plan("pro"))


Act = Callable[[World, Subscriber], Any]


def _post_paid(code: str, **more: Any) -> Any:
    settings = {"overage": Overage.POST_PAID, "credit_limit": 100, "overage_price": Decimal("0.1")}
    return new_plan(code, **settings | more)


def _fails(world: World, one: Subscriber) -> None:
    """Nobody pays, and the plan falls to another."""
    free = new_plan("free", included_credits=1)
    one.card = world.card(one, "9995")
    plan = new_plan("dear", fee=90_00, retry_days=[1], on_failure="fall_back", fallback=free)
    subscribing.change(one.subscription, plan, at_once=False)
    subscribing.use_card(one.subscription, one.card)
    for day in (10, 11, 12, 13):
        world.go(2031, 2, day)
    assert one.subscription.plan == free


CHANGES: dict[str, Act] = {
    "dearer, at once": lambda world, one: one.change(new_plan("l", fee=90_00), at_once=True),
    "cheaper, later": lambda world, one: one.change(new_plan("s", fee=1_00)),
    "more included": lambda world, one: one.change(
        new_plan("m", fee=30_00, included_credits=500), at_once=True
    ),
    "to post-paid": lambda world, one: one.change(_post_paid("p", fee=30_00), at_once=True),
    "another currency, later": lambda world, one: one.change(
        new_plan("e", fee=30_00, currency="EUR")
    ),
    "for a time": lambda world, one: one.change(
        new_plan("t", fee=30_00, lasts_days=3), at_once=True
    ),
    "with connections in credits": lambda world, one: one.change(
        new_plan("c", fee=30_00, connection_credits=0, connection_fee=3_00), at_once=True
    ),
    "cancelled": lambda world, one: subscribing.cancel(one.subscription),
    "not paid, so that it falls": _fails,
}


@pytest.mark.parametrize("name", CHANGES)
def test_promise_9_no_change_of_plan_touches_credits_that_were_bought(
    world: World, name: str
) -> None:
    one = world.subscriber()
    one.start(_post_paid("now", fee=30_00, included_credits=100, rollover_credits=50))
    lots = [one.buys(1000, "100.00"), one.buys(500, "80.00")]
    before = _bought(one, lots)
    CHANGES[name](world, one)
    world.run()
    assert _bought(one, lots) == before
    for month in (2, 3, 4):
        world.go(2031, month, 20)
        assert _bought(one, lots) == before
    one.uses(200)


def _bought(one: Subscriber, lots: list[Any]) -> list[Any]:
    found = Lot.objects.filter(customer=one.id, id__in=lots).order_by("seq")
    columns = ("units", "remaining", "price", "currency", "expires_at", "priority", "open")
    return list(found.values_list(*columns))


def test_prices_are_of_the_plan_s_group_while_it_lasts(world: World) -> None:
    group = PriceGroup.objects.create(name="Gold")
    one = world.subscriber()
    one.start(new_plan("gold", price_group="Gold"))
    assert PriceTerms.objects.get(customer=one.id).group == group
    one.change(new_plan("plain"), at_once=True)
    assert PriceTerms.objects.get(customer=one.id).group is None
