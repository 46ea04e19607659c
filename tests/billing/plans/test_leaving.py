"""Who leaves a plan that lends credit keeps what is in use of it and no more, and owes it at that
plan's price."""

from datetime import date
from decimal import Decimal
from typing import Any

from billing.models import OnFailure, Overage, Plan, SandboxCard
from billing.plans import subscribing
from ledger import limits
from ledger.amounts import CREDIT
from ledger.models import Wallet
from tests.billing.plans.world import Subscriber, World, new_plan
from tests.factories.ledger import Book


def _lender(credit_limit: int = 1000, **more: Any) -> Plan:
    lends = {"overage": Overage.POST_PAID, "overage_price": Decimal("0.1")}
    return new_plan(**lends | {"credit_limit": credit_limit} | more)


def _limit(one: Subscriber) -> int:
    return Wallet.objects.get(customer=one.id).credit_limit // CREDIT


def _declines(one: Subscriber) -> None:
    assert one.card is not None
    SandboxCard.objects.filter(ref=one.card.ref).update(last4="9995")


def test_a_hold_that_is_open_at_the_end_keeps_no_more_than_it_holds(world: World) -> None:
    one = world.subscriber()
    one.start(_lender())
    subscribing.cancel(one.subscription)
    world.calendar.go(date(2031, 2, 9), 23)
    hold = Book(one.id).reserve(20 * CREDIT, expires_in=86400)
    world.go(2031, 2, 10)
    assert (one.subscription.state, _limit(one), one.try_to_use(1).ok) == ("ended", 20, False)
    Book(one.id).commit(hold)
    assert one.totals() == []
    world.run()
    assert (one.totals(), one.states(), _limit(one)) == ([2_00], ["paid"], 0)
    assert one.subscription.applied
    assert one.money()["4100"] == -2_00


def test_a_hold_that_is_given_back_is_owed_by_nobody(world: World) -> None:
    one = world.subscriber()
    one.start(_lender())
    hold = Book(one.id).reserve(20 * CREDIT)
    one.change(new_plan(), at_once=True)
    assert _limit(one) == 20
    Book(one.id).release(hold)
    world.run()
    assert (one.totals(), _limit(one), one.subscription.applied) == ([], 0, True)


def test_a_smaller_limit_is_in_force_as_soon_as_it_can_be(world: World) -> None:
    """And what the larger one lent is owed at its price, the rest at its own."""
    one = world.subscriber()
    one.start(_lender(fee=10_00))
    one.change(_lender(10, fee=10_00, overage_price=Decimal("0.5")))
    world.calendar.go(date(2031, 2, 9), 23)
    hold = Book(one.id).reserve(20 * CREDIT, expires_in=86400)
    world.go(2031, 2, 10)
    assert (_limit(one), one.try_to_use(1).ok) == (20, False)
    Book(one.id).commit(hold)
    world.run()
    assert (_limit(one), one.totals()) == (10, [10_00, 10_00, 2_00])
    one.uses(10)
    world.go(2031, 3, 10)
    assert one.totals()[3:] == [15_00]


def test_what_was_left_is_settled_before_another_plan_s_credits_come(world: World) -> None:
    one = world.subscriber()
    one.start(_lender())
    subscribing.cancel(one.subscription)
    world.calendar.go(date(2031, 2, 9), 23)
    hold = Book(one.id).reserve(20 * CREDIT, expires_in=86400)
    world.go(2031, 2, 10)
    Book(one.id).commit(hold)
    one.start(new_plan(included_credits=100))
    assert (one.totals(), one.available(), _limit(one)) == ([2_00], 100, 0)


def test_who_falls_back_owes_overage_at_the_price_it_was_used_at(world: World) -> None:
    slow = [{"scope": "key", "kind": "rate", "calls": 10, "per": "minute"}]
    free = new_plan(limits=slow)
    one = world.subscriber()
    falls = {"on_failure": OnFailure.FALL_BACK, "fallback": free, "retry_days": [1]}
    one.start(_lender(fee=10_00, **falls))
    _declines(one)
    world.go(2031, 2, 10)
    one.uses(100)
    hold = Book(one.id).reserve(50 * CREDIT, expires_in=2 * 86400)
    world.go(2031, 2, 11, 11)
    world.go(2031, 2, 11, 13)
    assert one.subscription.plan == free
    assert (one.totals(), one.states()[:2]) == ([10_00, 10_00, 10_00], ["paid", "failed"])
    # A limit in use keeps nothing else of the plan from being in force.
    assert [standing.limit.every for standing in limits.of(one.id)] == [6_000_000]
    assert (_limit(one), one.try_to_use(1).ok) == (50, False)
    Book(one.id).release(hold)
    world.run()
    assert (_limit(one), one.subscription.applied) == (0, True)
