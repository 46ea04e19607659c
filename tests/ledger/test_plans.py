"""What the hot statements read, with history in several months: pinned, so that a change that
would read more of it does not go unseen. The tests are of the plans that are really taken, within
functions too."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg
import pytest
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from accounts.ids import uuid7
from ledger import call_log, call_search, periods, selectors, services
from ledger.call_log import Filters
from ledger.ids import ReservationId
from ledger.paging import Asked, ById
from ledger.periods import Period
from tests.factories.ledger import Book, key
from tests.ledger.plans import Scan, as_superuser, told

# Of the customer, whose versions go on from one grant, and of many others.
_HISTORY: Final = """
with past as materialized (
    select c.id as customer_id, m.at + n * interval '1 millisecond' as at,
        (left(ledger_id_floor(m.at + n * interval '1 millisecond')::text, 14) || '7'
            || substr(gen_random_uuid()::text, 16))::uuid as id,
        (m.nth * 300 - 300 + n + 1)::bigint as version
    from (
        select %(customer)s as id, 300 as rows
        union all select gen_random_uuid(), 20 from generate_series(1, 300)
    ) c, unnest(%(months)s::timestamptz[]) with ordinality m(at, nth), generate_series(1, c.rows) n
), transfers as (
    insert into ledger_transfer (customer_id, id, transaction_id, version, unit, debit, credit,
        amount, lot_id, kind, reservation_id, posted_at, balance_after)
    select customer_id, id, id, version, 'CR', 'U20', 'U30', 1, %(lot)s, 'commit', id, at, 1
    from past
)
insert into ledger_call (customer_id, id, state, ended_as, amount, lots, split, used, committed,
    created_at, reserved_until, expires_at, ended_at, overrun, transaction_id, request)
select customer_id, id, 'committed', 'committed', 1, array[%(lot)s]::uuid[], '{1}', '{1}', 1,
    at, at, at, at, 'reject', id, 1
