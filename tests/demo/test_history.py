"""The past that is made at the first start adds up, and is made once, whole or not at all."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.state import BASE_DIR
from tests.config.service import Service, environment
from tests.demo.company import command, rows, started

DAYS = 70
# The hourly rounds make revenue of what was used, whenever they come to it.
# With open holds: one that expires meanwhile is entered as a call.
COUNTS = """
select (select count(*) from ledger_reservation) as calls,
    (select count(*) from ledger_transfer where kind not in ('usage', 'usage-back')) as transfers,
    (select count(*) from ledger_lot) as lots,
    (select count(*) from accounts_customer) as customers
"""
BY_MONTH = """
select to_char(created_at, 'YYYY-MM') as month, count(*) as calls, sum(committed) as used
from ledger_call group by 1 order by 1
"""
PARTITIONS = """
select tableoid::regclass::text as name, to_char(min(created_at), '"y"YYYY"m"MM') as first,
    to_char(max(created_at), '"y"YYYY"m"MM') as last
from ledger_call group by 1
"""
# Each pack with its price, and with the cash that was entered for it.
PACKS = """
select distinct units / 1000000 as credits, price, t.amount as cash, currency,
    expires_at - issued_at between '364 days' and '365 days' as valid_a_year
from ledger_lot l join ledger_transfer t
    on t.customer_id = l.customer_id and t.lot_id = l.id and t.debit = '1000' and t.credit = '2100'
where l.kind = 'paid' order by 1
"""
ON_SALE = """
select credits / 1000000 as credits, validity_days, price_currency as currency, price
from billing_pack p join billing_packprice on pack_id = p.id order by 1, 3
"""
MISDATED = """
select id from ledger_call
where created_at > now() or ended_at < created_at
    or abs(extract(epoch from created_at - uuid_extract_timestamp(id))) > 5
"""
# Keys that would say another time than that of their last call.
NOT_NOTED = """
select count(*) as keys from accounts_apikey k
    join (select api_key_id, max(created_at) as last from ledger_call group by 1) c
        on c.api_key_id = k.id
where k.last_used_at is null or k.last_used_at < c.last
"""
DEFAULT_SHIFT = timedelta(0)


@pytest.fixture(scope="module")
def service(state: Path) -> Iterator[Service]:
    with started(state, days=DAYS) as service:
        yield service


def books_tie(state: Path) -> bool:
    verify = [sys.executable, "manage.py", "verify_ledger"]
    return subprocess.run(verify, cwd=BASE_DIR, env=environment(state)).returncode == 0


def test_what_was_bought_is_still_on_sale(service: Service, state: Path) -> None:
    sold = rows(state, ON_SALE)
    assert [(one["credits"], one["currency"], one["price"]) for one in sold] == [
        (5_000, "EUR", 23),
        (5_000, "USD", 25),
        (25_000, "EUR", 92),
        (25_000, "USD", 100),
        (150_000, "EUR", 460),
        (150_000, "USD", 500),
    ]
    assert {one["validity_days"] for one in sold} == {365}


def test_the_books_tie_and_the_clock_stands_at_zero(service: Service, state: Path) -> None:
    assert books_tie(state)
    assert rows(state, "select shift from ledger_clock") == [{"shift": DEFAULT_SHIFT}]


def test_every_month_has_its_calls(service: Service, state: Path) -> None:
    months = rows(state, BY_MONTH)
    began = datetime.now(UTC) - timedelta(days=DAYS - 2)
    assert months[0]["month"] == began.strftime("%Y-%m")
    assert len(months) >= 3
    assert sum(month["calls"] for month in months) > 2_000
    assert all(month["used"] > 0 for month in months)
    whole = months[1:-1]
    assert whole == sorted(whole, key=lambda month: month["used"])


def test_keys_say_when_they_were_last_used(service: Service, state: Path) -> None:
    assert rows(state, NOT_NOTED) == [{"keys": 0}]


def test_every_call_lies_in_the_partition_of_its_month(service: Service, state: Path) -> None:
    for partition in rows(state, PARTITIONS):
        assert partition["first"] == partition["last"] == partition["name"].rsplit("_", 1)[-1]
    assert rows(state, MISDATED) == []


def test_packs_were_bought_for_their_prices(service: Service, state: Path) -> None:
    assert [tuple(pack.values()) for pack in rows(state, PACKS)] == [
        (5_000, 2_500, 2_500, "USD", True),
        (25_000, 10_000, 10_000, "USD", True),
        (150_000, 50_000, 50_000, "USD", True),
    ]


def test_all_kinds_of_things_happened(service: Service, state: Path) -> None:
    states = {row["state"] for row in rows(state, "select distinct state from ledger_call")}
    assert states == {"committed", "released", "expired", "reversed"}
    outcomes = {row["outcome"] for row in rows(state, "select distinct outcome from ledger_call")}
    assert outcomes == {"success", "client_error", "server_error", None}
    kinds = {row["kind"] for row in rows(state, "select distinct kind from ledger_transfer")}
    assert kinds - {"usage", "usage-back"} == {"grant", "commit", "reverse", "expire"}
    lots = {row["kind"] for row in rows(state, "select distinct kind from ledger_lot")}
    assert lots == {"paid", "promo", "goodwill"}


def test_a_first_start_that_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    tmp_path.parent.chmod(0o755)
    state = tmp_path / "state"
    service = Service(state, command(days=DAYS, calls=0))
    while "Loading the demo company" not in service.said():
        time.sleep(0.02)
    time.sleep(1)
    tree = service.tree()
    service.process.send_signal(signal.SIGKILL)
    service.assert_gone(tree)
    with started(state, days=DAYS) as service:
        assert rows(state, "select shift from ledger_clock") == [{"shift": DEFAULT_SHIFT}]
        (first,) = rows(state, COUNTS)
        # The house is one more.
        assert (first["customers"], first["calls"] > 2_000) == (11, True)
        assert books_tie(state)
    with started(state, days=DAYS) as service:
        assert rows(state, COUNTS) == [first]
