"""Whatever comes twice, late, in another order or never: the same credits and money in the end."""

from random import Random

import pytest

from billing.models import Payment, ProviderEvent
from billing.reconciliation import reconcile
from tests.billing.stripe.account import FEE_FIXED, FEE_PER_MILLE
from tests.billing.stripe.conftest import credits, deliver, money

BOUGHT, PRICE = 8, 100_00
FEE = PRICE * FEE_PER_MILLE // 1000 + FEE_FIXED
DISPUTE_FEE = 15_00


@pytest.fixture
def story(account, buy):
    """Eight purchases: two refunded in parts, one wholly; two disputes, one after a refund."""
    payments = [account.pay(buy().provider_ref)["id"] for _ in range(BOUGHT)]
    for amount in (10_00, 20_00, 5_00):
        account.refund(payments[0], amount)
    account.refund(payments[1], 33_00)
    account.refund(payments[2], PRICE)
    account.close_dispute(account.dispute(payments[3])["id"], won=True)
    account.refund(payments[4], 40_00)
    account.close_dispute(account.dispute(payments[4])["id"], won=False)
    return payments


def check(buyer):
    refunded = 35_00 + 33_00 + PRICE + 40_00
    lost = 60_00
    # A credit is ten cents, and none was used.
    assert credits(buyer) == (BOUGHT * 1000 - (refunded + lost) // 10, 0)
    assert money(buyer) == {
        "1000": BOUGHT * (PRICE - FEE) - refunded - lost - DISPUTE_FEE,
        "2100": -BOUGHT * PRICE + refunded + lost,
        "6100": BOUGHT * FEE,
        "6200": DISPUTE_FEE,
    }
    left = sorted(payment.left for payment in Payment.objects.all())
    assert left == sorted([65_00, 67_00, 0, PRICE, 0, PRICE, PRICE, PRICE])


@pytest.mark.parametrize("seed", range(6))
def test_events_come_shuffled_and_three_times(account, buyer, story, seed):
    account.events *= 3
    Random(seed).shuffle(account.events)
    assert set(deliver(account)) == {200}
    check(buyer)
    assert not ProviderEvent.objects.filter(state__in=["parked", "received", "refused"]).exists()


@pytest.mark.parametrize("seed", range(4))
def test_two_in_three_are_lost_and_found(account, buyer, story, seed):
    chance = Random(seed)
    account.events = chance.sample(account.events, len(account.events) // 3)
    assert set(deliver(account)) == {200}
    assert reconcile()["failed"] == 0
    check(buyer)
    reconcile()
    check(buyer)
    assert not ProviderEvent.objects.filter(state__in=["parked", "received"]).exists()
