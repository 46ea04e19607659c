"""The rules of the lots, each with a case that shows it: promises 8, 11 and 12, and who may write.

The published page on order of use and expiry says the same in words.
"""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import ProgrammingError, connection, transaction

from ledger import services
from tests.accounts.conftest import committed
from tests.factories.ledger import Book, Clock

__all__ = ["committed"]

HOUR = 3600


@pytest.fixture(autouse=True)
def _committed(committed: None) -> None:
    """The clock is the owner's and the core the service's: two connections."""


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    yield clock
    clock.reset()


@pytest.fixture
def book() -> Book:
    return Book.new()


class TestOrderOfUse:
    """Priority, earliest expiry, promotional before paid, oldest."""

    def test_the_lower_priority_number_first(self, book, clock):
        book.grant(10, expires_at=clock.after(HOUR))
        first = book.grant(10, priority=50)
        assert book.debit(1).lots == [first]

    def test_then_the_earlier_expiry(self, book, clock):
        book.grant(10, expires_at=clock.after(2 * HOUR))
        first = book.grant(10, kind="paid", expires_at=clock.after(HOUR))
        assert book.debit(1).lots == [first]

    def test_what_never_expires_comes_last(self, book, clock):
        book.grant(10)
        first = book.grant(10, kind="paid", expires_at=clock.after(HOUR))
        assert book.debit(1).lots == [first]

    def test_then_promotional_before_paid(self, book, clock):
        expires_at = clock.after(HOUR)
        book.grant(10, kind="paid", expires_at=expires_at)
        first = book.grant(10, kind="promo", expires_at=expires_at)
        assert book.debit(1).lots == [first]

    @pytest.mark.parametrize("kind", ["promo", "goodwill", "adjustment"])
    def test_a_present_of_any_kind_before_what_was_paid_for(self, book, kind):
        book.grant(10, kind="paid")
        first = book.grant(10, kind=kind)
        assert book.debit(1).lots == [first]

    def test_a_bonus_that_was_sold_with_a_pack_is_paid(self, book):
        book.grant(10, kind="bonus")
        first = book.grant(10, kind="promo")
        assert book.debit(1).lots == [first]

    def test_then_the_oldest(self, book):
        first = book.grant(10)
        book.grant(10)
        assert book.debit(1).lots == [first]

    def test_a_lot_is_used_up_before_the_next_one_is_touched(self, book):
        lots = [book.grant(10) for _ in range(3)]
        debit = book.debit(25)
        assert (debit.lots, debit.lot_amounts) == (lots, [10, 10, 5])

    def test_a_lot_that_comes_later_and_stands_first_is_used_next(self, book):
        book.grant(10)
        book.debit(1)
        first = book.grant(10, priority=1)
        assert book.debit(1).lots == [first]

    def test_what_comes_back_to_an_earlier_lot_is_used_next(self, book):
        first, second = book.grant(10), book.grant(10)
        hold = book.reserve(10)
        assert book.debit(1).lots == [second]
        book.release(hold)
        assert book.debit(1).lots == [first]


class TestExpiry:
    def test_credits_can_be_spent_until_the_second_in_which_they_expire(self, book, clock):
        book.grant(10, expires_at=clock.after(HOUR))
        clock.forward(HOUR - 60)
        assert book.debit(1).ok
        clock.forward(60)
        assert book.debit(1).code == "insufficient-credits"

    def test_no_job_has_to_run(self, book, clock):
        book.grant(10, expires_at=clock.after(60))
        clock.forward(60)
        refused = book.reserve(1)
        assert (refused.code, refused.available) == ("insufficient-credits", 0)

    def test_expiry_takes_what_is_free_and_nothing_else(self, book, clock):
        first, second = book.grant(10, expires_at=clock.after(60)), book.grant(10)
        book.debit(3)
        clock.forward(60)
        assert book.refresh().available == 10
        assert book.lots() == {first: 0, second: 10}

    def test_each_lot_goes_at_its_own_time(self, book, clock):
        for minutes in (1, 2, 3):
            book.grant(10, expires_at=clock.after(60 * minutes))
        left = []
        for _ in range(3):
            clock.forward(60)
            left.append(book.refresh().available)
        assert left == [20, 10, 0]

    def test_an_expiry_is_dated_when_it_happened(self, book, clock):
        expires_at = clock.after(60)
        book.grant(10, expires_at=expires_at)
        clock.forward(HOUR)
        book.refresh()
        with connection.cursor() as cursor:
            cursor.execute(
                "select effective_at, posted_at from ledger_transfer"
                " where customer_id = %s and kind = 'expire'",
                [book.customer_id],
            )
            effective_at, posted_at = cursor.fetchone()
        assert effective_at == expires_at < posted_at


