"""By hand: what partners have of calls, and how it is posted."""

from datetime import date, timedelta

import pytest
from django.db import connection

from billing import partners
from billing.books import lots, tie_outs
from billing.books.rows import rows
from billing.models import Policy
from ledger import checks, wallets
from ledger.amounts import CREDIT
from tests.factories.dated import Calendar, sold
from tests.factories.ledger import Book
from tests.factories.partners import booked, priced, shared

DAY = date(2003, 3, 10)


@pytest.fixture(autouse=True)
def everything_ties(calendar: Calendar):
    calendar.go(DAY)
    yield
    broken = [
        (one.check.name, one.rows)
        for one in checks.run(connection)
        if one.broken and one.check.name.startswith("partner")
    ]
    assert broken == []
    names = ("partners-accrued", "partner-payable")
    found = [one for one in tie_outs.run(date(2003, 3, 1), date(2003, 3, 31)) if one.broken]
    assert [one for one in found if one.check.name in names] == []


def accrued(term) -> dict[str, int]:
    partners.accrue_all()
    assert partners.accrue_all() == 0, "accruing again is nothing"
    owed = {one.currency: one.accrued for one in partners.owed(term.partner) if one.accrued}
    assert booked(term.partner) == owed
    return owed


def test_per_cent_are_of_what_the_credits_cost(calendar):
    """1,000 credits for 100.00: 30 calls of 4 earn 12.00, of which 20 % are 2.40."""
    price, book = priced(4), Book.new()
    term = shared(price.endpoint, "20", on=DAY)
    book.grant(1_000 * CREDIT, kind="paid", price=100_00, currency="USD")
    for _ in range(30):
        book.debit(4 * CREDIT, price_id=price.id)
    assert accrued(term) == {"USD": 2_40}


def test_the_entry_is_6400_to_2500_in_the_houses_book(calendar):
    price, book = priced(), Book.new()
    term = shared(price.endpoint, "50", on=DAY)
    sold(book, 10)
    book.debit(10 * CREDIT, price_id=price.id)
    accrued(term)
    sql = "select kind, debit, credit, amount, unit from ledger_transfer where document = %(it)s"
    found = rows(sql, {"it": term.partner.reference})
    assert found == [("partner-share", "6400", "2500", 5, "USD")]


def test_credits_a_call_are_worth_what_they_cost(calendar):
    """A credit costs 10 cents: 3 of each of two calls of 5; of one of 2, both."""
    price, book = priced(5), Book.new()
    term = shared(price.endpoint, credits=3 * CREDIT, on=DAY)
    book.grant(100 * CREDIT, kind="paid", price=10_00, currency="USD")
    for amount in (5, 5, 2):
        book.debit(amount * CREDIT, price_id=price.id)
    assert accrued(term) == {"USD": 80}


def test_free_credits_earn_nothing(calendar):
    price, book = priced(), Book.new()
    percent = shared(price.endpoint, "100", on=DAY)
    book.grant(5 * CREDIT, kind="promo")
    sold(book, 100)
    book.debit(8 * CREDIT, price_id=price.id)
    assert accrued(percent) == {"USD": 3}


def test_of_a_call_that_is_partly_free_the_free_credits_come_first(calendar):
    """5 free and 3 paid: of its first 6 credits one was paid for."""
    price, book = priced(), Book.new()
    term = shared(price.endpoint, credits=6 * CREDIT, on=DAY)
    book.grant(5 * CREDIT, kind="promo")
    sold(book, 100)
    book.debit(8 * CREDIT, price_id=price.id)
    assert accrued(term) == {"USD": 1}


def test_a_reversal_takes_its_part_back(calendar):
    price, book = priced(), Book.new()
    term = shared(price.endpoint, "50", on=DAY)
    sold(book, 1_000)
    done = book.debit(100 * CREDIT, price_id=price.id)
    assert accrued(term) == {"USD": 50}
    book.reverse(done, 30 * CREDIT)
    assert accrued(term) == {"USD": 35}
    calendar.forward(86_400)
    book.reverse(done)
    assert accrued(term) == {}


def test_a_reversal_of_credits_a_call_takes_back_the_last_first(calendar):
    price, book = priced(), Book.new()
    term = shared(price.endpoint, credits=3 * CREDIT, on=DAY)
    sold(book, 100)
    done = book.debit(10 * CREDIT, price_id=price.id)
    for back, owed in [(6, 3), (1, 3), (2, 1), (1, 0)]:
        book.reverse(done, back * CREDIT)
        assert accrued(term) == ({"USD": owed} if owed else {})


def test_parts_of_a_hold_are_one_call(calendar):
    price, book = priced(), Book.new()
    term = shared(price.endpoint, credits=3 * CREDIT, on=DAY)
    sold(book, 100)
    hold = book.reserve(10 * CREDIT, price_id=price.id)
    book.commit(hold, 2 * CREDIT, final=False)
    assert accrued(term) == {"USD": 2}
    book.commit(hold, 2 * CREDIT, final=False)
    assert accrued(term) == {"USD": 3}
    book.commit(hold, 4 * CREDIT)
    assert accrued(term) == {"USD": 3}


def test_fractions_of_a_cent_add_up(calendar):
    """A third of a cent a call, one at a time: 100 calls are 33 cents."""
    price, book = priced(), Book.new()
    term = shared(price.endpoint, "33.3333", on=DAY)
    sold(book, 1_000)
    for _ in range(100):
        book.debit(CREDIT, price_id=price.id)
        partners.accrue([book.customer_id])
    assert accrued(term) == {"USD": 33}


