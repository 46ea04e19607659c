import pytest

from ledger import services
from ledger.errors import Refused
from tests.factories.ledger import Book


def freeze(book, amount, **fields):
    return services.freeze(book.customer_id, amount=amount, **fields)


def unfreeze(book, amount, **fields):
    return services.unfreeze(book.customer_id, amount=amount, **fields)


def test_frozen_credits_cannot_be_spent(book):
    assert freeze(book, 60).available == 40
    assert book.reserve(41).code == "insufficient-credits"
    assert book.reserve(40).ok


def test_a_freeze_moves_nothing_in_the_journal(book):
    before = book.transfers()
    freeze(book, 60)
    assert book.transfers() == before


def test_what_is_thawed_can_be_spent(book):
    freeze(book, 60)
    assert unfreeze(book, 60).available == 100
    assert book.reserve(100).ok


def test_what_is_held_cannot_be_frozen(book):
    book.reserve(80)
    with pytest.raises(Refused, match="insufficient-credits"):
        freeze(book, 21)


def test_no_more_is_thawed_than_is_frozen(book):
    freeze(book, 60)
    with pytest.raises(Refused, match="not-frozen"):
        unfreeze(book, 61)


def test_the_lot_that_is_named_is_frozen():
    book = Book.new()
    book.grant(30)
    disputed = book.grant(100)
    freeze(book, 100, lot_id=disputed)
    assert book.reserve(31).code == "insufficient-credits"
    assert book.reserve(30).ok


def test_frozen_credits_of_an_expired_lot_are_breakage_once_thawed(clock):
    book = Book.new()
    lot = book.grant(100, expires_at=clock.after(60))
    freeze(book, 60)
    clock.forward(61)
    assert book.refresh().frozen == 60
    assert unfreeze(book, 60).available == 0
    assert book.transfers()[-1] == ("expire", "U20", "U31", 60, lot)


def test_a_freeze_and_its_end_are_told_to_the_outside(book):
    freeze(book, 60)
    unfreeze(book, 60)
    assert book.events()[-2:] == ["credits.frozen", "credits.unfrozen"]


@pytest.mark.parametrize("change", [services.freeze, services.unfreeze])
@pytest.mark.parametrize("amount", [0, -1])
def test_less_than_something_is_refused(change, amount):
    book = Book.funded(100)
    with pytest.raises(Refused, match="malformed-amount"):
        change(book.customer_id, amount=amount)
    assert book.refresh().available == 100
