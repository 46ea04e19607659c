"""Whoever has not paid gets no more credit before the invoice is paid."""

from decimal import Decimal
from typing import Any

import pytest

from billing.models import InvoiceState, OnFailure, Overage, Plan, SandboxCard
from billing.plans import subscribing
from billing.plans.errors import InvoiceUnpaid
from ledger.models import Wallet
from tests.billing.plans.world import Subscriber, World, new_plan


def _lender(**more: Any) -> Plan:
    lends = {"overage": Overage.POST_PAID, "credit_limit": 1000, "overage_price": Decimal("0.1")}
    return new_plan(**lends | {"retry_days": [1]} | more)


def _card_is(one: Subscriber, last4: str) -> None:
    assert one.card is not None
    SandboxCard.objects.filter(ref=one.card.ref).update(last4=last4)


def _owes(world: World, one: Subscriber) -> None:
    one.uses(500)
    _card_is(one, "9995")
    for day in (10, 11, 12):
        world.go(2031, 2, day, day + 1)
    assert one.states() == ["failed"]


def test_who_fell_back_pays_before_the_credit_is_there_again(world: World) -> None:
    one = world.subscriber()
    plan, free = _lender(), new_plan()
    one.start(_lender(on_failure=OnFailure.FALL_BACK, fallback=free))
    _owes(world, one)
    for wanted in (plan, new_plan(included_credits=10)):
        for at_once in (True, False):
            with pytest.raises(InvoiceUnpaid):
                one.change(wanted, at_once=at_once)
    assert one.subscription.plan == free
    _card_is(one, "4242")
    subscribing.use_card(one.subscription, one.card)
    world.run()
    one.change(plan, at_once=True)
    assert (one.states(), one.subscription.plan) == ([InvoiceState.PAID], plan)


def test_who_left_without_paying_pays_before_beginning_again(world: World) -> None:
    one = world.subscriber()
    plan = _lender(on_failure=OnFailure.SUSPEND_KEYS)
    one.start(plan)
    subscribing.cancel(one.subscription)
    _owes(world, one)
    with pytest.raises(InvoiceUnpaid):
        one.start(plan)
    # Nor does another try with a card that is declined help.
    subscribing.use_card(one.subscription, one.card)
    with pytest.raises(InvoiceUnpaid):
        one.start(plan)
    assert Wallet.objects.get(customer=one.id).credit_limit == 0
