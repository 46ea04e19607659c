"""Every kind of damage that the owner's role can do is found by the check that is there for it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections, transaction

from accounts import ids
from accounts.ids import uuid7
from ledger import checks, limits, marks, seals, services, wallets
from ledger.checks import outside
from ledger.limits import Limit
from ledger.prices import rate_cards
from tests.factories.ledger import Book, Clock, key


@pytest.fixture(scope="module")
def history(django_db_setup: None, django_db_blocker) -> Book:
    """A customer to whom everything has happened, with open holds on several lots."""
    with django_db_blocker.unblock():
        clock, book, other = Clock(), Book.new(), Book.funded(50)
        wallets.set_credit_limit(book.customer_id, limit=50)
        book.debit(20, **key())
        book.grant(100, kind="paid", expires_at=clock.after(86_400))
        book.grant(100, expires_at=clock.after(1))
        book.grant(60, kind="paid", expires_at=clock.after(1))
        expired = book.reserve(30, expires_in=1)
        clock.forward(2)
        book.commit(expired)
        done = book.debit(30, key=uuid7(), request=1)
        book.reverse(done, 10, **key())
        book.commit(book.reserve(20, **key()), 15, **key())
        services.freeze(book.customer_id, amount=10)
        services.adjust(book.customer_id, amount=5, cause="forfeit")
        services.move(book.customer_id, other.customer_id, amount=5)
        services.recognise([book.customer_id])
        book.grant(200)
        book.commit(book.reserve(10), 4, final=False)
        book.reserve(120, key=uuid7(), request=1, expires_in=3600)
        book.grant(7)
        _limit(book)
        _sum(book)
        marks.write(book.customer_id, 4)
        seals.write(book.customer_id, step=4)
        return book


def _sum(book: Book) -> None:
    """Usage, up to the first hold that is open."""
    with connections["owner"].cursor() as cursor:
        highest = "ffffffff-ffff-ffff-ffff-ffffffffffff"
        cursor.execute("select ledger_sum_calls_below(%s, %s, 100)", [book.customer_id, highest])


def _limit(book: Book) -> None:
    """Caps, a hold under them, and a month that has had something."""
    limits.set_limits(
        book.customer_id,
        "provider",
        [
            Limit("customer", "spend", period="day", hard=10_000),
            Limit("customer", "holds", hard=100),
            Limit("key", "spend", period="lifetime", hard=100),
        ],
    )
    card = rate_cards.create_card(name=uuid7().hex, effective_at=datetime(2020, 1, 1, tzinfo=UTC))
    endpoint = rate_cards.create_endpoint(code=f"e{uuid7().hex}", name="E")
    price = rate_cards.set_price(card, endpoint, per_call=1)
    rule = {"per_call": 1, "units": []}
    book.do("reserve", price_id=price.id, rule=rule, expires_in=900, api_key_id=uuid7(), **key())


# The database itself would refuse some of this.
LIMIT = "ledger_wallet_within_credit_limit"


@contextmanager
def damaged(book: Book, sql: str) -> Iterator[list[str]]:
    """The names of the checks that fail when the owner has done this, which is then undone."""
    with transaction.atomic(using="owner"):
        owner = connections["owner"]
        with owner.cursor() as cursor:
            cursor.execute("alter table ledger_wallet drop constraint if exists " + LIMIT)
            cursor.execute(sql, {"customer": book.customer_id, "other": uuid7()})
            assert cursor.rowcount > 0, "nothing was damaged"
        found = [one for one in checks.run(owner, [book.customer_id]) if one.broken]
        # What is found can be told.
        assert json.dumps([outside(row) for one in found for row in one.rows], default=str)
        yield [finding.check.name for finding in found]
        transaction.set_rollback(True, using="owner")


ANY_TRANSFER = """
    from (select id from ledger_transfer where customer_id = %(customer)s and kind = 'commit'
          order by version limit 1) x where t.customer_id = %(customer)s and t.id = x.id
"""
COPY_OF_A_HOLD = """
    insert into ledger_call (customer_id, id, state, ended_as, amount, lots, split, used, committed,
        created_at, reserved_until, expires_at, ended_at, overrun)
    select customer_id, id, 'expired', 'expired', amount, lots, split,
        array_fill(0, array[cardinality(lots)]), 0, created_at, reserved_until, expires_at,
        expires_at, overrun
    from ledger_hold where customer_id = %(customer)s and used is null
