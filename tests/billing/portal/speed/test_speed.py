"""No page of a company with a long history waits for it."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any, Final, NamedTuple

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse
from pytest_django import DjangoDbBlocker

from billing.books.scenarios.database import throw_away
from ledger import checks
from tests.access.test_every_url import TABLE
from tests.access.world import URLS
from tests.accounts.people import browser_of
from tests.billing.portal.speed.company import Calls, Company, add_up, analyze

SHORT, FULL = Calls(20_000, 30, at_once=200), Calls(1_000_000, 30, at_once=1_000)
MOST_MS: Final = 300
# Of 20,000 calls up to two days, not added up yet and some read twice, and what a page lists.
MOST_ROWS: Final = 3_500
TIMES: Final = 5
# Calls are looked through as long as a page may take, and then it goes on in the next.
SEARCHES: Final = re.compile(r"/portal/calls/\?.*(endpoint|key|outcome|request_id)=")
# What reads all of it, and is no page.
WHOLE: Final = re.compile(r".*\.pdf")

# Of pages that take them: what people look for first.
FILTERED: Final = [
    ("usage", "from={before}&to={today}"),
    ("usage", "from={before}&to={today}&endpoint=speed-1"),
    ("usage", "from={before}&to={today}&key={key}"),
    ("calls", "from={before}&to={today}"),
    ("calls", "from={before}&to={today}&endpoint=speed-1"),
    ("calls", "from={before}&to={today}&key={key}"),
    ("calls", "from={before}&to={today}&outcome=timeout"),
    ("calls", "request_id=req_0000000000000000"),
    ("calls", "request_id={request}"),
    ("statement", "from={before}&to={today}"),
    ("overview", ""),
]


class Took(NamedTuple):
    page: str
    ms: float
    in_sql: float
    queries: int


@pytest.fixture
def elsewhere(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """In a database of its own."""
    with django_db_blocker.unblock(), throw_away():
        yield


def pages(company: Company) -> list[str]:
    """All that an owner may look at, those about one thing left out; with filters, too."""
    plain = [
        reverse(name) + f"?of={company.customer.id}"
        for (name, method), row in TABLE.items()
        if method == "GET" and row["owner"] == "200" and not URLS[name]
    ]
    return sorted({path for path in plain if path.startswith("/portal/")}) + filtered(company)


def filtered(company: Company) -> list[str]:
    today = company.clock.now().date()
    with connection.cursor() as cursor:
        cursor.execute(
            "select request_id from ledger_call where customer_id = %s order by id limit 1",
            [company.customer.id],
        )
        ((request,),) = cursor.fetchall()
    told = {
        "today": today,
        "before": today.fromordinal(today.toordinal() - 29),
        "key": company.keys[1].id,
        "request": request,
    }
    return [f"{path}?{query.format(**told)}" for name, query in FILTERED if (path := found(name))]


def found(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def rows_read() -> int:
    """Of history, so far, within functions too. It begins anew between database transactions."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)"
            " from pg_stat_xact_user_tables"
            " where relname ~ '^ledger_(call|transfer|hold|reservation|posting)'"
        )
        return int(cursor.fetchone()[0])


@contextmanager
def sql_time() -> Iterator[list[float]]:
    took: list[float] = []

    def timed(execute: Any, *asked: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(*asked)
        finally:
            took.append((time.perf_counter() - started) * 1000)

    with connection.execute_wrapper(timed):
        yield took


def measured(browser: Client, path: str) -> Took:
    """Of pages that keep what they have found out, without what they have kept."""
    answer(browser, path)
    runs = []
    for _ in range(TIMES):
        cache.clear()
        with sql_time() as in_sql:
            started = time.perf_counter()
            answer(browser, path)
            runs.append(((time.perf_counter() - started) * 1000, sum(in_sql), len(in_sql)))
    return Took(path, *(median(column) for column in zip(*runs, strict=True)))


def answer(browser: Client, path: str) -> bytes:
    response = browser.get(path)
    assert response.status_code in (200, 204), (path, response.status_code)
    return b"" if response.streaming else response.content


def test_pages_read_no_more_of_a_long_history(elsewhere: None) -> None:
    company = Company(SHORT)
    add_up(SHORT.total // 40)
    analyze()
    browser = browser_of(company.member)
    wrong = {}
    for path in pages(company):
        if SEARCHES.match(path) or WHOLE.match(path):
            continue
        answer(browser, path)
        cache.clear()
        with transaction.atomic():
            before = rows_read()
            answer(browser, path)
            read = rows_read() - before
        if read > MOST_ROWS:
            wrong[path] = read
    assert wrong == {}


@pytest.mark.soak
def test_pages_of_a_company_with_a_million_calls(elsewhere: None) -> None:
    started = time.monotonic()
    company = Company(FULL)
    print(f"\nmade in {time.monotonic() - started:.0f} s")
    add_up()
    analyze()
    broken = [one for one in checks.run(connection, [company.customer.id]) if one.broken]
    assert broken == []
    browser = browser_of(company.member)
    took = [measured(browser, path) for path in pages(company) if not WHOLE.match(path)]
    for one in sorted(took, key=lambda one: -one.ms):
        print(
            f"{one.ms:8.1f} ms, of which {one.in_sql:8.1f} in {one.queries:.0f} queries {one.page}"
        )
    assert [one for one in took if one.ms > MOST_MS] == []
