from tests.factories.ledger import key

HOUR = 3600
DAY = 24 * HOUR


def test_an_extension_counts_from_now(book, clock):
    hold = book.reserve(40, expires_in=HOUR)
    clock.forward(HOUR - 60)
    assert book.extend(hold, HOUR).ok
    clock.forward(HOUR - 60)
    assert book.refresh().held == 40


def test_an_extended_hold_expires_all_the_same(book, clock):
    book.extend(book.reserve(40, expires_in=HOUR), 2 * HOUR)
    clock.forward(2 * HOUR)
    assert book.refresh().held == 0


def test_a_hold_can_be_made_to_expire_sooner(book, clock):
    book.extend(book.reserve(40, expires_in=900), 10)
    clock.forward(11)
    assert book.refresh().held == 0


def test_a_hold_lives_seven_days_at_most(book, clock):
    hold = book.reserve(40, expires_in=DAY)
    for _ in range(6):
        clock.forward(DAY - 60)
        assert book.extend(hold, DAY).ok
    clock.forward(DAY - 60)
    refused = book.extend(hold, DAY)
    assert (refused.code, refused.held) == ("extension-too-long", 40)


def test_an_ended_hold_cannot_be_extended(book):
    hold = book.reserve(40)
    book.release(hold)
    assert book.extend(hold, HOUR).code == "reservation-released"


def test_an_expired_hold_cannot_be_extended(book, clock):
    hold = book.reserve(40, expires_in=HOUR)
    clock.forward(HOUR)
    assert book.extend(hold, HOUR).code == "reservation-expired"


def test_the_first_answer_keeps_its_expiry(book):
    asked = key()
    hold = book.reserve(40, expires_in=HOUR, **asked)
    assert book.extend(hold, 2 * HOUR).expires_at > hold.expires_at
    assert book.reserve(40, expires_in=HOUR, **asked).expires_at == hold.expires_at