from past
"""
_VERSION: Final = "update ledger_wallet set version = version + %s where customer_id = %s"
MONTHS: Final = 5
HISTORY: Final = ("ledger_call", "ledger_transfer", "ledger_event")
# One id, or the first of a time: both indexes lead to it at once.
BY_ID: Final = {"_pkey", "_id_idx"}


def months() -> list[datetime]:
    """How they begin, this one as the last."""
    first = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found = [first]
    while len(found) < MONTHS:
        found.insert(0, (found[0] - timedelta(days=1)).replace(day=1))
    return found


def name(month: datetime) -> str:
    return f"y{month:%Y}m{month:%m}"


@pytest.fixture(scope="module")
def book(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Book]:
    """With calls in each of the months."""
    with django_db_blocker.unblock():
        try:
            with as_superuser():
                with connection.cursor() as cursor:
                    cursor.execute("load 'auto_explain'")
                    # Ids say when only while it is not moved.
                    cursor.execute("update ledger_clock set shift = '0'")
                yield _with_history(Book.funded(1_000_000))
        except psycopg.OperationalError:
            pytest.skip("nobody tells plans here: it needs a superuser and auto_explain")


def _with_history(book: Book) -> Book:
    asked = {"customer": book.customer_id, "months": months(), "lot": next(iter(book.lots()))}
    with connection.cursor() as cursor:
        cursor.execute("select ledger_make_partitions(%s, ledger_now())", [months()[0]])
        cursor.execute(_HISTORY, asked)
        cursor.execute(_VERSION, [MONTHS * 300, book.customer_id])
        cursor.execute("analyze ledger_call, ledger_transfer, ledger_hold, ledger_wallet")
    return book


def home(table: str, month: datetime) -> str:
    """Where its rows are: a month of which something was there before stays with the rest."""
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass(%s) is not null", [f"{table}_{name(month)}"])
        ((has_its_own,),) = cursor.fetchall()
    return name(month) if has_its_own else "rest"


def old_call(book: Book, month: int, nth: int = 100) -> UUID:
    first = selectors.lowest_id(months()[month])
    sql = "select id from ledger_call where customer_id = %s and id > %s order by id offset %s"
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} limit 1", [book.customer_id, first, nth])
        found: UUID = cursor.fetchall()[0][0]
    return found


def read(scans: Sequence[Scan], table: str) -> set[str]:
    """The months of which it was read, always by an index."""
    of = [scan for scan in scans if scan.table == table and scan.was_run]
    assert all(scan.index for scan in of), f"{table} was read as a whole"
    return {scan.month for scan in of}


def opened(scans: Sequence[Scan], table: str) -> set[str]:
    return {scan.month for scan in scans if scan.table == table}


def indexes(scans: Sequence[Scan], table: str, *of_months: datetime) -> set[str]:
    """Of these months, or of all that have rows: without any, one index is as good as another."""
    full = {name(month) for month in of_months or months()}
    of = [one for one in scans if one.table == table and one.was_run and one.month in full]
    return {one.index.removeprefix(table) for one in of}


def of_history(scans: Sequence[Scan]) -> list[Scan]:
    return [scan for scan in scans if scan.table in HISTORY and scan.was_run]


def no_seq_scan(scans: Sequence[Scan]) -> bool:
    """Of more than a few rows."""
    few = ("ledger_clock", "ledger_detached")
    return all(scan.index or scan.table in few for scan in scans)


def test_a_lone_reserve_and_its_commit_open_no_history(book: Book) -> None:
    book.reserve(1, **key())
    with told(connection) as scans:
        hold = book.reserve(5, **key())
        assert book.commit(hold, 3, **key()).ok
    found = {(scan.table, scan.index) for scan in scans}
    assert found == {
        ("ledger_wallet", "ledger_wallet_pkey"),
        ("ledger_hold", "ledger_hold_pkey"),
        ("ledger_clock", ""),
    }


@pytest.mark.parametrize("month", range(MONTHS))
def test_whether_a_key_is_known_opens_the_month_of_its_time(book: Book, month: int) -> None:
    asked = [book.customer_id, selectors.lowest_id(months()[month])]
    with transaction.atomic(), connection.cursor() as cursor:
        # As ledger_apply sets it.
        cursor.execute("set local plan_cache_mode = force_generic_plan")
        cursor.execute("set local enable_seqscan = off")
        with told(connection) as scans:
            cursor.execute("select ledger_key_is_known(%s, %s)", asked)
        transaction.set_rollback(True)
    for table in ("ledger_call", "ledger_transfer"):
        assert opened(scans, table) == {home(table, months()[month])}
    assert indexes(scans, "ledger_call") <= BY_ID
    assert no_seq_scan(scans)


@pytest.mark.parametrize("op", ["debit", "reserve", "commit", "release"])
def test_a_list_reads_history_by_its_keys(book: Book, op: str) -> None:
    """New ones are above all that there are, so that nothing is found, and nothing else read."""
    fields: dict[str, Any] = {"amount": 2, "expires_in": 60}
    if op in ("commit", "release"):
        fields = {}
    operations = [book.operation(op, **fields, **key()) for _ in range(10)]
    if not fields:
        for one in operations:
            one.reservation_id = book.reserve(2, **key()).reservation_id
    with told(connection) as scans:
        assert all(result.ok for result in services.apply(operations))
    for table in ("ledger_call", "ledger_transfer"):
        assert read(scans, table) <= {home(table, months()[-1])}
    assert indexes(scans, "ledger_call") | indexes(scans, "ledger_transfer") <= BY_ID
    assert no_seq_scan(scans)


@pytest.mark.parametrize("month", [0, 2])
def test_an_answer_is_given_again_from_the_month_of_its_key(book: Book, month: int) -> None:
    used = old_call(book, month)
    with told(connection) as scans:
        again = book.debit(1, key=used, request=1)
    assert again.replayed
    for table in ("ledger_call", "ledger_transfer"):
        assert read(scans, table) == {home(table, months()[month])}
    assert indexes(scans, "ledger_call") <= BY_ID
    assert no_seq_scan(scans)


@pytest.mark.parametrize("op", ["reverse", "commit", "release"])
def test_an_old_call_is_settled_or_reversed_within_its_month(book: Book, op: str) -> None:
    old = old_call(book, 1, 200)
    with told(connection) as scans:
        book.do(op, reservation_id=old, **key())
    assert read(scans, "ledger_call") == {home("ledger_call", months()[1])}
    assert indexes(scans, "ledger_call") <= BY_ID
    assert no_seq_scan(scans)


def test_what_was_covered_since_is_given_back_without_a_look_at_all_there_was(book: Book) -> None:
    with transaction.atomic():
        book.do("limit", amount=10_000_000, **key())
        on_credit = book.debit(5_000_000)
        book.grant(9_000_000)
        with told(connection) as scans:
            book.reverse(on_credit, 1_000_000)
        kinds = [kind for kind, *_ in book.transfers()]
        transaction.set_rollback(True)
    assert kinds.count("uncover") == 2
    # Partial indexes of what is rare, and single versions; not all that the customer ever had.
    found, rare = indexes(scans, "ledger_transfer"), {"_customer_id_lot_id_idx1", "_id_idx1"}
    assert found & rare
    assert found - rare == {"_uuid_hash_version_idx"}
    assert no_seq_scan(scans)


def test_a_balance_reads_no_history(book: Book) -> None:
    with told(connection) as scans:
        selectors.balance(book.customer_id)
    assert of_history(scans) == []
    assert no_seq_scan(scans)


def test_pages_of_the_call_log_are_read_by_customer(book: Book) -> None:
    first, later = Asked[ById](50, None), Asked(50, ById(old_call(book, 2), book.customer_id))
    for asked in (first, later):
        with told(connection) as scans:
            calls = call_log.calls(book.customer_id, asked, Filters(periods.ALWAYS))
        assert len(calls) == 51
        assert read(scans, "ledger_call")
        assert indexes(scans, "ledger_call") == {"_pkey"}


def test_calls_of_a_time_open_its_months(book: Book) -> None:
    day = Period(months()[1], months()[1] + timedelta(days=1))
    with told(connection) as scans:
        assert call_log.calls(book.customer_id, Asked(50, None), Filters(day))
    assert opened(scans, "ledger_call") == {home("ledger_call", one) for one in months()[:2]}
    assert indexes(scans, "ledger_call", months()[1]) == {"_pkey"}


def test_a_call_is_found_by_its_name_in_its_month(book: Book) -> None:
    named = str(ReservationId(book.customer_id, old_call(book, 1), 0))
    with told(connection) as scans:
        hits = call_search.search(book.customer_id, named, below=None, limit=10)
    assert len(hits.stretch.calls) == 1
    assert opened(scans, "ledger_call") == {home("ledger_call", months()[1])}
    assert indexes(scans, "ledger_call") <= BY_ID


def test_a_page_of_transactions_is_read_by_version(book: Book) -> None:
    with told(connection) as scans:
        selectors.transactions(book.customer_id, Asked(50, None))
    assert indexes(scans, "ledger_transfer") == {"_uuid_hash_version_idx"}


def test_without_the_indexes_it_would_be_seen(book: Book) -> None:
    old = old_call(book, 1, 150)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("drop index ledger_call_time")
            cursor.execute("alter table ledger_call drop constraint ledger_call_pkey")
        with told(connection) as scans:
            book.debit(1, key=uuid7(), request=1)
            book.do("reverse", reservation_id=old, **key())
        with pytest.raises(AssertionError, match="read as a whole"):
            read(scans, "ledger_call")
        assert not no_seq_scan(scans)
        transaction.set_rollback(True)
