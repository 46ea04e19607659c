"""Months of calls go to files and come back, and nothing else is moved by it."""

import gzip
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections, transaction
from django.test import Client

from accounts import ids
from accounts.models import Customer, User
from billing import kept_calls
from billing.models import Erasure
from ledger import call_log, checks, limits
from ledger.call_log import Filters
from ledger.detached.errors import Busy, DetachedError, FileRefused, MonthRefused
from ledger.detached.month import Month
from ledger.limits import Limit
from ledger.models import DetachedMonth
from ledger.paging import Asked
from ledger.periods import Period
from tests.accounts.conftest import Caller
from tests.billing.kept_calls.month import (
    MONTH,
    TODAY,
    broken,
    calls,
    detach,
    execute,
    of_the_month,
    old,
    old_key,
    rows,
    then,
    told,
)
from tests.factories.accounts import MemberFactory, ServiceKeyFactory
from tests.factories.ledger import Book, key


def test_a_month_goes_to_a_file_and_comes_back(book: Book, tmp_path: Path) -> None:
    before, known, number = calls(), told(book), of_the_month()
    assert number == 6
    file = detach(tmp_path)
    assert of_the_month() == 0
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    assert broken() == []
    assert told(book) == known
    assert book.debit(2, **key()).ok
    execute("select ledger_make_partitions(ledger_now(), ledger_now() + interval '3 months')")
    call_command("attach_calls", str(file))
    assert [row for row in calls() if row in before] == before
    assert not DetachedMonth.objects.exists()
    assert rows("select from ledger_detached_sum union all select from ledger_detached_hold") == []
    assert broken() == []
    again = detach(tmp_path)
    assert (again.name, again.read_bytes()) == (file.name, file.read_bytes())


def test_the_call_log_has_them_again_and_may_not_write_them(book: Book, tmp_path: Path) -> None:
    filters = Filters(Period(MONTH.begins, MONTH.ends))
    found = call_log.calls(book.customer_id, Asked(50, None), filters)
    file = detach(tmp_path)
    assert call_log.calls(book.customer_id, Asked(50, None), filters) == []
    kept_calls.attach(file)
    assert call_log.calls(book.customer_id, Asked(50, None), filters) == found
    for privilege in ("select", "update", "insert", "delete"):
        asked = "select has_table_privilege('drawdown_app', %s, %s)"
        assert rows(asked, MONTH.table, privilege) == [(False,)]


def test_caps_of_all_time_count_them(book: Book, tmp_path: Path) -> None:
    detach(tmp_path)
    spent = {"customer": 5 + 7 + 18 + 1 + 11 + 3, "key": 18}
    for scope, subject in (("customer", None), ("key", UUID(int=7))):
        cap = Limit(scope, "spend", subject, "lifetime", hard=spent[scope] + 5)
        limits.set_limits(book.customer_id, "provider", [cap])
        assert broken() == []
        assert book.debit(6, api_key_id=UUID(int=7), **key()).code == "spend-cap-reached"
        assert book.debit(0, api_key_id=UUID(int=7), **key()).ok
    limits.set_limits(
        book.customer_id, "provider", [Limit("key", "spend", None, "lifetime", hard=23)]
    )
    assert book.debit(6, api_key_id=UUID(int=7), **key()).code == "spend-cap-reached"
    assert book.debit(5, api_key_id=UUID(int=7), **key()).ok


@pytest.mark.parametrize("op", ["debit", "reserve", "commit"])
def test_what_was_done_under_a_key_is_not_done_again(book: Book, tmp_path: Path, op: str) -> None:
    used = {
        "debit": "select transaction_id from ledger_call where committed = 5",
        "reserve": "select id from ledger_call where committed = 7",
        "commit": "select transaction_id from ledger_call where committed = 7",
    }
    ((id,),) = rows(used[op])
    ((named,),) = rows("select id from ledger_call where committed = 7")
    file = detach(tmp_path)
    fields = {"reservation_id": named} if op == "commit" else {"amount": 5, "expires_in": 60}
    before = book.transfers()
    answer = book.do(op, key=id, request=1, **fields)
    assert answer.code == "idempotency-key-reused"
    assert book.transfers() == before
    kept_calls.attach(file)
    assert book.do(op, key=id, request=1, **fields).replayed
    assert broken() == []


