"""The dashboard reads nothing of history, however long it is."""

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from statistics import median
from typing import Any, Final, NamedTuple

import psutil
import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from accounts.models import Customer, User
from billing.books.scenarios.database import throw_away
from billing.dashboard import call_figures, spans
from ledger import company_sums, services

DAYS: Final = 190
MOST_MS: Final = 300
TIMES: Final = 10


class Size(NamedTuple):
    customers: int
    transfers: int
    holds: int
    counts: int  # rows of answers
    kinds: int  # sums of an hour


SHORT: Final = Size(20, 20_000, 50, 2_000, 1)
FULL: Final = Size(2_000, 5_000_000, 20_000, 300_000, 20)

# As the core writes them, over the last days: calls, revenue, grants and expiries. A customer's
# versions have no gaps.
_TRANSFERS: Final = """
insert into ledger_transfer (customer_id, id, transaction_id, version, unit, debit, credit, amount,
    kind, posted_at, balance_after)
select customer_id, id, id, version, case kind when 'usage' then 'USD' else 'CR' end,
    case kind when 'usage' then '2100' when 'grant' then 'U10' else 'U20' end,
    case kind when 'usage' then '4100' when 'grant' then 'U20' when 'expire' then 'U31'
        else 'U30' end,
    1000000, kind, at, 0
from (
    select w.customer_id, n / %(customers)s + 1 as version, at,
        (left(ledger_id_floor(at)::text, 14) || '7' || substr(gen_random_uuid()::text, 16))::uuid
            as id,
        case when n %% 50 = 0 then 'grant' when n %% 50 = 1 then 'expire'
            when n %% 7 = 0 then 'usage' else 'commit' end as kind
    from (
        select n, ledger_now()
            - make_interval(secs => %(seconds)s * (1 - n::float8 / %(transfers)s)) as at
        from generate_series(0, %(transfers)s - 1) n
    ) t join (
        select customer_id, row_number() over (order by customer_id) - 1 as nth from ledger_wallet
        where customer_id in (select id from accounts_customer where name like 'Speed %%')
    ) w on w.nth = n %% %(customers)s
) x
"""
_WALLETS: Final = """
update ledger_wallet w set version = t.version from (
    select customer_id, max(version) as version from ledger_transfer group by 1) t
where t.customer_id = w.customer_id
"""
_SUMS: Final = """
insert into ledger_sum_hour select h, 'CR', 'U20', 'U30', 'kind ' || k, false, 1, 1000000
from generate_series(
        date_trunc('hour', ledger_now()) - interval '180 days', ledger_now(), '1 hour') h,
    generate_series(1, %(kinds)s) k
"""
_COUNTS: Final = """
insert into ledger_answercount (since, operation, reason, count)
select date_bin('5 minutes', ledger_now(), '2000-01-01Z') - n / 12 * interval '5 minutes',
    'debit', 'reason ' || n %% 12, 9
from generate_series(0, %(counts)s - 1) n
"""
_HOLDS: Final = """
insert into ledger_hold (customer_id, id, amount, lots, split, expires_at, created_at,
    reserved_until, overrun, available_after, held_after, frozen_after)
select (select id from accounts_customer where name = 'Speed 1'), gen_random_uuid(), 1000000,
    '{}', '{}', ledger_now() + interval '1 day', ledger_now(), ledger_now(), 'reject', 0, 0, 0
from generate_series(1, %(holds)s)
"""


@pytest.fixture
def elsewhere(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """In a database of its own."""
    with django_db_blocker.unblock(), throw_away():
        yield


def fill(size: Size) -> None:
    made = Customer.objects.bulk_create(
        Customer(name=f"Speed {number}") for number in range(size.customers)
    )
    for number in range(0, len(made), 500):
        services.refresh_all([one.id for one in made[number : number + 500]])
    asked = size._asdict() | {"seconds": timedelta(days=DAYS).total_seconds()}
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "select ledger_make_partitions(ledger_now() - %s, ledger_now())",
            [timedelta(days=DAYS + 31)],
        )
        for statement in (_TRANSFERS, _WALLETS, _COUNTS, _HOLDS):
            cursor.execute(statement, asked)
        cursor.execute("analyze")


def fill_sums(size: Size) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(_SUMS, size._asdict())
        cursor.execute("vacuum analyze ledger_sum_hour, ledger_answercount, ledger_hold")


def browser() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("speed@example.com"))
    return client


def history_read() -> int:
    """Rows of history so far, within the database transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)"
            " from pg_stat_xact_user_tables where relname ~ '^ledger_(call|transfer|event|lot)'"
        )
        return int(cursor.fetchone()[0])


def work_out() -> None:
    for days in spans.LENGTHS:
        call_figures.work_out(spans.of(days, selectors_now()))


def selectors_now() -> Any:
    with connection.cursor() as cursor:
        cursor.execute("select ledger_now()")
        return cursor.fetchone()[0]


def processor_ms(asking: Any) -> float:
    """Of this process and of its database server's, for each time."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        server = psutil.Process(cursor.fetchone()[0])
    before, began = sum(server.cpu_times()[:2]), time.process_time()
    for _ in range(TIMES):
        asking()
    used = sum(server.cpu_times()[:2]) - before + time.process_time() - began
    return used * 1000 / TIMES


def test_the_page_reads_no_history(elsewhere: None) -> None:
    fill(SHORT)
    assert company_sums.advance(seconds=60) == SHORT.transfers
    fill_sums(SHORT)
    work_out()
    client = browser()
    for days in spans.LENGTHS:
        url = reverse("dashboard") + f"?days={days}"
        client.get(url)
        with transaction.atomic():
            before = history_read()
            assert client.get(url).status_code == 200
            assert history_read() - before == 0, days


@pytest.mark.soak
def test_the_page_at_five_million_transfers(elsewhere: None) -> None:
    started = time.monotonic()
    fill(FULL)
    print(f"\nmade in {time.monotonic() - started:.0f} s")
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        server = psutil.Process(cursor.fetchone()[0])
    before, started = sum(server.cpu_times()[:2]), time.monotonic()
    assert company_sums.advance(seconds=3600) == FULL.transfers
    used = sum(server.cpu_times()[:2]) - before
    print(f"summed in {time.monotonic() - started:.0f} s, {used:.1f} s of a processor")
    before = sum(server.cpu_times()[:2])
    for _ in range(TIMES):
        company_sums.advance(seconds=60)
    print(f"nothing to sum: {(sum(server.cpu_times()[:2]) - before) * 1000 / TIMES:.0f} ms")
    fill_sums(FULL)
    work_out()
    client = browser()
    took = {}
    for name, path in (("page", "admin:index"), ("refresh", "dashboard")):
        for days in spans.LENGTHS:
            url = reverse(path) + f"?days={days}"
            client.get(url)
            took[name, days] = processor_ms(lambda url=url: client.get(url))
            print(f"{took[name, days]:6.0f} ms of a processor: {name}, {days} days")
    print(f"median {median(took.values()):.0f} ms; {os.cpu_count()} processors")
    assert {of: ms for of, ms in took.items() if ms > MOST_MS} == {}