class TestHoldsAcrossExpiry:
    """A hold keeps the credits that it named; what it gives back after that expires."""

    def test_what_is_held_survives_its_lot(self, book, clock):
        lot = book.grant(10, expires_at=clock.after(60))
        hold = book.reserve(6)
        clock.forward(60)
        assert book.refresh().held == 6
        assert book.lots() == {lot: 6}
        assert book.commit(hold).lots == [lot]

    @pytest.mark.parametrize("end", ["release", "expire", "commit of a part"])
    def test_what_comes_back_is_breakage(self, book, clock, end):
        lot = book.grant(10, expires_at=clock.after(60))
        hold = book.reserve(6, expires_in=120)
        clock.forward(60)
        if end == "release":
            book.release(hold)
        elif end == "expire":
            clock.forward(60)
        else:
            book.commit(hold, 2)
        assert book.refresh().available == 0
        assert book.lots() == {lot: 0}
        assert {move[0] for move in book.transfers()} <= {"grant", "expire", "commit"}

    def test_an_overrun_does_not_reach_into_an_expired_lot(self, book, clock):
        book.grant(10, expires_at=clock.after(60))
        hold = book.reserve(6, overrun="available")
        clock.forward(60)
        assert book.commit(hold, 7).code == "insufficient-credits"
        assert book.commit(hold, 6).ok

    def test_a_longer_hold_does_not_make_its_lot_live_longer(self, book, clock):
        book.grant(10, expires_at=clock.after(60))
        hold = book.reserve(6)
        clock.forward(60)
        book.extend(hold, HOUR)
        assert book.reserve(1).code == "insufficient-credits"

    def test_the_credits_of_an_expired_hold_are_used_in_their_order_again(self, book, clock):
        first, second = book.grant(10), book.grant(10)
        book.reserve(10, expires_in=60)
        assert book.debit(1).lots == [second]
        clock.forward(60)
        assert book.debit(1).lots == [first]


class TestWhichCreditsPaid:
    """Promise 11: every debit names its lots, and what goes back goes back to the same ones."""

    def test_every_answer_names_the_lots_and_how_much_of_each(self, book):
        lots = [book.grant(10), book.grant(10)]
        hold = book.reserve(15)
        assert (hold.lots, hold.lot_amounts) == (lots, [10, 5])
        done = book.commit(hold, 12)
        assert (done.lots, done.lot_amounts) == (lots, [10, 2])
        back = book.reverse(done, 3)
        assert (back.lots, back.lot_amounts) == (lots, [1, 2])

    def test_paid_never_comes_back_as_free(self, book):
        promo, paid = book.grant(10, kind="promo"), book.grant(10, kind="paid")
        done = book.debit(15)
        book.debit(5)
        book.reverse(done, 5)
        assert book.lots() == {promo: 0, paid: 5}

    def test_every_transfer_of_credits_names_its_lot(self, book, clock):
        book.grant(10, kind="paid", expires_at=clock.after(60))
        book.grant(10)
        book.reverse(book.commit(book.reserve(15), 12), 4)
        clock.forward(60)
        services.adjust(book.customer_id, amount=1, cause="void")
        assert all(lot for *_, lot in book.transfers())