def test_customers_and_lots_are_rounded_together(calendar):
    """Half a cent of each of three customers is 1.5 cents: 2, half to even."""
    price = priced()
    term = shared(price.endpoint, "50", on=DAY)
    for _ in range(3):
        book = Book.new()
        sold(book, 10)
        book.debit(CREDIT, price_id=price.id)
    assert accrued(term) == {"USD": 2}


def test_each_currency_is_for_itself(calendar):
    price, book = priced(), Book.new()
    term = shared(price.endpoint, "50", on=DAY)
    sold(book, 10)
    sold(book, 100, currency="EUR")
    book.debit(30 * CREDIT, price_id=price.id)
    assert accrued(term) == {"USD": 5, "EUR": 10}


def test_an_expired_lot_earns_what_was_used_of_it(calendar):
    price, book = priced(), Book.new()
    term = shared(price.endpoint, "50", on=DAY)
    sold(book, 100, expires_at=calendar.after(3_600))
    hold = book.reserve(10 * CREDIT, price_id=price.id, expires_in=90_000)
    calendar.forward(7_200)
    book.refresh()
    done = book.commit(hold)
    assert accrued(term) == {"USD": 5}
    book.reverse(done, 4 * CREDIT)
    assert accrued(term) == {"USD": 3}


def test_other_endpoints_and_calls_before_the_terms_earn_them_nothing(calendar):
    price, other, book = priced(), priced(), Book.new()
    sold(book, 100)
    book.debit(10 * CREDIT, price_id=price.id)
    calendar.forward(60)
    begun = book.reserve(10 * CREDIT, price_id=price.id)
    calendar.forward(60)
    term = shared(price.endpoint, "50", on=DAY)
    book.debit(10 * CREDIT, price_id=other.id)
    book.debit(10 * CREDIT)
    book.commit(begun)
    assert accrued(term) == {}


def test_a_change_of_terms_leaves_the_calls_of_before(calendar):
    """The call is of the terms that held when it was made, whenever it is committed."""
    price, book = priced(), Book.new()
    first = shared(price.endpoint, "50", on=DAY)
    sold(book, 1_000)
    book.debit(100 * CREDIT, price_id=price.id)
    hold = book.reserve(100 * CREDIT, price_id=price.id, expires_in=200_000)
    calendar.go(DAY + timedelta(days=1))
    partners.end(first, DAY + timedelta(days=1))
    second = shared(price.endpoint, "10", on=DAY + timedelta(days=1), partner=first.partner)
    assert second.partner == first.partner
    book.debit(100 * CREDIT, price_id=price.id)
    book.commit(hold)
    assert accrued(first) == {"USD": 110}


def test_a_concession_leaves_what_was_earned_at_its_price(calendar):
    """10 of 100 credits for 10.00 are used, then 90 are given to the lot: the other 90 cost 5 cents
    each. What was earned before is as it was, and comes back as it was."""
    price, book = priced(), Book.new()
    term = shared(price.endpoint, "100", on=DAY)
    lot = book.grant(100 * CREDIT, kind="paid", price=10_00, currency="USD")
    done = book.debit(10 * CREDIT, price_id=price.id)
    Policy.objects.update_or_create(only_row=True, defaults={"goodwill": "price-concession"})
    lots.goodwill(book.customer_id, 90 * CREDIT, lot_id=lot)
    later = book.debit(10 * CREDIT, price_id=price.id)
    assert accrued(term) == {"USD": 1_50}
    book.reverse(done)
    assert accrued(term) == {"USD": 50}
    book.reverse(later)
    assert accrued(term) == {}


def test_a_part_that_moved_away_leaves_what_was_earned(calendar):
    """A third of 1.00 was used. Another moves away, and 33 cents are left for the last."""
    price, book, other = priced(), Book.new(), Book.new()
    term = shared(price.endpoint, "100", on=DAY)
    lot = book.grant(3 * CREDIT, kind="paid", price=1_00, currency="USD")
    done = book.debit(CREDIT, price_id=price.id)
    lots.move(book.customer_id, other.customer_id, CREDIT, lot_id=lot)
    assert accrued(term) == {"USD": 33}
    book.debit(CREDIT, price_id=price.id)
    assert accrued(term) == {"USD": 66}
    book.reverse(done)
    assert accrued(term) == {"USD": 33}


def test_what_was_used_on_credit_earns_when_a_lot_covers_it(calendar):
    """10 credits of an endpoint of ours, then 20 of the partner's: 15 are covered, 5 of which are
    the partner's; then the rest. A reversal of ours moves the partner's up."""
    ours, price, book = priced(), priced(), Book.new()
    wallets.set_credit_limit(book.customer_id, limit=30 * CREDIT)
    term = shared(price.endpoint, "100", on=DAY)
    first = book.debit(10 * CREDIT, price_id=ours.id)
    last = book.debit(20 * CREDIT, price_id=price.id)
    assert accrued(term) == {}
    book.grant(15 * CREDIT, kind="paid", price=1_50, currency="USD")
    assert accrued(term) == {"USD": 50}
    book.reverse(first)
    assert accrued(term) == {"USD": 1_50}
    sold(book, 100)
    assert accrued(term) == {"USD": 1_55}
    book.reverse(last)
    assert accrued(term) == {}


def test_of_credits_a_call_those_used_on_credit_are_the_last(calendar):
    """6 of 10 are on credit. Of its first 7 credits 4 are of the lot, 3 of the one that covers."""
    price, book = priced(), Book.new()
    wallets.set_credit_limit(book.customer_id, limit=30 * CREDIT)
    term = shared(price.endpoint, credits=7 * CREDIT, on=DAY)
    sold(book, 4)
    book.debit(10 * CREDIT, price_id=price.id)
    assert accrued(term) == {"USD": 4}
    book.grant(100 * CREDIT, kind="paid", price=10_00, currency="USD")
    assert accrued(term) == {"USD": 34}
