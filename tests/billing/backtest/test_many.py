"""A month of calls: here a few thousand, in the full form (`make soak`) a million, which take less
than a minute, and no more memory than a few."""

import resource
import time
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from django.utils import timezone

from accounts.models import Customer
from billing.backtest import asking, results, running
from billing.backtest.months import start_of
from billing.books.scenarios.database import throw_away
from ledger.models import Lot, Price
from ledger.prices.pricing import Tier, Unit
from tests.billing.backtest.calls import CREDIT, Caller, card, change, endpoint
from tests.factories.ledger import Book

MONTH = datetime(2025, 3, 1, tzinfo=UTC)
NOW = datetime(2025, 4, 1, tzinfo=UTC)


class Size(NamedTuple):
    customers: int
    calls: int  # of each


SHORT, FULL = Size(4, 600), Size(500, 2000)

# One every 20 minutes: each third is by tokens, each tenth failed by our fault and was free.
CALLS = """
insert into ledger_call (customer_id, id, state, ended_as, amount, lots, split, used, committed,
    created_at, reserved_until, expires_at, ended_at, overrun, outcome, price_id, quantities)
select customer_id, id, 'committed', 'committed', amount, array[lot_id], array[amount],
    array[taken], taken, at, at, at, at, 'reject', outcome, price_id, quantities
from (
    select l.customer_id, l.id as lot_id, at, outcome, price_id, quantities, amount,
        case outcome when 'success' then amount else 0 end as taken,
        (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '70008000'
            || lpad(to_hex(n), 12, '0'))::uuid as id
    from ledger_lot l, generate_series(1, %(calls)s) n,
    lateral (select
        %(month)s + n * interval '20 minutes' as at,
        case when n %% 10 = 0 then 'server_error' else 'success' end as outcome,
        case when n %% 3 = 0 then %(by_token)s else %(by_call)s end as price_id,
        case when n %% 3 = 0 then json_build_object('tokens', (n %% 500)::text)::jsonb end
            as quantities,
        case when n %% 3 = 0 then (n %% 500) * 1000 else 1000000 end as amount) made
) calls
"""


class World(NamedTuple):
    by_call: object
    by_token: object
    old: object


@pytest.fixture
def elsewhere(django_db_setup, django_db_blocker):
    """In a database of its own."""
    with django_db_blocker.unblock(), throw_away():
        yield


def play(size):
    """Half of the customers have paid a cent a credit, the others two."""
    by_call, by_token = endpoint("by-call"), endpoint("by-token")
    tokens = Unit("tokens", size=1000, amount=CREDIT)
    lines = {by_call: {"per_call": CREDIT}, by_token: {"units": [tokens]}}
    old = card("old", lines, published=True)
    for number in range(size.customers):
        book = Book(Customer.objects.create(name=f"Customer {number}").id)
        price = size.calls * (1 + number % 2)
        book.grant(size.calls * CREDIT, "paid", price=price, currency="USD")
    ids = dict(Price.objects.values_list("endpoint__code", "id"))
    told = {"by_call": ids["by-call"], "by_token": ids["by-token"], "calls": size.calls}
    with connections["owner"].cursor() as cursor:
        cursor.execute("select ledger_make_partitions(%s, %s)", [MONTH, NOW])
        cursor.execute("update ledger_clock set shift = %s - clock_timestamp()", [NOW])
        cursor.execute(CALLS, told | {"month": MONTH})
        cursor.execute("analyze ledger_call, ledger_lot")
    assert Lot.objects.count() == size.customers
    return World(by_call, by_token, old)


