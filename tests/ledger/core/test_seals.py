"""A chain of digests over each wallet's transfers: what breaks it, and what does not."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, connections, transaction

from accounts import ids
from ledger import checks, head_files, seals, services
from tests.factories.ledger import Book, key

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
COLUMNS = (
    *("customer_id", "id", "transaction_id", "version", "unit", "debit", "credit", "amount"),
    *("lot_id", "kind", "reservation_id", "document", "cohort", "reverses", "actor", "reason"),
    *("posted_at", "effective_at", "balance_after", "posted_on"),
)


@pytest.fixture
def busy(book):
    """Nine versions, sealed four by four."""
    for _ in range(3):
        book.debit(5, **key())
    book.grant(50, kind="paid", reason="Ünïcode: 1,2", document="", actor=None)
    for _ in range(4):
        book.debit(1, **key())
    assert seals.write(book.customer_id, step=4) == 3
    return book


def rows(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def chain(book):
    return rows(
        "select version_from, version_to, transfers, salt, previous, digest, sealed_at"
        " from ledger_seal where customer_id = %s order by version_from",
        book.customer_id,
    )


def broken(on=connection, *books):
    found = checks.run(on, [book.customer_id for book in books])
    return {finding.check.name for finding in found if finding.broken}


@contextmanager
def done_by_the_owner(sql, **parameters):
    """Which is undone again."""
    owner = connections["owner"]
    with transaction.atomic(using="owner"):
        with owner.cursor() as cursor:
            cursor.execute(sql, parameters)
            assert cursor.rowcount > 0, "nothing was changed"
        yield owner
        transaction.set_rollback(True, using="owner")


def as_told(value):
    """Format 1, as docs/audit.md has it, written once more."""
    if value is None:
        return "-"
    if isinstance(value, datetime):
        value = (value - EPOCH) // MICROSECOND
    elif hasattr(value, "year"):
        value = (value - EPOCH.date()).days
    text = str(value)
    return f"{len(text.encode())}:{text}"


def digest_of(book, seal):
    first, last, _, salt, previous, _, sealed_at = seal
    found = rows(
        f"select {', '.join(COLUMNS)} from ledger_transfer"
        " where customer_id = %s and version between %s and %s order by version, id",
        *(book.customer_id, first, last),
    )
    digests = [
        sha256(
            sha256(bytes(salt) + row[1].bytes).digest()
            + ("transfer/1 " + "".join(map(as_told, row))).encode()
        ).digest()
        for row in found
    ]
    at = (sealed_at - EPOCH) // MICROSECOND
    numbers = b"".join(number.to_bytes(8, "big") for number in (first, last, at))
    head = b"seal/1 " + book.customer_id.bytes + numbers
    return sha256(head + bytes(previous) + b"".join(digests)).digest()


def test_a_chain_covers_all_versions_one_after_the_other(busy):
    sealed = chain(busy)
    assert [(first, last) for first, last, *_ in sealed] == [(1, 4), (5, 8), (9, 9)]
    assert bytes(sealed[0][4]) == bytes(32)
    assert [one[4] for one in sealed[1:]] == [one[5] for one in sealed[:-1]]
    assert sum(one[2] for one in sealed) == len(busy.transfers())
    assert len({bytes(one[3]) for one in sealed}) == 3
    assert broken(connection, busy) == set()


def test_anybody_can_compute_a_seal_from_what_is_written_of_it(busy):
    """Which does not depend on how PostgreSQL writes a row, on a time zone or a style of dates."""
    for zone in ("UTC", "Asia/Kathmandu"):
        with transaction.atomic():
            rows(
                "select set_config('timezone', %s, true), set_config('datestyle', 'SQL', true)",
                zone,
            )
            assert broken(connection, busy) == set()
    connection.ensure_timezone()
    for seal in chain(busy):
        assert digest_of(busy, seal) == bytes(seal[5])


def test_what_is_sealed_is_not_sealed_again_and_what_comes_is(busy):
    assert seals.write(busy.customer_id, step=4) == 0
    before = chain(busy)
    busy.debit(1, **key())
    assert seals.write(busy.customer_id, step=4) == 1
    assert chain(busy)[:-1] == before
    assert chain(busy)[-1][:2] == (10, 10)


def test_two_at_once_make_one_chain(book):
    for _ in range(30):
        book.debit(1, **key())

    def seal(_):
        seals.write(book.customer_id, step=2)
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(seal, range(8)))
    assert [(one[0], one[1]) for one in chain(book)] == [
        (number, min(number + 1, 31)) for number in range(1, 32, 2)
    ]
    assert broken(connection, book) == set()


def test_a_debit_under_way_is_sealed_once_it_is_there(book):
    """Never half of it."""
    with transaction.atomic():
        book.debit(1, **key())
        with ThreadPoolExecutor(1) as pool:
            pool.submit(lambda: (seals.write(book.customer_id), connection.close())).result()
    assert [(one[0], one[1]) for one in chain(book)] == [(1, 1)]
    seals.write(book.customer_id)
    assert [(one[0], one[1]) for one in chain(book)] == [(1, 1), (2, 2)]
    assert broken(connection, book) == set()


DAMAGE = {
    "the amount of an old transfer": (
        "update ledger_transfer set amount = amount + 1"
        " where customer_id = %(customer)s and version = 2",
        "seals",
    ),
    "its reason": (
        "update ledger_transfer set reason = '' where customer_id = %(customer)s and version = 2",
        "seals",
    ),
    "when it was posted, by a microsecond": (
        "update ledger_transfer set posted_at = posted_at + interval '1 microsecond'"
        " where customer_id = %(customer)s and version = 2",
        "seals",
    ),
    "a removed transfer": (
        "delete from ledger_transfer where customer_id = %(customer)s and version = 2",
        "seals",
    ),
    "a transfer that was put in": (
        "insert into ledger_transfer select (jsonb_populate_record(t,"
        " jsonb_build_object('id', gen_random_uuid()))).*"
        " from ledger_transfer t where customer_id = %(customer)s and version = 2",
        "seals",
    ),
    "a seal made anew over it": (
        "with changed as (update ledger_seal set digest = sha256('x')"
        " where customer_id = %(customer)s and version_from = 5 returning 1) table changed",
        "seal-chain",
    ),
    "another salt": (
        "update ledger_seal set salt = sha256('x') where customer_id = %(customer)s",
        "seals",
    ),
    "another time of sealing": (
        "update ledger_seal set sealed_at = sealed_at - interval '1 day'"
        " where customer_id = %(customer)s",
        "seals",
    ),
    "a removed first seal": (
        "delete from ledger_seal where customer_id = %(customer)s and version_from = 1",
        "seal-chain",
    ),
    "a removed seal": (
        "delete from ledger_seal where customer_id = %(customer)s and version_from = 5",
        "seal-chain",
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_found(busy, damage):
    sql, check = DAMAGE[damage]
    with done_by_the_owner(sql, customer=busy.customer_id) as owner:
        assert check in broken(owner, busy)


def test_a_seal_of_something_that_never_happened_is_found(busy):
    sql = "update ledger_wallet set version = 3 where customer_id = %(customer)s"
    with done_by_the_owner(sql, customer=busy.customer_id) as owner:
        assert "seal-chain" in broken(owner, busy)


@pytest.mark.parametrize(
    "statement",
    [
        "update ledger_seal set salt = ''",
        "delete from ledger_seal",
        "truncate ledger_seal",
        "insert into ledger_seal select * from ledger_seal",
        "select * from ledger_seal for update",
    ],
)
def test_the_service_changes_no_seal(busy, statement):
    with pytest.raises(DatabaseError, match="permission denied"):
        rows(statement)


def test_what_is_reversed_recognised_moved_or_expires_keeps_the_chain(book, clock):
    """Everything that the core does after a seal is a version of its own."""
    other = Book.new()
    book.grant(60, kind="paid", expires_at=clock.after(100))
    done = book.debit(130, **key())
    hold = book.reserve(20, **key())
    for act in (
        lambda: book.reverse(done, 10, **key()),
        lambda: services.move(book.customer_id, other.customer_id, amount=5),
        lambda: services.recognise([book.customer_id]),
        lambda: book.commit(hold, 15),
        lambda: services.freeze(book.customer_id, amount=1),
        lambda: services.adjust(book.customer_id, amount=2, cause="forfeit"),
        lambda: clock.forward(200),
        lambda: (book.refresh(), services.recognise([book.customer_id])),
    ):
        seals.write(book.customer_id, step=3)
        act()
    seals.write(book.customer_id, step=3)
    seals.write(other.customer_id, step=3)
    assert not {"seals", "seal-chain"} & broken(connection, book, other)


def test_everybody_who_has_gone_on_is_sealed_but_not_all_the_time(busy):
    other = Book.funded(10)
    assert seals.write_all(seconds=60) >= 1
    assert len(chain(other)) == 1 and len(chain(busy)) == 3
    busy.debit(1, **key())
    seals.write_all(seconds=60)
    assert len(chain(busy)) == 3, "it was sealed a moment ago"
    seals.write_all(seconds=60, step=1)
    assert len(chain(busy)) == 4, "it has done much since"
    busy.debit(1, **key())
    seals.write_all(seconds=60, every=timedelta(0))
    assert len(chain(busy)) == 5, "it is time"


def test_a_run_ends_with_its_time(busy):
    Book.funded(10), Book.funded(10)
    assert seals.write_all(seconds=0) <= 1


def exported(*arguments):
    output = StringIO()
    call_command("export_heads", *arguments, stdout=output)
    return output.getvalue()


@pytest.fixture(params=[(), ("--json",)])
def kept(request, busy, tmp_path):
    """A file of heads as they are now."""
    path = tmp_path / "heads"
    path.write_text(exported(*request.param))
    return path


def verify(book, path):
    output = StringIO()
    customer = ids.encode(ids.CUSTOMER, book.customer_id)
    try:
        call_command("verify_ledger", "--customer", customer, "--heads", str(path), stdout=output)
    except SystemExit as ended:
        assert ended.code == 1
    return output.getvalue()


def test_heads_are_the_last_seals(busy):
    customer = ids.encode(ids.CUSTOMER, busy.customer_id)
    [told] = [one for one in json.loads(exported("--json")) if one["customer"] == customer]
    last = chain(busy)[-1]
    assert (told["version"], told["digest"]) == ("9", bytes(last[5]).hex())
    assert datetime.fromisoformat(told["sealed_at"]) == last[6]
    assert f"\n{customer},9,{told['digest']}," in exported()


def test_heads_that_were_kept_hold_while_history_goes_on(busy, kept):
    busy.debit(1, **key())
    seals.write(busy.customer_id)
    assert "0 broken" in verify(busy, kept)


def test_a_chain_that_was_made_anew_is_not_the_one_that_was_kept(busy, kept):
    """All of it, by one who may do everything in the database."""
    with connections["owner"].cursor() as cursor:
        for sql in (
            "update ledger_transfer set reason = 'x' where customer_id = %s and version = 2",
            "delete from ledger_seal where customer_id = %s",
        ):
            cursor.execute(sql, [busy.customer_id])
    seals.write(busy.customer_id, step=4)
    assert broken(connection, busy) == set(), "nothing in the database shows it"
    told = verify(busy, kept)
    assert "BROKEN  Every head that was exported is in its chain (heads: 1)" in told
    assert "version=9" in told


def test_seals_that_were_removed_from_the_end_are_missed(busy, kept):
    with connections["owner"].cursor() as cursor:
        sql = "delete from ledger_seal where customer_id = %s and version_from = 9"
        cursor.execute(sql, [busy.customer_id])
    assert "is=None" in verify(busy, kept)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a,b\n1,2\n",
        "[1]",
        '[{"customer": "cus_1"}]',
        "{",
        "customer,version,digest,sealed_at\nx",
    ],
)
def test_a_file_that_is_none_is_refused(busy, tmp_path, text):
    path = tmp_path / "heads"
    path.write_text(text)
    if text == "":
        with pytest.raises(CommandError, match="columns"):
            verify(busy, path)
        return
    with pytest.raises(CommandError):
        verify(busy, path)


def test_a_file_that_is_not_there_is_refused(busy, tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        verify(busy, tmp_path / "none")


def test_what_is_exported_can_be_read(busy, tmp_path):
    path = tmp_path / "heads.csv"
    path.write_text(exported())
    [head] = [one for one in head_files.read(path) if one.customer_id == busy.customer_id]
    assert head == next(one for one in seals.heads() if one.customer_id == busy.customer_id)
    assert isinstance(head.customer_id, UUID)
