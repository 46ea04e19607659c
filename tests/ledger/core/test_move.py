import pytest
from django.db import connection

from accounts.ids import uuid7
from ledger import services, wallets
from ledger.errors import Refused, UnknownCustomer
from tests.factories.ledger import Book


def move(giver, taker, amount, **fields):
    return services.move(giver.customer_id, taker.customer_id, amount=amount, **fields)


def lot_of(book):
    with connection.cursor() as cursor:
        cursor.execute(
            "select kind, priority, units, price, currency, expires_at from ledger_lot_state"
            " where customer_id = %s",
            [book.customer_id],
        )
        (row,) = cursor.fetchall()
        return row


def test_a_move_takes_from_one_and_gives_to_the_other(book):
    taker = Book.new()
    assert move(book, taker, 30).available == 70
    assert taker.refresh().available == 30


def test_a_move_goes_through_the_clearing_account_on_both_sides(book):
    taker = Book.new()
    move(book, taker, 30)
    assert book.transfers()[-1][:4] == ("move", "U20", "U35", 30)
    assert taker.transfers()[-1][:4] == ("move", "U35", "U20", 30)


def test_cost_and_expiry_go_along(clock):
    expires_at = clock.after(3600)
    giver, taker = Book.new(), Book.new()
    giver.grant(1000, kind="paid", price=10_000, currency="EUR", expires_at=expires_at, priority=7)
    giver.debit(400)
    move(giver, taker, 250)
    assert lot_of(taker) == ("paid", 7, 250, 2_500, "EUR", expires_at)
    assert lot_of(giver) == ("paid", 7, 350, 3_500, "EUR", expires_at)


def test_the_money_of_both_parts_is_the_money_of_the_whole():
    giver, taker = Book.new(), Book.new()
    giver.grant(3, kind="paid", price=1000, currency="USD")
    move(giver, taker, 1)
    assert lot_of(giver)[3] + lot_of(taker)[3] == 1000
    assert lot_of(taker)[3] == 333


def test_a_move_over_several_lots_keeps_them_apart():
    giver, taker = Book.new(), Book.new()
    giver.grant(30)
    giver.grant(100, kind="goodwill")
    move(giver, taker, 50)
    assert list(taker.lots().values()) == [30, 20]


def test_what_is_held_cannot_be_moved(book):
    book.reserve(80)
    with pytest.raises(Refused, match="insufficient-credits"):
        move(book, Book.new(), 21)


def test_credits_are_not_moved_to_where_they_are(book):
    with pytest.raises(Refused, match="malformed-amount"):
        move(book, book, 10)


def test_credits_are_not_moved_to_nobody(book):
    with pytest.raises(UnknownCustomer):
        services.move(book.customer_id, uuid7(), amount=10)


def test_moved_credits_expire_where_they_went(clock):
    giver, taker = Book.funded(100, expires_at=clock.after(60)), Book.new()
    move(giver, taker, 30)
    clock.forward(61)
    assert taker.reserve(1).code == "insufficient-credits"


def test_moved_credits_pay_a_debt_first(book):
    taker = Book.new()
    wallets.set_credit_limit(taker.customer_id, limit=50)
    taker.debit(20)
    move(book, taker, 30)
    assert taker.refresh().available == 10
    assert list(taker.lots().values()) == [10]