def drafts(world):
    """One of prices that depend on nothing, and one of tiers and quotas."""
    tokens = Unit("tokens", size=1000, amount=2 * CREDIT)
    flat = {world.by_call: {"per_call": CREDIT // 2}, world.by_token: {"units": [tokens]}}
    calls = Unit("calls", mode="graduated", tiers=(Tier("100", CREDIT), Tier(None, CREDIT // 2)))
    tokens = Unit("tokens", size=1000, amount=CREDIT, free="10000")
    month = {world.by_call: {"units": [calls]}, world.by_token: {"units": [tokens]}}
    return card("flat", flat), card("month", month)


def run(rate_card):
    asked = asking.ask(rate_card, days=31)
    running.begin(asked)
    running.run_and_keep(asked)
    return asked


def by_hand(size):
    """Of one customer: the calls by call that count, and the tokens of the others, in order."""
    counted = [n for n in range(1, size.calls + 1) if n % 10]
    return len([n for n in counted if n % 3]), [n % 500 for n in counted if n % 3 == 0]


def assert_as_by_hand(world, asked_flat, asked_month, size):
    calls, tokens = by_hand(size)
    many = size.customers
    flat = {one.name: one for one in results.by_endpoint(asked_flat)}
    assert flat["by-call"].before == many * calls * CREDIT
    assert flat["by-call"].after == many * calls * CREDIT // 2
    assert flat["by-token"].before == many * sum(tokens) * 1000
    assert flat["by-token"].after == many * sum(tokens) * 2000
    month = {one.name: one for one in results.by_endpoint(asked_month)}
    first = min(calls, 100)
    assert month["by-call"].after == many * (first * CREDIT + (calls - first) * CREDIT // 2)
    assert month["by-token"].after == many * max(sum(tokens) - 10_000, 0) * 1000
    # A credit cost 1 or 2 hundredths of a cent, so 1.5 on average.
    change = flat["by-call"].change + flat["by-token"].change
    assert results.totals(asked_flat).money_change == {"USD": round(change * 1.5 / CREDIT)}


def test_a_month_by_hand(elsewhere):
    world = play(SHORT)
    flat, month = map(run, drafts(world))
    assert_as_by_hand(world, flat, month, SHORT)
    same = results.totals(run(world.old))
    assert same.before == same.after
    assert same.calls == SHORT.customers * SHORT.calls


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue"])
def test_months_begin_in_the_zone_of_the_customer(elsewhere, zone):
    """Of two calls, one of last month there has not used the quota of this month."""
    one = endpoint()
    caller = Caller.new(card("old", {one: {"per_call": 2 * CREDIT}}, published=True))
    caller.call(one)
    caller.call(one)
    new = card("new", {one: {"units": [Unit("calls", amount=4 * CREDIT, free="1")]}})
    Customer.objects.filter(id=caller.id).update(time_zone=zone)
    begins = start_of(timezone.now(), ZoneInfo(zone))
    move_first_call(begins)
    assert change(new, days=40) == (4, 4)
    move_first_call(begins - timedelta(seconds=1))
    assert change(new, days=40) == (4, 0)


def move_first_call(to):
    with connections["owner"].cursor() as cursor:
        first = "(select id from ledger_call order by id limit 1)"
        cursor.execute(f"update ledger_call set created_at = %s where id = {first}", [to])


@pytest.mark.soak
def test_a_million_calls_take_less_than_a_minute(elsewhere):
    world = play(FULL)
    flat, month = drafts(world)
    run_timed("warm-up", card("tiny", {world.by_call: {"per_call": 1}}), days=1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    asked = [run_timed(one.name, one) for one in (flat, month)]
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"{grown / 1000:.1f} MB more")
    assert grown < 50_000, f"{grown} kB"
    assert_as_by_hand(world, *asked, FULL)


def run_timed(name, rate_card, days=31):
    started, worked = time.monotonic(), time.process_time()
    asked = asking.ask(rate_card, days=days)
    running.begin(asked)
    running.run_and_keep(asked)
    took = time.monotonic() - started
    worked = time.process_time() - worked
    print(f"{name}: {asked.calls_done} calls in {took:.1f} s, of which {worked:.1f} s are ours")
    assert took < 60
    return asked
