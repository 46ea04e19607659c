from ledger import services
from tests.factories.ledger import Book


def test_an_expired_hold_is_free_from_that_second(book, clock):
    book.reserve(100, expires_in=60)
    clock.forward(61)
    assert book.reserve(100).ok


def test_an_expired_hold_cannot_be_committed(book, clock):
    hold = book.reserve(40, expires_in=60)
    clock.forward(61)
    refused = book.commit(hold)
    assert (refused.code, refused.available) == ("reservation-expired", 100)


def test_what_was_committed_before_a_hold_expired_stays_committed(book, clock):
    hold = book.reserve(40, expires_in=60)
    book.commit(hold, 10, final=False)
    clock.forward(61)
    refused = book.commit(hold)
    assert (refused.code, refused.committed) == ("reservation-expired", 10)
    assert refused.available == 90


def test_a_hold_of_nothing_expires_too(book, clock):
    hold = book.reserve(0, expires_in=60)
    clock.forward(61)
    assert book.commit(hold).code == "reservation-expired"


def test_an_expired_hold_is_told_to_the_outside(book, clock):
    book.reserve(40, expires_in=60)
    clock.forward(61)
    book.refresh()
    assert book.events()[-1] == "hold.expired"


def test_an_expired_lot_cannot_be_spent(clock):
    book = Book.funded(100, expires_at=clock.after(60))
    clock.forward(61)
    assert book.reserve(1).code == "insufficient-credits"


def test_what_is_left_of_an_expired_lot_is_breakage(clock):
    book = Book.new()
    lot = book.grant(100, expires_at=clock.after(60))
    book.debit(30)
    clock.forward(61)
    assert book.refresh().available == 0
    assert book.transfers()[-1] == ("expire", "U20", "U31", 70, lot)


def test_a_hold_keeps_its_credits_past_their_lots_expiry(clock):
    book = Book.funded(100, expires_at=clock.after(60))
    hold = book.reserve(40)
    clock.forward(61)
    done = book.commit(hold)
    assert (done.committed, done.available) == (40, 0)


def test_what_comes_back_after_the_lot_expired_is_breakage_too(clock):
    book = Book.new()
    lot = book.grant(100, expires_at=clock.after(60))
    hold = book.reserve(40)
    clock.forward(61)
    done = book.commit(hold, 25)
    assert (done.released, done.available) == (15, 0)
    assert [move[3:] for move in book.transfers() if move[0] == "expire"] == [(60, lot), (15, lot)]


def test_holds_and_lots_that_expired_long_ago_expire_in_one_go(clock):
    book = Book.funded(100, expires_at=clock.after(60))
    book.reserve(40, expires_in=30)
    clock.forward(3600)
    assert book.refresh().available == 0
    assert [move[3] for move in book.transfers() if move[0] == "expire"] == [100]


def test_the_wallets_of_a_list_expire_even_where_they_alternate(clock):
    """A hold that the list's first operation let expire is not committed by its third."""
    one, other = Book.funded(), Book.funded()
    hold = one.reserve(40, expires_in=60)
    clock.forward(61)
    settle = one.operation("commit", reservation_id=hold.reservation_id)
    results = services.apply([one.operation("refresh"), other.operation("refresh"), settle])
    assert [result.code for result in results] == ["ok", "ok", "reservation-expired"]
