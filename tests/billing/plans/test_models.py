"""The models sold today are settings: each comes out right to the cent over three months.

It begins at noon of 10 January 2031; periods end at midnight of the tenth. Money is debits positive
by account: 1000 cash, 1100 receivable, 2100 deferred, 2120 fees in advance, 2200 tax, 4100 usage
and 4110 fees.
"""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing.models import BillingProfile, Overage, Plan, TaxRate
from tests.billing.plans.world import Subscriber, World, new_plan
from tests.factories.accounts import ApiKeyFactory
from tests.factories.billing import new_pack


def test_pay_per_call(world: World) -> None:
    """No fee: packs are bought, and used."""
    one = world.subscriber()
    one.start(new_plan("pay-per-call"))
    one.buys(1000, "100.00")
    for month in (2, 3, 4):
        one.uses(100)
        world.go(2031, month, 10)
    assert (one.available(), one.invoices()) == (700, [])
    assert one.money() == {"1000": 100_00, "2100": -70_00, "4100": -30_00}


def test_per_connection(world: World) -> None:
    """USD 20.00 a month for each application that is connected; the first is free."""
    one = world.subscriber()
    one.start(new_plan("connections", connection_fee=20_00, connections_included=1))
    keys = [ApiKeyFactory(customer=one.customer).key for _ in range(3)]
    world.go(2031, 2, 10)
    keys[0].revoked_at = datetime(2031, 2, 20, tzinfo=UTC)
    keys[0].save()
    world.go(2031, 3, 10)
    world.go(2031, 4, 10)
    # Three of them in two months, the one that was revoked within the second included; then two.
    assert one.totals() == [40_00, 40_00, 20_00]
    assert set(one.states()) == {"paid"}
    assert one.money() == {"1000": 100_00, "4110": -100_00}


def test_connections_that_cost_credits(world: World) -> None:
    """50 credits a month each, of those that the plan includes."""
    one = world.subscriber()
    one.start(new_plan("connected", fee=10_00, included_credits=200, connection_credits=50))
    for _ in range(2):
        ApiKeyFactory(customer=one.customer)
    one.buys(1000, "100.00")
    one.uses(100)
    # What is included has ended when the month's connections are counted: packs pay for them.
    world.go(2031, 2, 10)
    assert one.available() == 200 + 1000 - 100
    world.go(2031, 3, 10)
    world.go(2031, 4, 11)
    assert one.available() == 200 + 1000 - 300
    assert one.money() == {
        "1000": 140_00,
        "2100": -70_00,
        "2120": -9_67,
        "4100": -30_00,
        "4110": -30_33,
    }


def test_subscription_with_allowance(world: World) -> None:
    """USD 50.00 a month with 1,000 credits; 200 of them roll over. Tax is 20 %."""
    one = world.subscriber()
    _taxed(one)
    one.start(new_plan("allowance", fee=50_00, included_credits=1000, rollover_credits=200))
    one.uses(900)
    world.go(2031, 2, 10)
    assert one.available() == 1100  # 100 rolled over
    one.uses(600)
    world.go(2031, 3, 10)
    assert one.available() == 1200  # 500 were left: 200 rolled over
    world.go(2031, 4, 10)
    assert one.available() == 1200
    assert one.try_to_use(1201).code == "insufficient-credits"
    assert one.totals() == [60_00] * 4
    # Fees are earned day by day: of the fourth month, none is over yet.
    assert one.money() == {"1000": 240_00, "2120": -50_00, "2200": -40_00, "4110": -150_00}
    world.go(2031, 4, 11)
    assert one.money()["4110"] == -(150_00 + 1_67)


@pytest.mark.parametrize("overage", list(Overage))
def test_hybrid_with_overage(world: World, overage: Overage) -> None:
    """USD 30.00 with 500 credits; 800 are asked for each month. What goes beyond is refused, or
    bought from a pack by itself, or invoiced at USD 0.15 a credit."""
    one = world.subscriber()
    one.start(_hybrid(overage))
    refused = 0
    for month in (2, 3, 4):
        for _ in range(8):
            if one.try_to_use(100).ok:
                world.run()
            else:
                refused += 1
        world.go(2031, month, 10)
    money = one.money()
    fees = {"2120": -30_00, "4110": -90_00}
    match overage:
        case Overage.STOP:
            assert (refused, one.available()) == (9, 500)
            assert money == {"1000": 120_00} | fees
            assert one.totals() == [30_00] * 4
        case Overage.TOP_UP:
            # 300 a month are used of packs of 400 for USD 40.00: at 100 credits one is bought.
            assert refused == 0
            bought = one.charged() - 120_00
            packs, left = divmod(bought, 40_00)
            assert left == 0
            assert one.available() == 500 + packs * 400 - 900
            assert (
                money
                == {
                    "1000": 120_00 + bought,
                    "2100": -(bought - 90_00),
                    "4100": -90_00,
                }
                | fees
            )
        case Overage.POST_PAID:
            assert (refused, one.available()) == (0, 500)
            assert one.totals() == [30_00, 75_00, 75_00, 75_00]
            assert money == {"1000": 255_00, "4100": -135_00} | fees


