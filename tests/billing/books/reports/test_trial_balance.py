"""Section 8.5: the books after E01, E02, E04 to E06 and a refund of 600 of the 720 left."""

from datetime import date

import pytest

from billing.books.reports import trial_balance
from ledger import services
from ledger.amounts import CREDIT
from ledger.services import Leg
from tests.factories.dated import recognise
from tests.factories.ledger import Book

JANUARY = date(2002, 1, 1)


@pytest.fixture
def book(calendar):
    calendar.go(date(2002, 1, 10))
    book = Book.new()
    pack = book.grant(
        1000 * CREDIT,
        "paid",
        price=100_00,
        tax=20_00,
        money=[Leg("1000", "2100", 100_00, "USD"), Leg("1000", "2200", 20_00, "USD")],
        priority=50,
    )
    fee = [Leg("6100", "1000", 3_20, "USD")]
    services.post(book.customer_id, kind="payment fee", money=fee)
    book.grant(100 * CREDIT, priority=10)
    book.grant(400 * CREDIT, priority=90)
    hold = book.reserve(400 * CREDIT)
    book.commit(hold, 380 * CREDIT)
    services.adjust(
        book.customer_id,
        amount=600 * CREDIT,
        cause="refund",
        lot_id=pack,
        money=[Leg("2100", "2400", 60_00, "USD"), Leg("2200", "2400", 12_00, "USD")],
    )
    paid = [Leg("2400", "1000", 72_00, "USD")]
    services.post(book.customer_id, kind="refund paid", money=paid)
    recognise([book])
    return book


def balances(table):
    rows = [(row["account"], row["debit"] - row["credit"]) for row in table.rows]
    return {account: amount for account, amount in rows if amount}


def test_the_example(book):
    money, credits = trial_balance.report(JANUARY)
    assert balances(money) == {
        "1000": 44_80,
        "6100": 3_20,
        "2100": -12_00,
        "2200": -8_00,
        "4100": -28_00,
    }
    assert (money.totals["debit"], money.totals["credit"]) == (48_00, 48_00)
    assert balances(credits) == {
        "U10": 1500 * CREDIT,
        "U20": -520 * CREDIT,
        "U30": -380 * CREDIT,
        "U32": -600 * CREDIT,
    }


def test_the_next_month_opens_with_what_was_left(book):
    money, credits = trial_balance.report(date(2002, 2, 1))
    opening = {row["account"]: row["opening"] for row in money.rows if row["opening"]}
    assert opening == balances(trial_balance.report(JANUARY)[0])
    assert (money.totals["debits"], money.totals["opening"]) == (0, 0)
    assert (credits.currency, money.currency) == (None, "USD")


def test_nothing_before_the_first_entry(book):
    assert trial_balance.report(date(2001, 12, 1)) == []
