"""A customer with many calls: here some 20,000, in the full form (`make soak`) a million. Each page
of the call log is there in 300 ms, whatever it looks for; a file of all calls takes no memory."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import urlencode

import httpx
import psutil
import pytest

from tests.system.installation import Installation
from tests.system.portal import signed_in

SIZES = [20_000, pytest.param(1_000_000, marks=pytest.mark.soak)]
DAYS = 90
PAGE_SECONDS = 0.3
TIMES = 5
# What a web process may be larger by after a file of any length, and while it is sent.
GROWTH_BYTES = 40_000_000

_FILL = """
insert into ledger_call (customer_id, id, state, ended_as, amount, lots, split, used, committed,
    created_at, reserved_until, expires_at, ended_at, overrun, outcome, price_id, request_id,
    ended_request_id, metadata, available_after, held_after, frozen_after, ended_available,
    ended_held, ended_frozen)
select '{customer}', (t || '7' || substr(md5, 1, 3) || '8' || substr(md5, 4, 15))::uuid,
    'released', 'released', 4000000, array[null::uuid], array[4000000], array[0], 0,
    at, at + interval '15 min', at + interval '15 min', at + interval '1 s', 'reject',
    'server_error',
    (select min(id) from ledger_price),
    case when n % 2 = 0 then 'req_' || t || substr(md5, 1, 20) else 'job-' || n end,
    'end-' || n, jsonb_build_object('job', n), 100, 0, 0, 100, 0, 0
