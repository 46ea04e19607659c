from tests.factories.ledger import Book, key


def test_a_reversal_gives_committed_credits_back(book):
    done = book.debit(40)
    back = book.reverse(done)
    assert (back.state, back.reversed, back.available) == ("reversed", 40, 100)


def test_a_reversal_is_a_new_transaction_and_never_an_edit(book):
    done = book.debit(40)
    before = book.transfers()
    book.reverse(done)
    assert book.transfers() == [*before, ("reverse", "U30", "U20", 40, done.lots[0])]


def test_credits_go_back_to_the_lots_that_they_came_from():
    book = Book.new()
    first, second = book.grant(30), book.grant(100)
    book.reverse(book.debit(40))
    assert book.lots() == {first: 30, second: 100}


def test_a_part_goes_back_to_the_lot_used_last():
    book = Book.new()
    first, second = book.grant(30), book.grant(100)
    done = book.debit(40)
    back = book.reverse(done, 15)
    assert (back.lots, back.lot_amounts) == ([first, second], [5, 10])
    assert book.lots() == {first: 5, second: 100}


def test_parts_can_be_reversed_until_nothing_is_left(book):
    done = book.debit(40)
    assert book.reverse(done, 15).reversed == 15
    assert book.reverse(done, 25).reversed == 40
    assert book.refresh().available == 100


def test_no_more_is_given_back_than_was_taken(book):
    done = book.debit(40)
    book.reverse(done, 15)
    assert book.reverse(done, 26).code == "amount-exceeds-reservation"


def test_the_same_reversal_again_is_the_first_result(book):
    done = book.debit(40)
    first = book.reverse(done)
    again = book.reverse(done)
    assert (again.code, again.transaction_id) == ("ok", first.transaction_id)
    assert book.refresh().available == 100


def test_another_amount_of_a_reversed_call_is_a_conflict(book):
    done = book.debit(40)
    book.reverse(done)
    assert book.reverse(done, 1).code == "reservation-reversed"


def test_a_hold_is_released_and_not_reversed(book):
    assert book.reverse(book.reserve(40)).code == "reservation-held"


def test_what_was_released_cannot_be_reversed(book):
    hold = book.reserve(40)
    book.release(hold)
    assert book.reverse(hold).code == "reservation-released"


def test_a_reversed_call_cannot_be_committed_again(book):
    hold = book.reserve(40)
    book.commit(hold)
    book.reverse(hold)
    assert book.commit(hold).code == "reservation-reversed"


def test_credits_given_back_to_an_expired_lot_are_breakage(clock):
    book = Book.new()
    lot = book.grant(100, expires_at=clock.after(60))
    done = book.debit(40)
    clock.forward(61)
    assert book.reverse(done).available == 0
    assert book.transfers()[-1] == ("expire", "U20", "U31", 40, lot)


def test_a_lot_that_was_used_up_expires_again_after_a_reversal(clock):
    book = Book.funded(100, expires_at=clock.after(100))
    done = book.debit(100)
    book.grant(1)
    book.reserve(1, expires_in=10)
    clock.forward(20)
    book.reverse(done)
    clock.forward(100)
    assert book.debit(2).code == "insufficient-credits"


def test_a_reversal_under_an_old_key_is_the_first_answer_again(book):
    done, asked = book.debit(40), key()
    first = book.reverse(done, 15, **asked)
    again = book.reverse(done, 15, **asked)
    assert (again.replayed, again.transaction_id) == (True, first.transaction_id)
    assert book.refresh().available == 75
