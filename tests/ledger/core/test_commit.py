from tests.factories.ledger import Book, key


def test_commit_takes_the_whole_hold_unless_told_otherwise(book):
    done = book.commit(book.reserve(40))
    assert (done.state, done.committed, done.released) == ("committed", 40, 0)
    assert (done.available, done.held) == (60, 0)


def test_commit_returns_the_unused_part(book):
    done = book.commit(book.reserve(40), 25)
    assert (done.committed, done.released, done.available) == (25, 15, 75)


def test_commit_is_a_transfer_from_available_to_consumed(book):
    hold = book.reserve(40)
    done = book.commit(hold, 25)
    assert book.transfers()[-1] == ("commit", "U20", "U30", 25, hold.lots[0])
    assert done.transaction_id


def test_commit_of_nothing_is_no_transaction(book):
    done = book.commit(book.reserve(40), 0)
    assert (done.code, done.committed, done.transaction_id) == ("ok", 0, None)
    assert done.available == 100


def test_a_commit_across_lots_uses_them_in_the_order_of_the_hold():
    book = Book.new()
    first, second = book.grant(30), book.grant(100)
    done = book.commit(book.reserve(50), 35)
    assert (done.lots, done.lot_amounts) == ([first, second], [30, 5])
    assert book.lots() == {first: 0, second: 95}


def test_a_commit_above_the_hold_is_refused_by_default(book):
    hold = book.reserve(40)
    refused = book.commit(hold, 41)
    assert (refused.code, refused.state) == ("amount-exceeds-reservation", "held")
    assert book.refresh().held == 40


def test_a_capped_commit_takes_the_hold_and_says_what_it_did_not_collect(book):
    done = book.commit(book.reserve(40, overrun="cap"), 55)
    assert (done.committed, done.uncollected, done.available) == (40, 15, 60)


def test_an_overrun_takes_the_rest_from_what_is_available(book):
    done = book.commit(book.reserve(40, overrun="available"), 55)
    assert (done.committed, done.uncollected, done.available) == (55, 0, 45)


def test_an_overrun_that_is_not_covered_is_refused_and_the_hold_kept(book):
    hold = book.reserve(40, overrun="available")
    refused = book.commit(hold, 101)
    assert (refused.code, refused.required, refused.available) == ("insufficient-credits", 61, 60)
    assert book.commit(hold, 100).ok


def test_a_commit_that_is_not_final_keeps_the_rest_held(book):
    hold = book.reserve(40)
    part = book.commit(hold, 10, final=False)
    assert (part.state, part.committed, part.held, part.available) == ("held", 10, 30, 60)


def test_parts_add_up_and_the_last_one_ends_the_hold(book):
    hold = book.reserve(40)
    book.commit(hold, 10, final=False)
    book.commit(hold, 5, final=False)
    done = book.commit(hold, 20)
    assert (done.state, done.committed, done.released) == ("committed", 35, 5)
    assert done.available == 65


def test_a_release_after_parts_keeps_what_was_committed(book):
    hold = book.reserve(40)
    book.commit(hold, 10, final=False)
    done = book.release(hold)
    assert (done.state, done.committed, done.released) == ("released", 10, 30)
    assert done.available == 90


def test_the_same_commit_again_is_the_first_result(book):
    hold = book.reserve(40)
    first = book.commit(hold, 25, **key())
    again = book.commit(hold, 25, **key())
    assert (again.code, again.transaction_id) == ("ok", first.transaction_id)
    assert book.refresh().available == 75


def test_the_whole_hold_again_is_the_same_amount(book):
    hold = book.reserve(40)
    book.commit(hold)
    assert book.commit(hold, 40).ok


def test_another_amount_for_a_committed_hold_is_a_conflict(book):
    hold = book.reserve(40)
    book.commit(hold, 25)
    refused = book.commit(hold, 26)
    assert (refused.code, refused.committed) == ("reservation-committed", 25)


def test_a_released_hold_cannot_be_committed(book):
    hold = book.reserve(40)
    book.release(hold)
    assert book.commit(hold).code == "reservation-released"


def test_what_never_was_held_cannot_be_committed(book):
    assert book.commit(Book.funded().reserve(40)).code == "not-found"


def test_a_commit_under_an_old_key_is_the_first_answer_again(book):
    hold, asked = book.reserve(40), key()
    first = book.commit(hold, 25, **asked)
    book.debit(1)
    again = book.commit(hold, 25, **asked)
    assert again.replayed
    assert (again.transaction_id, again.available) == (first.transaction_id, 75)


def test_the_key_of_a_commit_is_its_transactions_id_where_it_can_be(book):
    asked = key()
    assert book.commit(book.reserve(40), **asked).transaction_id == asked["key"]
