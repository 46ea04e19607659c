"""Months of a customer's zone, and what lies between two bounds of a price."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from billing.backtest.months import Bounds, Months, start_of
from ledger.prices.pricing import Billed, Price, Tier, Unit

NANO = 10**9


@pytest.mark.parametrize(
    ("at", "zone", "month", "begins"),
    [
        ("2026-11-01T03:59", "America/New_York", (2026, 10), "2026-10-01T04:00"),
        ("2026-11-01T04:00", "America/New_York", (2026, 11), "2026-11-01T04:00"),
        ("2026-12-01T04:59", "America/New_York", (2026, 11), "2026-11-01T04:00"),
        ("2026-12-01T05:00", "America/New_York", (2026, 12), "2026-12-01T05:00"),
        ("2026-02-28T10:00", "Pacific/Kiritimati", (2026, 3), "2026-02-28T10:00"),
        ("2024-02-29T23:59", "UTC", (2024, 2), "2024-02-01T00:00"),
        ("2026-03-31T22:00", "Europe/Vienna", (2026, 4), "2026-03-31T22:00"),
    ],
)
def test_months_begin_where_the_customer_is(at, zone, month, begins):
    instant = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert Months(ZoneInfo(zone)).of(instant) == date(*month, 1)
    assert start_of(instant, ZoneInfo(zone)) == datetime.fromisoformat(begins).replace(tzinfo=UTC)


def test_calls_out_of_order_are_of_their_own_month():
    months = Months(ZoneInfo("UTC"))
    for month in (3, 4, 3, 12, 1):
        assert months.of(datetime(2026, month, 28, tzinfo=UTC)) == date(2026, month, 1)


def test_between_two_bounds():
    tiers = (Tier("10", 3), Tier("20.5", 2), Tier(None, 1))
    units = (Unit("calls", free="5", mode="volume", tiers=tiers), Unit("flat", amount=1))
    bounds = Bounds.of(Price(1, "c", 0, units, None, None, "e", 1, "", "", Billed()))
    assert bounds.names == ("calls",)
    assert bounds.amounts({"flat": "3"}) == [NANO]

    def between(had, more=1):
        return bounds.between([int(had * NANO)], [int(more * NANO)])

    assert between(0) == between(4) == (0,)
    assert between(4.5) is None
    assert between(5) == between(14) == (1,)
    assert between(15) == between(24.5) == (2,)
    assert between(24.6) is None
    assert between(25.5) == between(10**6) == (3,)
    assert between(0, 100) is None
