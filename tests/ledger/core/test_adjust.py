import pytest

from ledger import services
from ledger.errors import Refused
from tests.factories.ledger import Book


def adjust(book, amount, cause="void", **fields):
    return services.adjust(book.customer_id, amount=amount, cause=cause, **fields)


@pytest.mark.parametrize(
    ("cause", "account"),
    [("void", "U34"), ("forfeit", "U31"), ("refund", "U32"), ("escheat", "U33")],
)
def test_each_cause_has_its_account(book, cause, account):
    result = adjust(book, 30, cause)
    assert result.available == 70
    assert book.transfers()[-1] == (cause, "U20", account, 30, result.lots[0])


def test_a_reduction_without_a_cause_is_refused(book):
    with pytest.raises(Refused, match="unknown-cause"):
        adjust(book, 30, "because")


def test_credits_are_taken_in_their_order_of_use():
    book = Book.new()
    first, second = book.grant(30), book.grant(100)
    result = adjust(book, 40)
    assert (result.lots, result.lot_amounts) == ([first, second], [30, 10])


def test_credits_are_taken_of_the_lot_that_is_named():
    book = Book.new()
    first, second = book.grant(30), book.grant(100)
    adjust(book, 40, lot_id=second)
    assert book.lots() == {first: 30, second: 60}


def test_what_is_held_cannot_be_taken(book):
    book.reserve(80)
    with pytest.raises(Refused, match="insufficient-credits"):
        adjust(book, 21)
    assert adjust(book, 20).available == 0


def test_no_more_is_taken_of_a_lot_than_it_has():
    book = Book.new()
    first = book.grant(30)
    book.grant(100)
    with pytest.raises(Refused, match="insufficient-credits"):
        adjust(book, 31, lot_id=first)
