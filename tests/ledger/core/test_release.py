from tests.factories.ledger import Book, key


def test_release_gives_everything_back(book):
    done = book.release(book.reserve(40))
    assert (done.state, done.released, done.available, done.held) == ("released", 40, 100, 0)


def test_release_is_no_transfer(book):
    before = book.transfers()
    book.release(book.reserve(40))
    assert book.transfers() == before


def test_credits_go_back_to_the_lots_that_they_came_from():
    book = Book.new()
    first, second = book.grant(30), book.grant(100)
    book.release(book.reserve(40))
    assert book.lots() == {first: 30, second: 100}
    assert book.debit(20).lots == [first]


def test_release_again_is_the_first_result(book):
    hold = book.reserve(40)
    book.release(hold, **key())
    book.debit(1)
    again = book.release(hold, **key())
    assert (again.code, again.available) == ("ok", 100)


def test_a_committed_hold_cannot_be_released(book):
    hold = book.reserve(40)
    book.commit(hold)
    assert book.release(hold).code == "reservation-committed"


def test_another_customers_hold_is_not_found(book):
    assert Book.funded().release(book.reserve(40)).code == "not-found"
    assert book.refresh().held == 40


def test_a_release_under_an_old_key_is_the_first_answer_again(book):
    hold, asked = book.reserve(40), key()
    book.release(hold, **asked)
    book.debit(1)
    again = book.release(hold, **asked)
    assert (again.replayed, again.available) == (True, 100)