class TestRounding:
    """Promise 12: integers; entries are differences of two carrying values."""

    def carrying(self, *amounts: int) -> int:
        with connection.cursor() as cursor:
            cursor.execute("select ledger_carrying(%s, %s, %s)", amounts)
            return cursor.fetchone()[0]

    @pytest.mark.parametrize(
        ("price", "units", "uses", "entries"),
        [
            (1000, 3, [1, 1, 1], [333, 334, 333]),
            (10_000, 1200, [250, 1, 949], [2083, 9, 7908]),
        ],
    )
    def test_the_entries_of_a_lot_sum_to_its_price(self, price, units, uses, entries):
        left, found = units, []
        for use in uses:
            found.append(
                self.carrying(price, units, left) - self.carrying(price, units, left - use)
            )
            left -= use
        assert found == entries
        assert sum(found) == price

    @pytest.mark.parametrize(("left", "value"), [(1, 0), (3, 2), (5, 2), (7, 4)])
    def test_a_half_goes_to_the_even_neighbour(self, left, value):
        assert self.carrying(5, 10, left) == value

    def test_a_lot_may_be_worth_more_than_a_bigint_can_multiply(self):
        assert self.carrying(10**15, 10**18, 10**18 // 2) == 10**15 // 2

    def test_the_smallest_part_of_a_credit_is_counted(self, book):
        book.grant(1)
        assert book.debit(1).available == 0
        assert book.debit(1).code == "insufficient-credits"

    def test_a_move_splits_the_price_without_loss(self, book):
        other = Book.new()
        book.grant(7, kind="paid", price=100, currency="USD")
        for _ in range(7):
            services.move(book.customer_id, other.customer_id, amount=1)
        money = [move[3] for move in other.transfers() if move[2] == "2100"]
        assert (len(money), sum(money)) == (7, 100)


CORE_TABLES = [
    *("ledger_transfer", "ledger_call", "ledger_event", "ledger_wallet", "ledger_lot"),
    *("ledger_hold", "ledger_key", "ledger_clock", "ledger_account"),
    *("ledger_outbox", "ledger_relay", "ledger_threshold"),
    *("ledger_limit", "ledger_subject", "ledger_tally"),
    *("ledger_usage_day", "ledger_usage_until"),
    *("ledger_detached", "ledger_detached_sum", "ledger_detached_hold"),
    *("ledger_limit", "ledger_subject", "ledger_tally", "ledger_balance_mark", "ledger_seal"),
]


class TestTheServicesRole:
    """History is never edited: the role that the service runs as could not if it wanted to."""

    def rows(self, sql: str, *parameters: object) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return [row[0] for row in cursor.fetchall()]

    def test_is_the_one_that_these_tests_run_as(self):
        assert self.rows("select current_user::text") == [settings.APPLICATION_ROLE]

    @pytest.mark.parametrize("table", CORE_TABLES)
    @pytest.mark.parametrize("privilege", ["INSERT", "UPDATE", "DELETE", "TRUNCATE"])
    def test_may_only_read_the_core(self, table, privilege):
        may = "select has_table_privilege(current_user, %s, %s)"
        assert self.rows(may, table, "SELECT") == [True]
        assert self.rows(may, table, privilege) == [False]

    def test_may_do_nothing_with_a_partition(self):
        sql = """
            select inhrelid::regclass::text from pg_inherits
            where inhparent = any(%s::regclass[])
                and has_table_privilege(inhrelid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
        """
        assert self.rows(sql, ["ledger_transfer", "ledger_call", "ledger_event"]) == []

    def test_may_do_nothing_with_a_partition_that_it_had_made(self):
        self.rows("select ledger_make_partitions(now(), now() + interval '5 months')")
        self.test_may_do_nothing_with_a_partition()

    def test_owns_nothing(self):
        sql = """
            select relname::text from pg_class where relowner = current_user::regrole
            union all select proname from pg_proc where proowner = current_user::regrole
            union all select nspname from pg_namespace where nspowner = current_user::regrole
        """
        assert self.rows(sql) == []

    def test_may_not_make_tables(self):
        assert self.rows("select has_schema_privilege(current_schema(), 'CREATE')") == [False]

    def test_calls_no_function_of_the_core_but_its_doors(self):
        sql = """
            select distinct proname::text from pg_proc
            where proname like 'ledger\\_%%' and has_function_privilege(oid, 'EXECUTE') order by 1
        """
        assert self.rows(sql) == [
            *("ledger_announce", "ledger_apply", "ledger_caps_of", "ledger_carrying"),
            *("ledger_claim_events", "ledger_close_books", "ledger_customers_to_sum"),
            *("ledger_day", "ledger_erase", "ledger_first_open", "ledger_forget_keys"),
            *("ledger_gained", "ledger_gone_by", "ledger_id_before", "ledger_id_floor"),
            "ledger_limits_of",
            *("ledger_line_kind", "ledger_make_partitions", "ledger_mark_at", "ledger_meters_of"),
            *("ledger_move", "ledger_now", "ledger_open_wallets", "ledger_put_off_events"),
            *("ledger_quiet_moment", "ledger_recognise", "ledger_require_notice"),
            *("ledger_seal_bytes", "ledger_seal_now", "ledger_seal_value"),
            *("ledger_set_time_zone", "ledger_still_held", "ledger_sum_calls"),
            "ledger_sum_transfers",
            *("ledger_tallies_of", "ledger_usage", "ledger_use", "ledger_version_at"),
            *("ledger_write_marks", "ledger_write_seals"),
        ]

    def test_cannot_put_a_table_of_its_own_in_the_place_of_the_cores(self, book, clock):
        with connection.cursor() as cursor, transaction.atomic():
            cursor.execute("create temporary table ledger_clock (shift) as select interval '1 day'")
            cursor.execute("grant select on pg_temp.ledger_clock to public")
            hold = book.reserve(0, expires_in=1)
            transaction.set_rollback(True)
        assert hold.expires_at < clock.after(HOUR)

    @pytest.mark.parametrize(
        "statement",
        [
            "update ledger_transfer set amount = 1",
            "delete from ledger_transfer",
            "truncate ledger_transfer",
            "insert into ledger_transfer select * from ledger_transfer",
            "update ledger_wallet set balance = balance + 1",
            "update ledger_clock set shift = '1 hour'",
            "alter table ledger_wallet drop constraint ledger_wallet_within_credit_limit",
        ],
    )
    def test_is_refused_when_it_tries(self, statement):
        with connection.cursor() as cursor, pytest.raises(ProgrammingError):
            cursor.execute(statement)
