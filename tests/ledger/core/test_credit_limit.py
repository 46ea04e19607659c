import pytest

from ledger import services, wallets
from ledger.errors import Refused
from tests.factories.ledger import Book, key


@pytest.fixture
def trusted():
    """100 credits, and 50 more on credit."""
    book = Book.funded(100)
    wallets.set_credit_limit(book.customer_id, limit=50)
    return book


def test_a_wallet_may_go_below_zero_to_its_limit_and_no_further(trusted):
    assert trusted.debit(150).available == -50
    assert trusted.debit(1).code == "insufficient-credits"


def test_what_no_lot_covers_is_a_part_without_a_lot(trusted):
    hold = trusted.reserve(120)
    assert hold.lots[1] is None
    assert hold.lot_amounts == [100, 20]


def test_credits_that_come_in_pay_what_was_spent_on_credit(trusted):
    trusted.debit(120)
    lot = trusted.grant(100)
    assert trusted.lots()[lot] == 80
    assert trusted.refresh().available == 80
    assert [move[0] for move in trusted.transfers()[-2:]] == ["cover", "cover"]


def test_a_hold_on_credit_owes_nothing_before_it_is_committed(trusted):
    hold = trusted.reserve(120)
    lot = trusted.grant(100)
    assert trusted.lots()[lot] == 100
    trusted.commit(hold)
    assert trusted.lots()[lot] == 80


def test_a_reversal_of_what_was_on_credit_pays_the_debt(trusted):
    done = trusted.debit(120)
    assert trusted.reverse(done).available == 100
    assert trusted.debit(150).ok


def test_a_reversal_of_what_a_lot_has_paid_since_goes_back_to_that_lot(trusted):
    done = trusted.debit(120)
    lot = trusted.grant(100)
    assert trusted.reverse(done, 20).available == 100
    assert trusted.lots()[lot] == 100


def test_what_costs_nothing_is_let_through_to_who_owes_beyond_the_limit():
    poor, other = Book.new(), Book.funded(10)
    poor.debit(4, overrun="debt")
    alone = poor.reserve(0, **key())
    asked = [book.operation("reserve", amount=0, expires_in=900, **key()) for book in (poor, other)]
    listed, _ = services.apply(asked)
    for free in (alone, listed):
        assert (free.code, free.available) == ("ok", -4)
        assert poor.commit(free, **key()).code == "ok"
    assert poor.debit(0).code == "ok"
    assert poor.reserve(1).code == poor.debit(1).code == "insufficient-credits"


def test_a_limit_below_what_is_owed_is_refused(trusted):
    trusted.debit(120)
    with pytest.raises(Refused, match="credit-limit-in-use"):
        wallets.set_credit_limit(trusted.customer_id, limit=19)
    wallets.set_credit_limit(trusted.customer_id, limit=20)


def test_a_commit_may_overrun_into_the_credit(trusted):
    hold = trusted.reserve(100, overrun="available")
    assert trusted.commit(hold, 150).available == -50


def test_a_limit_beyond_what_a_wallet_holds_is_refused(trusted):
    with pytest.raises(Refused, match="balance-too-large"):
        wallets.set_credit_limit(trusted.customer_id, limit=4 * 10**18 + 1)


def test_the_last_free_credit_is_told_of_though_there_is_a_credit_limit():
    """Held alone, the short way, as in a list."""
    book = Book.funded(100)
    wallets.set_credit_limit(book.customer_id, limit=1)
    book.reserve(100, **key())
    assert "balance.exhausted" in book.events()


def test_a_limit_goes_down_to_what_is_in_use_where_that_is_asked_for(trusted):
    trusted.debit(110)
    trusted.reserve(10)
    lower = wallets.set_credit_limit(trusted.customer_id, limit=0, at_least_in_use=True)
    assert lower.credit_limit == 20
    assert trusted.debit(1).code == "insufficient-credits"
    higher = wallets.set_credit_limit(trusted.customer_id, limit=30, at_least_in_use=True)
    assert higher.credit_limit == 30


def test_what_is_in_use_makes_no_limit_grow():
    book = Book.funded(100)
    book.debit(150, overrun="debt")
    limited = wallets.set_credit_limit(book.customer_id, limit=0, at_least_in_use=True)
    assert (limited.credit_limit, limited.available) == (0, -50)