def test_post_paid_stops_at_exactly_its_limit(world: World) -> None:
    one = world.subscriber()
    one.start(_hybrid(Overage.POST_PAID))
    one.uses(1500)
    assert (one.available(), one.try_to_use(1).code) == (-1000, "insufficient-credits")
    world.go(2031, 2, 10)
    assert one.available() == 500
    assert one.totals() == [30_00, 180_00]


def test_free_tier(world: World) -> None:
    """100 credits a month, no card, for as long as one likes."""
    one = world.subscriber(has_card=False)
    one.start(new_plan("free", included_credits=100))
    for month in (2, 3, 4):
        one.uses(60)
        assert one.try_to_use(41).code == "insufficient-credits"
        world.go(2031, month, 10)
    assert (one.available(), one.invoices(), one.money()) == (100, [], {})


def test_free_tier_for_a_time(world: World) -> None:
    """14 days for nothing; then the plan that costs USD 25.00 begins, from its own day on."""
    pro = new_plan("pro", fee=25_00, included_credits=1000)
    one = world.subscriber()
    one.start(new_plan("trial", included_credits=50, lasts_days=14, followed_by=pro))
    assert one.subscription.period_end == datetime(2031, 1, 24, tzinfo=UTC)
    one.uses(20)
    world.go(2031, 1, 24)
    assert (one.subscription.plan, one.available()) == (pro, 1000)
    assert one.subscription.period_end == datetime(2031, 2, 24, tzinfo=UTC)
    world.go(2031, 2, 24)
    world.go(2031, 3, 24)
    world.go(2031, 4, 10)
    assert one.totals() == [25_00] * 3
    # Two months and 17 of 31 days.
    assert one.money() == {"1000": 75_00, "2120": -(25_00 - 13_71), "4110": -(50_00 + 13_71)}


def test_free_tier_that_ends(world: World) -> None:
    one = world.subscriber(has_card=False)
    one.start(new_plan("taste", included_credits=50, lasts_days=30))
    world.go(2031, 2, 9)
    assert (one.subscription.state, one.available()) == ("ended", 0)
    assert one.told() == ["subscription.started", "subscription.ended"]


def test_committed_contract(world: World) -> None:
    """A year, USD 500.00 a month at least, USD 0.10 a credit, on the invoice."""
    one = world.subscriber()
    plan = new_plan(
        "contract",
        overage=Overage.POST_PAID,
        credit_limit=100_000,
        overage_price=Decimal("0.1"),
        minimum_spend=500_00,
        term_months=12,
    )
    one.start(plan)
    assert one.subscription.committed_until == datetime(2032, 1, 10, tzinfo=UTC)
    one.uses(3000)
    world.go(2031, 2, 10)
    one.uses(7000)
    world.go(2031, 3, 10)
    world.go(2031, 4, 10)
    # USD 300.00 were used, 700.00, and nothing.
    assert one.totals() == [500_00, 700_00, 500_00]
    assert [(one.overage, one.arrears) for one in one.invoices()] == [
        (300_00, 200_00),
        (700_00, 0),
        (0, 500_00),
    ]
    assert one.money() == {"1000": 1700_00, "4100": -1000_00, "4110": -700_00}


def _taxed(one: Subscriber) -> None:
    BillingProfile.objects.create(customer=one.customer, country="AT")
    TaxRate.objects.get_or_create(
        name="VAT", country="AT", percent=20, effective_from=datetime(2020, 1, 1, tzinfo=UTC)
    )


def _hybrid(overage: Overage) -> Plan:
    more: dict[str, object] = {}
    if overage == Overage.TOP_UP:
        pack = new_pack(400, "40.00", active_from=datetime(2020, 1, 1, tzinfo=UTC))
        more = {
            "top_up_pack": pack,
            "top_up_threshold": 100,
            "top_up_target": 300,
            "top_up_cap": 1000_00,
        }
    if overage == Overage.POST_PAID:
        more = {"credit_limit": 1000, "overage_price": Decimal("0.15")}
    return new_plan("hybrid", fee=30_00, included_credits=500, overage=overage, **more)
