import pytest
from django.db import connection

from ledger import checks, services
from ledger.errors import Refused
from ledger.services import Leg
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


def frozen_lot(units=100, frozen=60):
    """A paid lot with a part frozen."""
    book = Book.new()
    lot = book.grant(units, "paid")
    services.freeze(book.customer_id, amount=frozen, lot_id=lot)
    return book, lot


def test_what_is_frozen_of_a_lot_is_taken_with_what_is_free_of_it():
    book, lot = frozen_lot()
    result = adjust(book, 90, "dispute", lot_id=lot, frozen=60)
    assert (result.available, result.frozen) == (10, 0)
    assert (result.lots, result.lot_amounts) == ([lot], [90])
    taken = [("dispute", "2100", "1200", 90, lot), ("dispute", "U20", "U32", 90, lot)]
    assert sorted(book.transfers()[-2:]) == sorted(taken)


@pytest.mark.parametrize("frozen", [61, 91, -1])
def test_no_more_is_taken_out_of_the_frozen_than_is_frozen_or_asked_for(frozen):
    book, lot = frozen_lot()
    with pytest.raises(Refused, match="not-frozen"):
        adjust(book, 90, "dispute", lot_id=lot, frozen=frozen)
    with pytest.raises(Refused, match="not-frozen"):
        adjust(book, 50, "dispute", lot_id=lot, frozen=51)


def test_out_of_the_frozen_is_taken_of_a_named_lot_only():
    book, _ = frozen_lot()
    with pytest.raises(Refused, match="not-frozen"):
        adjust(book, 60, "dispute", frozen=60)


def test_a_part_of_the_frozen_leaves_the_rest_frozen():
    book, lot = frozen_lot()
    assert adjust(book, 20, "dispute", lot_id=lot, frozen=20).frozen == 40
    assert adjust(book, 41, "dispute", lot_id=lot, frozen=1).frozen == 39


def test_money_goes_with_the_credits_and_names_their_lot():
    book, lot = frozen_lot()
    adjust(book, 60, "dispute", lot_id=lot, frozen=60, money=[Leg("2100", "1200", 60, "USD")])
    assert ("dispute", "2100", "1200", 60, lot) in book.transfers()


def test_only_a_dispute_takes_what_is_frozen():
    book, lot = frozen_lot()
    with pytest.raises(Refused, match="unknown-cause"):
        adjust(book, 60, "void", lot_id=lot, frozen=60)


def test_under_one_key_credits_are_taken_once(book):
    first = adjust(book, 30, key="once")
    again = adjust(book, 30, key="once")
    assert again.transaction_id == first.transaction_id
    assert book.refresh().available == 70


def restore(book, amount, lot, **fields):
    return services.restore(book.customer_id, amount=amount, lot_id=lot, **fields)


def test_what_a_refund_took_is_given_back_to_its_lot():
    book = Book.new()
    lot = book.grant(100, "paid")
    adjust(book, 100, "refund", lot_id=lot)
    money = [Leg("2400", "2100", 100, "USD")]
    assert restore(book, 100, lot, money=money, key="back").available == 100
    assert restore(book, 100, lot, money=money, key="back").available == 100
    assert book.transfers()[-2:] == [
        ("restore", "U32", "U20", 100, lot),
        ("restore", "2400", "2100", 100, lot),
    ]
    assert book.debit(100).ok


def test_no_more_is_given_back_than_the_lot_had():
    book = Book.new()
    lot = book.grant(100, "paid")
    adjust(book, 40, "refund", lot_id=lot)
    with pytest.raises(Refused, match="not-found"):
        restore(book, 41, lot)
    with pytest.raises(Refused, match="not-found"):
        restore(book, 1, Book.funded(1).customer_id)


def test_what_is_given_back_to_an_expired_lot_expires(clock):
    book = Book.new()
    lot = book.grant(100, "paid", expires_at=clock.after(60))
    adjust(book, 40, "refund", lot_id=lot)
    clock.forward(61)
    assert book.refresh().available == 0
    assert restore(book, 40, lot).available == 0
    assert ("expire", "U20", "U31", 40, lot) in book.transfers()
    assert not any(one.broken for one in checks.run(connection, [book.customer_id]))


def test_what_is_given_back_to_a_customer_in_debt_is_taken_for_it():
    book = Book.new()
    lot = book.grant(100, "paid")
    adjust(book, 100, "refund", lot_id=lot)
    book.do("limit", amount=50)
    book.debit(30)
    assert restore(book, 100, lot).available == 70
    assert book.lots() == {lot: 70}
    assert not any(one.broken for one in checks.run(connection, [book.customer_id]))


def test_money_alone_is_entered_once_and_moves_no_credits(book):
    money = [Leg("6100", "1000", 320, "USD")]
    for _ in range(2):
        result = services.post(book.customer_id, kind="fee", money=money, key="a fee")
    assert result.available == 100
    assert book.transfers()[-1] == ("fee", "6100", "1000", 320, None)
    assert len(book.transfers()) == 2


@pytest.mark.parametrize(
    "money",
    [
        [],
        [Leg("6100", "1000", -1, "USD")],
        [Leg("6100", "6100", 1, "USD")],
        [Leg("6100", "9999", 1, "USD")],
        [Leg("U10", "U20", 1, "USD")],
        [Leg("6100", "1000", 1, "CR")],
    ],
)
def test_money_that_is_not_of_the_chart_is_refused(book, money):
    with pytest.raises(Refused, match="malformed-money"):
        services.post(book.customer_id, kind="fee", money=money)
