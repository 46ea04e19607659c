import pytest

from ledger import services
from ledger.errors import Refused
from tests.factories.ledger import Book, key


def test_a_grant_issues_a_lot():
    book = Book.new()
    lot = book.grant(100)
    assert book.lots() == {lot: 100}
    assert book.transfers() == [("grant", "U10", "U20", 100, lot)]


def test_a_grant_can_be_spent_by_the_next_request():
    book = Book.new()
    assert book.reserve(40).code == "insufficient-credits"
    book.grant(100)
    assert book.reserve(40).ok


def test_a_paid_lot_is_deferred_revenue():
    book = Book.new()
    lot = book.grant(1000, kind="paid", price=10_000, currency="USD")
    assert ("grant", "1000", "2100", 10_000, lot) in book.transfers()


def test_a_present_has_no_money_in_the_books():
    book = Book.funded(500, kind="goodwill")
    assert [move[1:3] for move in book.transfers()] == [("U10", "U20")]


@pytest.mark.parametrize(
    ("lot", "code"),
    [
        ({"kind": "promo", "price": 100, "currency": "USD"}, "price-not-allowed"),
        ({"kind": "paid", "price": 0}, "price-missing"),
        ({"kind": "paid", "currency": None}, "price-missing"),
        ({"kind": "gift"}, "unknown-kind"),
        ({"kind": "paid", "currency": "dollars"}, "malformed-money"),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused(lot, code):
    book = Book.new()
    with pytest.raises(Refused, match=code):
        book.grant(100, **lot)
    assert book.transfers() == []


@pytest.mark.parametrize("amount", [0, -1, None])
def test_a_grant_is_of_something(amount):
    book = Book.new()
    assert book.do("grant", amount=amount, detail={"kind": "promo"}).code == "malformed-amount"


def test_a_grant_that_has_expired_is_refused(clock):
    book = Book.new()
    with pytest.raises(Refused, match="expiry-in-past"):
        book.grant(100, expires_at=clock.after(-1))


def test_a_lot_that_is_to_be_spent_first_is_the_next_to_be_spent(book):
    urgent = book.grant(10, priority=1)
    assert book.reserve(5).lots == [urgent]


def test_a_grant_under_an_old_key_is_the_first_answer_again():
    book, asked = Book.new(), key()
    first = book.do("grant", amount=100, detail={"kind": "promo"}, **asked)
    again = book.do("grant", amount=100, detail={"kind": "promo"}, **asked)
    assert (again.replayed, again.lot_id) == (True, first.lot_id)
    assert book.refresh().available == 100


def test_added_credits_are_told_to_the_outside():
    assert Book.funded().events() == ["credits.added"]


def test_a_customer_has_a_wallet_from_his_first_operation_on():
    one, other = Book.funded(), Book.new()
    asked = [one.operation("debit", amount=1), other.operation("refresh")]
    results = services.apply([*asked, one.operation("debit", amount=2)])
    assert [(result.ord, result.code) for result in results] == [(1, "ok"), (2, "ok"), (3, "ok")]


def test_a_grant_beyond_what_a_wallet_holds_is_refused():
    book = Book.funded(3 * 10**18)
    with pytest.raises(Refused, match="balance-too-large"):
        book.grant(10**18 + 1)
    book.grant(10**18)
    assert book.reserve(10**18).ok