def test_a_call_in_a_file_is_not_found(book: Book, tmp_path: Path) -> None:
    ((named,),) = rows("select id from ledger_call where committed = 5")
    file = detach(tmp_path)
    for op in ("reverse", "commit", "release"):
        assert book.do(op, reservation_id=named, **key()).code == "not-found"
    kept_calls.attach(file)
    assert book.do("reverse", reservation_id=named, **key()).ok
    assert broken() == []


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        (
            "update ledger_detached_sum set committed = committed + 1 where committed > 0",
            "detached-transfers",
        ),
        ("update ledger_detached_sum set calls = calls + 1 where calls > 0", "usage-sums"),
        (
            "update ledger_transfer set amount = amount + 1 where kind = 'commit' and amount = 5",
            "detached-transfers",
        ),
        ("delete from ledger_transfer where kind = 'commit' and amount = 7", "versions"),
        (
            "update ledger_call set used = '{12}', committed = 12 where committed = 11",
            "reservation-transfers",
        ),
    ],
)
def test_damage_is_found_beside_it(book: Book, tmp_path: Path, damage: str, check: str) -> None:
    detach(tmp_path)
    with transaction.atomic("owner"):
        execute(damage)
        found = [one.check.name for one in checks.run(connections["owner"]) if one.broken]
        transaction.set_rollback(True, "owner")
    assert check in found


def test_twice_is_told(book: Book, tmp_path: Path) -> None:
    file = detach(tmp_path)
    with pytest.raises(CommandError, match=f"were detached before: they are in {file.name}"):
        detach(tmp_path)
    kept_calls.attach(file)
    with pytest.raises(CommandError, match="is not a file of a month that is detached here"):
        call_command("attach_calls", str(file))


def refused(folder: Path, why: str, month: Month = MONTH, age: int = 13) -> None:
    before = calls()
    with pytest.raises(MonthRefused, match=why):
        kept_calls.detach(month.first, folder, least_age=age)
    assert calls() == before
    assert not DetachedMonth.objects.exists()
    assert list(folder.glob("*.gz")) == []


def test_months_that_are_needed_stay(book: Book, tmp_path: Path) -> None:
    execute("select ledger_make_partitions(%s, ledger_now())", MONTH.begins - timedelta(days=40))
    now = Month(TODAY.date().replace(day=1))
    refused(tmp_path, "is not old enough", now)
    refused(tmp_path, "is not old enough", now, 3)
    refused(tmp_path, "cannot be under 3 months", now, 0)
    refused(tmp_path, "is not old enough", MONTH, 24)
    refused(tmp_path, "has no table of its own", Month(date(2020, 1, 1)))
    ((id,),) = rows("select id from ledger_call where committed = 5")
    keyed = book.debit(0, key=UUID(int=8 << 76 | 2 << 62 | 5), request=1)
    execute("update ledger_key set reservation_id = %s", id)
    refused(tmp_path, "1 idempotency keys are answered from its calls")
    execute("update ledger_key set reservation_id = %s", keyed.reservation_id)
    execute("update ledger_call set ended_at = now() where id = %s", id)
    refused(tmp_path, "1 calls were made or settled in the last two months")


def test_open_holds_keep_it(book: Book, tmp_path: Path) -> None:
    execute("update ledger_clock set shift = %s - clock_timestamp()", then(3))
    held = book.reserve(1, expires_in=86_400 * 700, **old(3))
    execute("update ledger_clock set shift = '0'")
    refused(tmp_path, "1 holds that are not newer are open")
    book.release(held, **key())


def test_calls_of_no_month_stay(book: Book, tmp_path: Path) -> None:
    execute("alter table ledger_call detach partition ledger_call_rest")
    execute(
        "insert into ledger_call_rest select (jsonb_populate_record(c, jsonb_build_object('id', %s"
        "::text))).* from ledger_call c where committed = 5",
        old_key(),
    )
    execute(f"alter table ledger_call detach partition {MONTH.table}")
    execute("alter table ledger_call attach partition ledger_call_rest default")
    with pytest.raises(MonthRefused, match="1 calls of .* are in ledger_call_rest"):
        kept_calls.detach(MONTH.first, tmp_path, least_age=13)


def test_somebody_at_work_is_not_waited_for_long(book: Book, tmp_path: Path) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select count(*) from ledger_call")
        with pytest.raises(Busy):
            kept_calls.detach(MONTH.first, tmp_path, least_age=13)
    assert not DetachedMonth.objects.exists()
    assert broken() == []