"""
OWN = "where customer_id = %(customer)s"
DAMAGE = {
    "wallet-balance": f"update ledger_wallet set balance = balance + 1 {OWN}",
    "wallet-debt": f"update ledger_wallet set debt = debt + 1 {OWN}",
    "wallet-lots": f"update ledger_lot set remaining = remaining + 1 {OWN} and seq = 1",
    "wallet-held": f"update ledger_wallet set held = held + 1 {OWN}",
    "wallet-frozen": f"update ledger_wallet set frozen = frozen + 1 {OWN}",
    "wallet-limit": f"update ledger_wallet set credit_limit = 0, frozen = balance - held + 1 {OWN}",
    "wallet-head": f"update ledger_wallet set head_id = %(other)s {OWN}",
    "order-of-use": f"""
        update ledger_lot set priority = 1 {OWN} and seq = (select max(seq) from ledger_lot {OWN})
    """,
    "due": f"update ledger_wallet set due_at = due_at + interval '1 year' {OWN}",
    "lot-remaining": f"update ledger_wallet set head_free = head_free - 1 {OWN}",
    "lot-issued": f"update ledger_lot set units = units + 1 {OWN} and seq = 2",
    "lot-accounts": f"""
        update ledger_transfer set amount = amount + 1000 {OWN} and kind = 'reverse'
    """,
    "lot-held": f"""
        update ledger_wallet set head_held = head_held + 1, head_free = head_free - 1 {OWN}
    """,
    "lot-counters": f"update ledger_lot set open = false {OWN} and remaining > 0",
    "lot-order": f"update ledger_lot set seq = seq + 1 {OWN}",
    "lot-price": f"update ledger_lot set price = 1, currency = 'USD' {OWN} and kind = 'promo'",
    "lot-currency": f"update ledger_transfer set unit = 'EUR' {OWN} and unit <> 'CR'",
    "lot-expiry": f"update ledger_lot set expires_at = issued_at {OWN}",
    "lot-deferred": f"update ledger_transfer set amount = amount + 1 {OWN} and kind = 'usage'",
    "lot-steps": f"delete from ledger_transfer {OWN} and kind = 'expire' and unit = 'USD'",
    "lot-free": f"""
        update ledger_transfer set unit = 'USD', debit = '1000', credit = '4100' {OWN}
            and lot_id in (select id from ledger_lot where kind = 'promo')
    """,
    "tax": f"update ledger_transfer set debit = '2200' {OWN} and credit = '2100'",
    "posting-day": f"update ledger_transfer set posted_on = current_date + 2 {OWN}",
    "recognised": f"update ledger_recognised set version = version + 1000 {OWN}",
    "settled-once": COPY_OF_A_HOLD,
    "reservation-parts": f"update ledger_call set used[1] = used[1] + 1 {OWN} and committed > 0",
    "reservation-state": f"""
        update ledger_call set state = 'reversed' {OWN} and committed > reversed
    """,
    "reservation-transfers": f"delete from ledger_transfer t using {ANY_TRANSFER.lstrip()[5:]}",
    "reservation-reversed": f"""
        update ledger_call set reversed = reversed + 1 {OWN} and reversed > 0
    """,
    "reservation-transaction": f"""
        update ledger_call set transaction_id = %(other)s {OWN} and transaction_id is not null
    """,
    "reservation-price": f"update ledger_hold set price_id = 999999 {OWN}",
    "versions": f"update ledger_wallet set version = version + 1 {OWN}",
    "balance-chain": f"""
        update ledger_transfer t set balance_after = balance_after + 1 {ANY_TRANSFER}
    """,
    "transaction": f"update ledger_transfer t set transaction_id = %(other)s {ANY_TRANSFER}",
    "version-once": f"update ledger_transfer t set version = version + 1 {ANY_TRANSFER}",
    "chart": f"update ledger_transfer t set credit = '4100' {ANY_TRANSFER}",
    "key-once": f"""
        insert into ledger_key (customer_id, key, request, answers, reservation_id, created_at)
        select customer_id, id, 1, 'reserve', id, created_at from ledger_hold {OWN}
    """,
    "key-last": f"update ledger_wallet set last_key = null {OWN}",
    "key-answer": f"update ledger_key set reservation_id = %(other)s {OWN} and answers <> 'result'",
    "orphans": f"delete from ledger_wallet {OWN}",
    "marks": f"update ledger_wallet set low_mark = -1 {OWN}",
    "caps": f"""
        update ledger_limit set base = base + 1 {OWN} and scope = 'key' and subject is not null
    """,
    "meters": f"update ledger_wallet set meter.holds = (meter).holds + 1 {OWN}",
    "tallies": f"""update ledger_tally set quantities = quantities || '{{"calls": "9"}}' {OWN}""",
    "usage-sums": f"update ledger_usage_day set amount = amount + 1 {OWN}",
    "usage-until": f"""
        update ledger_usage_until set below = 'ffffffff-ffff-ffff-ffff-ffffffffffff' {OWN}
    """,
    "balance-marks": f"""
        update ledger_balance_mark set remaining[1] = remaining[1] + 1 {OWN} and version = 8
    """,
    "seals": f"update ledger_transfer set reason = 'another' {OWN} and version = 1",
    "detached-transfers": """
        insert into ledger_detached_sum (customer_id, month, day, state, summed, rows, calls,
            committed, reversed)
        values (%(customer)s, '2020-01-01', '2020-01-01', 'committed', false, 1, 1, 1, 0)
    """,
    "seal-chain": f"delete from ledger_seal {OWN} and version_from = 5",
    "outbox": f"update ledger_outbox set event_id = %(other)s {OWN}",
}


def test_there_is_damage_for_every_check_of_a_customer():
    assert set(DAMAGE) == {check.name for check in checks.CHECKS.checks if not check.of_company}


@pytest.mark.parametrize("check", DAMAGE)
def test_the_check_finds(check, history):
    with damaged(history, DAMAGE[check]) as found:
        assert check in found


def test_a_customer_that_was_deleted_leaves_an_orphan(history):
    sql = "delete from accounts_customer where id = %(customer)s"
    with damaged(history, sql) as found:
        assert found == ["orphans"]


def test_an_alert_that_nobody_would_get_is_found(history):
    sql = """
        insert into ledger_threshold
            (customer_id, id, purpose, basis, value, level, recovers_at)
        values (%(customer)s, %(other)s, 'alert', 'credits', 5, 5, 6)
    """
    with damaged(history, sql) as found:
        assert found == ["marks"]


def test_a_transfer_that_was_deleted_leaves_a_gap(history):
    sql = "delete from ledger_transfer where customer_id = %(customer)s and kind = 'forfeit'"
    with damaged(history, sql) as found:
        assert {"versions", "balance-chain", "wallet-balance"} <= set(found)


def test_a_move_that_never_arrived_is_found_over_the_company(history):
    owner = connections["owner"]
    with transaction.atomic(using="owner"):
        with owner.cursor() as cursor:
            cursor.execute(
                "delete from ledger_transfer where customer_id = %s and kind = 'move'",
                [history.customer_id],
            )
        broken = {finding.check.name: finding for finding in checks.run(owner) if finding.broken}
        transaction.set_rollback(True, using="owner")
    assert broken["clearing"].first == {"unit": "CR", "account": "U35", "amount": -5}


def test_a_finding_counts_all_rows_and_keeps_the_first_20(history):
    owner = connections["owner"]
    with transaction.atomic(using="owner"):
        with owner.cursor() as cursor:
            cursor.execute(
                """
                insert into ledger_call (customer_id, id, state, ended_as, amount, lots, split,
                    used, committed, created_at, reserved_until, expires_at, ended_at, overrun)
                select customer_id, gen_random_uuid(), 'lost', ended_as, amount, lots, split, used,
                    committed, created_at, reserved_until, expires_at, ended_at, overrun
                from ledger_call, generate_series(1, 25)
                where customer_id = %s and state = 'committed'
                """,
                [history.customer_id],
            )
            added = cursor.rowcount
        found = {one.check.name: one for one in checks.run(owner, [history.customer_id])}
        transaction.set_rollback(True, using="owner")
    finding = found["reservation-state"]
    assert finding.broken == added >= 25
    assert len(finding.rows) == 20
    assert finding.rows[0] == finding.first
    assert [row["reservation_id"] for row in finding.rows] == sorted(
        row["reservation_id"] for row in finding.rows
    )


def test_nothing_is_found_in_a_clean_history(history):
    assert not [
        finding for finding in checks.run(connection, [history.customer_id]) if finding.broken
    ]


def verify(*arguments: str) -> str:
    output = StringIO()
    call_command("verify_ledger", *arguments, stdout=output)
    return output.getvalue()


def test_the_command_says_that_all_is_well(history):
    customer = ids.encode(ids.CUSTOMER, history.customer_id)
    assert verify("--customer", customer).endswith("0 broken\n")
    assert json.loads(verify("--customer", customer, "--json"))["ok"] is True


@pytest.fixture
def broken(history) -> Iterator[str]:
    """A customer whose held credits are one too many, for as long as the test runs."""
    _change_held(history, +1)
    yield ids.encode(ids.CUSTOMER, history.customer_id)
    _change_held(history, -1)


def _change_held(book: Book, by: int) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "update ledger_wallet set held = held + %s where customer_id = %s",
            [by, book.customer_id],
        )


def test_the_command_exits_with_1_and_names_the_first_broken_row(broken):
    output = StringIO()
    with pytest.raises(SystemExit) as exited:
        call_command("verify_ledger", "--customer", broken, stdout=output)
    assert exited.value.code == 1
    assert f"(wallet-held: 1)\n        customer={broken} held=" in output.getvalue()


def test_the_command_tells_machines_what_is_broken(broken):
    output = StringIO()
    with pytest.raises(SystemExit):
        call_command("verify_ledger", "--customer", broken, "--json", stdout=output)
    document = json.loads(output.getvalue())
    (found,) = [check for check in document["checks"] if check["broken"]]
    assert document["ok"] is False
    assert (found["name"], found["first"]["customer"]) == ("wallet-held", broken)


def test_the_command_knows_what_a_customers_id_looks_like():
    with pytest.raises(CommandError, match="no customer's id"):
        verify("--customer", "cus_1")