from (
    select n, at, lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') as t,
        md5(n::text) as md5
    from (
        select n, ledger_now() - n * interval '{days} days' / {number} as at
        from generate_series(1, {number}) n
    ) x
) y
"""


@pytest.fixture
def filled(fragile: Installation, request: pytest.FixtureRequest) -> Iterator[Any]:
    with signed_in(fragile) as (client, customer):
        fill = _FILL.format(customer=customer, number=request.param, days=DAYS)
        fragile.alter(fill)
        fragile.alter("analyze ledger_call")
        try:
            yield fragile, client, customer, request.param
        finally:
            # They have no transfers: with them the books would not tie. Without them the sums would
            # not that the worker has made of their days.
            fragile.alter(
                f"delete from ledger_call where customer_id = '{customer}';"
                f" select ledger_forget_usage('{customer}')"
            )


def seconds(installation: Installation, ask: Callable[[], httpx.Response]) -> float:
    """That processors work for one, of all processes: others use this machine, too."""
    ask()
    before = _worked(installation)
    for _ in range(TIMES):
        assert ask().status_code in (200, 204)
    return (_worked(installation) - before) / TIMES


def _worked(installation: Installation) -> float:
    return sum(times.user + times.system for _, times in installation.service.each("cpu_times"))


@pytest.mark.parametrize("filled", SIZES, indirect=True)
def test_each_page_is_there_at_once(filled: Any) -> None:
    installation, client, customer, number = filled
    oldest = f"job-{number - 1}"
    (row,) = installation.rows(
        "select id, request_id from ledger_call where customer_id = %s and request_id like"
        " 'req%%' order by id offset 10 limit 1",
        [customer],
    )
    older = installation.rows(
        "select id from ledger_call where customer_id = %s order by id desc offset %s limit 1",
        [customer, number // 2],
    )[0]["id"]
    calls, all_days = "/portal/calls/", _all_days(installation)
    asked = {
        "list": calls,
        "older": f"{calls}?{all_days}&below={older.hex}",
        "matches nothing": f"{calls}?{all_days}&outcome=timeout",
        "one endpoint": f"{calls}?{all_days}&endpoint=nothing",
        "open holds": f"{calls}?{all_days}&state=held",
        "unknown request": f"{calls}?q=nothing",
        "unknown request, on": f"{calls}more/?q=nothing&of={customer}&below={older.hex}",
        "our request": f"{calls}?q={row['request_id']}",
        "their request": f"{calls}?q={oldest}",
        "one call": f"{calls}{row['id']}/",
        "nothing new": f"{calls}new/?of={customer}&above={'f' * 32}",
    }
    took = {}
    for name, path in asked.items():
        took[name] = seconds(installation, partial(client.get, path))
    text = client.get(asked["our request"]).text
    assert row["request_id"] in text and "Found by its name" in text
    told = ", ".join(f"{name} {round(1000 * each)} ms" for name, each in took.items())
    print(f"{number:,} calls: {told}")
    assert max(took.values()) < PAGE_SECONDS, told


@pytest.mark.parametrize("filled", SIZES, indirect=True)
def test_the_oldest_is_found_in_the_end(filled: Any) -> None:
    """By steps, each of them short."""
    _, client, customer, number = filled
    path, steps, longest = f"/portal/calls/more/?q=job-{number - 1}&of={customer}", 0, 0.0
    page = client.get(path).text
    began = time.perf_counter()
    while "hx-trigger" in page:
        (below,) = set(re.findall(r"below=([0-9a-f]{32})", page))
        step = time.perf_counter()
        page = client.get(f"{path}&below={below}").text
        longest = max(longest, time.perf_counter() - step)
        steps += 1
    assert f'title="job-{number - 1}"' in page
    took = time.perf_counter() - began
    print(
        f"{number:,} calls: found in {took:.1f} s, {steps} steps, {longest * 1000:.0f} ms at most"
    )


@pytest.mark.parametrize("filled", SIZES, indirect=True)
def test_a_file_of_all_calls_takes_no_memory(filled: Any) -> None:
    installation, client, _, number = filled
    web = installation.service.find("config.web")
    path = f"/portal/calls/calls.csv?{_all_days(installation)}"
    client.get("/portal/calls/calls.csv")
    before, largest, lines, size, first = web.memory_info().rss, 0, 0, 0, 0.0
    began = time.perf_counter()
    with client.stream("GET", path) as answer:
        for part in answer.iter_bytes():
            first = first or time.perf_counter() - began
            lines, size = lines + part.count(b"\n"), size + len(part)
            largest = max(largest, web.memory_info().rss)
    took = time.perf_counter() - began
    assert lines == number + 1
    growth = largest - before
    told = (
        f"{number:,} calls: {size / 1e6:.0f} MB in {took:.1f} s ({size / 1e6 / took:.1f} MB/s),"
        f" the first byte after {first * 1000:.0f} ms, {before / 1e6:.0f} MB before and at most"
        f" {growth / 1e6:.0f} MB more"
    )
    print(told)
    assert growth < GROWTH_BYTES, told


@pytest.mark.parametrize("filled", SIZES[:1], indirect=True)
def test_who_goes_away_leaves_nothing_behind(filled: Any) -> None:
    """Nor does whoever takes all of it: no connection to the database, no thread."""
    installation, client, _, _ = filled
    web = installation.service.find("config.web")
    path = f"/portal/calls/calls.csv?{_all_days(installation)}"
    with _as_before(installation, web):
        for _ in range(5):
            with client.stream("GET", path) as answer:
                next(answer.iter_bytes())
        assert client.get(path).status_code == 200
    assert client.get("/portal/calls/").status_code == 200


@contextmanager
def _as_before(installation: Installation, web: psutil.Process) -> Iterator[None]:
    """Soon."""

    def now() -> tuple[int, int]:
        (row,) = installation.rows(
            "select count(*) from pg_stat_activity where query like '%%ledger_reservation%%'"
            " and pid <> pg_backend_pid()"
        )
        return row["count"], web.num_threads()

    connections, threads = now()
    yield
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        left, running = now()
        if left <= connections and running <= threads + 1:
            return
        time.sleep(0.1)
    raise AssertionError((connections, threads, now()))


def _all_days(installation: Installation) -> str:
    """By the clock of the ledger: other tests have moved it on."""
    (row,) = installation.rows(
        "select today - %s as from, today as to from"
        " (select (ledger_now() at time zone 'utc')::date as today) x",
        [DAYS + 1],
    )
    return urlencode(row)