def _bit(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def _shorter(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def _line(file: Path) -> None:
    lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    file.write_bytes(gzip.compress(b"".join([*lines[:2], *lines[3:]])))


@pytest.mark.parametrize("harm", [_bit, _shorter, _line])
def test_a_damaged_file_changes_nothing(book: Book, tmp_path: Path, harm: Any) -> None:
    file = detach(tmp_path)
    sound = file.read_bytes()
    harm(file)
    before = calls()
    with pytest.raises(CommandError, match=r"Nothing was changed\. .*(damaged|no file of calls)"):
        call_command("attach_calls", str(file))
    assert (calls(), DetachedMonth.objects.count()) == (before, 1)
    file.write_bytes(sound)
    kept_calls.attach(file)
    assert broken() == []


def test_a_file_that_says_something_else_is_refused_though_it_is_named(
    book: Book, tmp_path: Path
) -> None:
    """Whoever could change the record and the file."""
    from ledger.detached import files

    file = detach(tmp_path)
    _line(file)
    execute("update ledger_detached set sha256 = %s", files.digest(file))
    with pytest.raises(FileRefused, match="damaged"):
        kept_calls.attach(file)
    assert not rows("select to_regclass(%s) is not null", MONTH.table)[0][0]


def test_other_files_are_refused(book: Book, tmp_path: Path) -> None:
    other = tmp_path / "other.gz"
    other.write_bytes(b"no gzip")
    for path in (other, tmp_path / "missing.gz"):
        with pytest.raises(FileRefused):
            kept_calls.attach(path)
    with pytest.raises(DetachedError, match="cannot be written"):
        kept_calls.detach(MONTH.first, tmp_path / "missing", least_age=13)


def test_columns_that_came_since_are_empty(book: Book, tmp_path: Path) -> None:
    file = detach(tmp_path)
    execute("alter table ledger_call add column later text, add column flag boolean default true")
    kept_calls.attach(file)
    asked = "select distinct later, flag from ledger_call where id < %s"
    assert rows(asked, MONTH.above) == [(None, True)]


def test_what_was_erased_meanwhile_is_erased(book: Book, tmp_path: Path) -> None:
    file = detach(tmp_path)
    Customer.objects.filter(id=book.customer_id).update(status="closed")
    execute("select ledger_erase(array[%s]::uuid[])", book.customer_id)
    Erasure.objects.create(customer_id=book.customer_id)
    kept_calls.attach(file)
    asked = "select count(*) from ledger_call where num_nonnulls(address, metadata, request_id) > 0"
    assert rows(asked) == [(0,)]
    assert of_the_month() == 6
    assert broken() == []


def test_pages_and_answers_say_what_is_in_a_file(
    book: Book, tmp_path: Path, settings: LazySettings
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    service, staff, member = Caller(ServiceKeyFactory().secret), Client(), Client()
    staff.force_login(User.objects.create_superuser("staff@example.com"))
    person = MemberFactory(customer=Customer.objects.get(id=book.customer_id))
    member.force_login(person.user)
    api = f"/customers/{ids.encode(ids.CUSTOMER, book.customer_id)}"
    days = f"from={MONTH.first}&to={MONTH.first + timedelta(days=27)}"
    pages = [(member, f"/portal/calls/?{days}"), (staff, f"/admin/ledger/reservation/?{days}")]

    def said() -> list[bool]:
        answers = [(browser.get(page), page) for browser, page in pages]
        assert [(answer.status_code, page) for answer, page in answers] == [
            (200, page) for _, page in pages
        ]
        told = f"Calls of {MONTH} are kept in files"
        log = service.get(f"{api}/calls?{days}")
        header = log.headers.get("Drawdown-Months-In-Files") == str(MONTH)
        assert (log.json()["data"] == []) == header
        return [header, *(told in answer.content.decode() for answer, _ in answers)]

    part = f"{api}/usage?from={then():%Y-%m-%d}T10:30:00Z&to={then(9):%Y-%m-%d}"
    assert said() == [False, False, False]
    assert service.get(part).status_code == 200
    file = detach(tmp_path)
    assert said() == [True, True, True]
    refused = service.get(part)
    assert refused.status_code == 400
    assert "ask for whole UTC days" in refused.content.decode()
    assert service.get(part.replace("T10:30:00Z", "")).status_code == 200
    kept_calls.attach(file)
    assert said() == [False, False, False]
