"""What a lot gets back after a part of it was moved to another customer: R2 and R16 of the
accounting rules. The rest has a basis of its own since then."""

import pytest
from django.db import connection

from billing.books import revenue
from ledger import services
from ledger.amounts import CREDIT
from ledger.models import Lot
from tests.factories.billing import bought, money, refund_fact, say
from tests.factories.ledger import Book

pytestmark = pytest.mark.usefixtures("books_tie")


def own(payment):
    return Book(payment.purchase.customer_id)


def used(payment, amount):
    hold = own(payment).reserve(amount * CREDIT)
    own(payment).commit(hold)
    return hold


def moved(payment, amount):
    other = Book.new()
    services.move(own(payment).customer_id, other.customer_id, amount=amount * CREDIT)
    return other


def deferred(book):
    """By lot, with what is left of each, after recognition: 2100 is its carrying value."""
    revenue.recognise_all()
    with connection.cursor() as cursor:
        cursor.execute(
            "select l.id, l.remaining, ledger_carrying(l.price, l.units, l.remaining),"
            " (select coalesce(-sum(amount), 0) from ledger_posting p"
            "  where p.customer_id = l.customer_id and p.lot_id = l.id and account = '2100')"
            " from ledger_lot_state l where customer_id = %s and price > 0",
            [book.customer_id],
        )
        found = cursor.fetchall()
    assert [carrying for _, _, carrying, _ in found] == [stands for *_, stands in found]
    return [(left // CREDIT, int(stands)) for _, left, _, stands in found]


def test_a_refund_of_before_that_fails_is_restored():
    """1,000 for 100.00: 600 are refunded, then 250 of the 400 left are moved. 150 and 600 are worth
    75.00."""
    payment = bought()
    say(refund_fact(payment, "one", 60_00, state="pending"))
    other = moved(payment, 250)
    assert (deferred(own(payment)), deferred(other)) == ([(150, 15_00)], [(250, 25_00)])
    assert say(refund_fact(payment, "one", 60_00, state="failed")).state == "applied"
    assert deferred(own(payment)) == [(750, 75_00)]
    books = money(own(payment).customer_id)
    assert books == {"1000": 100_00, "2100": -75_00, "2190": -25_00}
    own(payment).debit(750 * CREDIT)
    assert deferred(own(payment)) == [(0, 0)]
    assert money(own(payment).customer_id) == {"1000": 100_00, "4100": -75_00, "2190": -25_00}


def test_of_a_lot_that_was_moved_whole_too():
    payment = bought()
    say(refund_fact(payment, "one", 60_00, state="pending"))
    moved(payment, 400)
    say(refund_fact(payment, "one", 60_00, state="failed"))
    assert deferred(own(payment)) == [(600, 60_00)]


def test_no_more_is_restored_than_was_refunded():
    payment = bought()
    say(refund_fact(payment, "one", 60_00, state="pending"))
    moved(payment, 250)
    (lot,) = Lot.objects.filter(customer_id=own(payment).customer_id)
    with pytest.raises(services.Refused) as refused:
        services.restore(own(payment).customer_id, amount=600 * CREDIT + 1, lot_id=lot.id)
    assert refused.value.code == "not-found"


@pytest.mark.parametrize("price", ["100.00", "99.99", "0.07"])
def test_what_is_restored_is_worth_what_is_left_on_the_new_basis(price):
    payment = bought(price=price)
    say(refund_fact(payment, "one", payment.amount * 6 // 10, state="pending"))
    moved(payment, 251)
    say(refund_fact(payment, "one", payment.amount * 6 // 10, state="failed"))
    ((left, _),) = deferred(own(payment))
    assert left == 749
    own(payment).debit(749 * CREDIT)
    assert deferred(own(payment)) == [(0, 0)]


def test_use_of_before_that_is_reversed_is_deferred_again():
    """400 of 1,000 for 100.00 were used and 250 moved; 100 of what was used are given back."""
    payment = bought()
    hold = used(payment, 400)
    other = moved(payment, 250)
    assert money(own(payment).customer_id)["4100"] == -40_00
    own(payment).reverse(hold, 100 * CREDIT)
    assert deferred(own(payment)) == [(450, 45_00)]
    assert deferred(other) == [(250, 25_00)]
    assert money(own(payment).customer_id)["4100"] == -30_00


@pytest.mark.parametrize("price", ["100.00", "99.99", "0.07"])
@pytest.mark.parametrize("part", [1, 251, 600])
def test_and_is_worth_what_is_left_on_the_new_basis(price, part):
    payment = bought(price=price)
    hold = used(payment, 400)
    moved(payment, part)
    own(payment).reverse(hold)
    ((left, _),) = deferred(own(payment))
    assert left == 1000 - part
    own(payment).debit(left * CREDIT)
    assert deferred(own(payment)) == [(0, 0)]
    books = money(own(payment).customer_id)
    assert -books["4100"] - books.get("2190", 0) == payment.amount
