import pytest

from ledger import services
from tests.factories.ledger import Book, key


def test_a_reservation_holds_what_it_was_asked_to(book):
    hold = book.reserve(40)
    assert (hold.code, hold.state, hold.amount) == ("ok", "held", 40)
    assert (hold.available, hold.held) == (60, 40)


def test_a_reservation_names_the_lots_that_it_takes():
    book = Book.new()
    first, second = book.grant(30), book.grant(100)
    hold = book.reserve(40)
    assert (hold.lots, hold.lot_amounts) == ([first, second], [30, 10])


def test_a_reservation_moves_nothing_in_the_journal(book):
    before = book.transfers()
    book.reserve(40)
    assert book.transfers() == before


def test_the_last_credit_can_be_reserved_and_no_more(book):
    assert book.reserve(100).ok
    refused = book.reserve(1)
    assert (refused.code, refused.required, refused.available) == ("insufficient-credits", 1, 0)


def test_a_refusal_changes_nothing(book):
    book.reserve(101)
    result = book.refresh()
    assert (result.available, result.held) == (100, 0)


def test_nothing_can_be_reserved_at_no_cost(book):
    hold = book.reserve(0)
    assert (hold.code, hold.lots, hold.available) == ("ok", [], 100)


def test_an_empty_wallet_can_reserve_nothing():
    book = Book.new()
    assert book.reserve(0).ok
    assert book.reserve(1).code == "insufficient-credits"


def test_the_key_is_the_id_where_it_can_be(book):
    asked = key()
    assert book.reserve(40, **asked).reservation_id == asked["key"]


def test_a_reservation_under_an_old_key_is_the_first_one_again(book):
    asked = key()
    first = book.reserve(40, **asked)
    again = book.reserve(40, **asked)
    assert again.replayed
    assert (again.reservation_id, again.available) == (first.reservation_id, 60)
    assert book.refresh().held == 40


def test_the_answer_to_a_reservation_is_the_same_after_it_has_ended(book):
    asked = key()
    first = book.reserve(40, overrun="available", **asked)
    book.commit(first, 70)
    again = book.reserve(40, overrun="available", **asked)
    assert (again.state, again.lots, again.lot_amounts) == ("held", first.lots, [40])
    assert (again.available, again.held) == (60, 40)


def test_a_key_may_be_used_again_after_a_refusal(book):
    asked = key()
    assert book.reserve(140, **asked).code == "insufficient-credits"
    book.grant(40)
    assert book.reserve(140, **asked).ok


def test_a_key_is_not_used_for_another_request(book):
    asked = key()
    book.reserve(40, **asked)
    assert book.reserve(50, **asked | {"request": 2}).code == "idempotency-key-reused"
    assert book.refresh().held == 40


def test_a_debit_reserves_and_commits_in_one_step(book):
    debit = book.debit(40)
    assert (debit.state, debit.committed, debit.released) == ("committed", 40, 0)
    assert (debit.available, debit.held) == (60, 0)


def test_a_debit_that_costs_nothing_is_in_the_call_log(book):
    debit = book.debit(0)
    assert (debit.code, debit.state, debit.transaction_id) == ("ok", "committed", None)


def test_a_debit_over_several_lots_is_one_transaction_with_a_transfer_for_each():
    book = Book.new()
    first, second = book.grant(30), book.grant(100)
    book.debit(40)
    assert book.transfers()[-2:] == [
        ("commit", "U20", "U30", 30, first),
        ("commit", "U20", "U30", 10, second),
    ]


@pytest.mark.parametrize("op", ["reserve", "debit"])
def test_less_than_nothing_is_refused(book, op):
    asked = book.operation(op, amount=-1, expires_in=900)
    assert [result.code for result in services.apply([asked, asked])] == ["malformed-amount"] * 2
    assert book.do(op, amount=-1, expires_in=900, **key()).code == "malformed-amount"
