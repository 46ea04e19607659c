"""What staff do to lots: E12 to E16 of the accounting rules."""

import pytest

from billing.books import lots
from billing.books.errors import CurrencyMismatch, GraceIsOver, NoOpenPaidLot
from billing.models import Goodwill, Modification
from ledger import checks
from ledger.amounts import CREDIT
from ledger.errors import LedgerError, Refused
from ledger.models import Lot
from tests.factories.billing import credits, money
from tests.factories.ledger import Book

pytestmark = pytest.mark.usefixtures("committed")

DAY = 86_400.0
MADE = []


@pytest.fixture(autouse=True)
def _checked(committed):
    """Every invariant of the ledger holds at the end."""
    MADE.clear()
    yield
    from django.db import connection

    broken = [finding for finding in checks.run(connection, MADE) if finding.broken]
    assert broken == []


def customer():
    book = Book.new()
    MADE.append(book.customer_id)
    return book


def sold(clock, days=30, **fields):
    """1,000 credits for USD 100.00, and their lot."""
    book = fields.pop("book", None) or customer()
    terms = {"price": 100_00, "currency": "USD", "expires_at": clock.after(days * DAY)} | fields
    return book, book.grant(1000 * CREDIT, "paid", **terms)


def expiry(lot_id):
    return Lot.objects.get(id=lot_id).expires_at


def test_an_expiry_is_put_off_with_evidence(clock):
    book, lot_id = sold(clock)
    before, after = expiry(lot_id), clock.after(90 * DAY)
    made = lots.extend(book.customer_id, lot_id, after, reason="A long outage")
    assert expiry(lot_id) == after
    assert (made.expires_before, made.expires_after, made.reason) == (before, after, made.reason)
    assert made.cohort == Lot.objects.get(id=lot_id).cohort
    assert money(book.customer_id) == {"1000": 100_00, "2100": -100_00}


def test_a_lot_may_be_let_never_expire(clock):
    book, lot_id = sold(clock)
    assert lots.extend(book.customer_id, lot_id, None).expires_after is None
    assert expiry(lot_id) is None


def test_an_expiry_in_the_past_leaves_no_evidence(clock):
    book, lot_id = sold(clock)
    with pytest.raises(Refused, match="expiry-in-past"):
        lots.extend(book.customer_id, lot_id, clock.after(-1))
    assert not Modification.objects.filter(lot_id=lot_id).exists()


def test_what_has_expired_is_not_extended(clock):
    book, lot_id = sold(clock)
    clock.forward(31 * DAY)
    with pytest.raises(Refused, match="lot-has-ended"):
        lots.extend(book.customer_id, lot_id, clock.after(DAY))


def test_a_lot_of_nobody_is_not_found(clock):
    _, lot_id = sold(clock)
    with pytest.raises(LedgerError, match="not-found"):
        lots.extend(customer().customer_id, lot_id, None)


def test_what_has_expired_is_reinstated_for_as_long_as_the_grace(clock, policy):
    policy.reinstatement_grace_days = 10
    policy.save()
    book, lot_id = sold(clock)
    # The last day of the grace.
    clock.forward(40 * DAY)
    lots.reinstate(book.customer_id, lot_id, 300 * CREDIT, reason="They asked in time")
    assert credits(book.customer_id) == {"U10": 1000, "U20": 300, "U31": 700}
    assert money(book.customer_id) == {"1000": 100_00, "2100": -30_00, "2110": -70_00}
    left = expiry(lot_id) - clock.now()
    assert 9.9 * DAY < left.total_seconds() <= 10 * DAY


def test_it_is_reinstated_until_whenever_staff_say(clock):
    book, lot_id = sold(clock)
    clock.forward(31 * DAY)
    until = clock.after(5 * DAY)
    lots.reinstate(book.customer_id, lot_id, 300 * CREDIT, until)
    assert expiry(lot_id) == until


def test_after_the_grace_it_is_goodwill(clock, policy):
    policy.reinstatement_grace_days = 10
    policy.save()
    book, lot_id = sold(clock)
    clock.forward(41 * DAY)
    with pytest.raises(GraceIsOver, match="goodwill"):
        lots.reinstate(book.customer_id, lot_id, 300 * CREDIT)
    book.refresh()
    assert credits(book.customer_id) == {"U10": 1000, "U31": 1000}


def test_no_more_is_reinstated_than_has_expired(clock):
    book, lot_id = sold(clock)
    book.debit(400 * CREDIT)
    clock.forward(31 * DAY)
    with pytest.raises(Refused, match="not-expired"):
        lots.reinstate(book.customer_id, lot_id, 601 * CREDIT)


def test_what_was_forfeited_comes_back_until_the_lot_expires(clock):
    book, lot_id = sold(clock, days=90)
    until = expiry(lot_id)
    lots.forfeit(book.customer_id, 100 * CREDIT)
    lots.reinstate(book.customer_id, lot_id, 100 * CREDIT)
    assert expiry(lot_id) == until
    assert money(book.customer_id) == {"1000": 100_00, "2100": -100_00}


def test_goodwill_is_a_lot_without_a_price(clock):
    book, _ = sold(clock)
    given = lots.goodwill(book.customer_id, 200 * CREDIT, expires_at=clock.after(DAY))
    lot = Lot.objects.get(id=given.lot_id)
    assert (lot.kind, lot.price, lot.units) == ("goodwill", 0, 200 * CREDIT)
    assert money(book.customer_id) == {"1000": 100_00, "2100": -100_00}


def test_goodwill_under_one_key_is_given_once(clock):
    book = customer()
    for _ in range(2):
        lots.goodwill(book.customer_id, 200 * CREDIT, key=f"goodwill {book.customer_id}")
    assert credits(book.customer_id) == {"U10": 200, "U20": 200}


@pytest.fixture
def conceding(policy):
    policy.goodwill = Goodwill.PRICE_CONCESSION
    policy.save()


def test_a_concession_shares_the_price_of_the_next_lot_to_be_used(clock, conceding):
    book, _ = sold(clock)
    _, next_one = sold(clock, days=20, book=book)
    given = lots.goodwill(book.customer_id, 200 * CREDIT)
    assert given.lot_id == next_one
    lot = Lot.objects.get(id=next_one)
    assert (lot.price, lot.units, lot.remaining) == (100_00, 1200 * CREDIT, 1200 * CREDIT)


def test_or_of_the_lot_that_is_named(clock, conceding):
    book, last = sold(clock)
    sold(clock, days=20, book=book)
    assert lots.goodwill(book.customer_id, 200 * CREDIT, lot_id=last).lot_id == last


def test_a_concession_passes_over_what_is_not_paid_for_or_not_open(clock, conceding):
    book, _ = sold(clock, days=5)
    book.grant(10 * CREDIT, "promo")
    clock.forward(6 * DAY)
    with pytest.raises(NoOpenPaidLot):
        lots.goodwill(book.customer_id, 200 * CREDIT)


def test_no_price_is_shared_of_a_lot_that_has_ended(clock, conceding):
    book, lot_id = sold(clock, days=5)
    clock.forward(6 * DAY)
    with pytest.raises(Refused, match="lot-has-ended"):
        lots.goodwill(book.customer_id, 200 * CREDIT, lot_id=lot_id)


def test_a_correction_upward_has_no_price(clock):
    book = customer()
    made = lots.correct_up(book.customer_id, 50 * CREDIT, reason="Miscounted")
    assert Lot.objects.get(id=made.lot_id).kind == "adjustment"
    assert credits(book.customer_id) == {"U10": 50, "U20": 50}


def test_what_nobody_paid_for_may_be_void(clock):
    book, _ = sold(clock)
    lots.correct_up(book.customer_id, 50 * CREDIT)
    lots.void(book.customer_id, 50 * CREDIT)
    assert credits(book.customer_id) == {"U10": 1050, "U20": 1000, "U34": 50}
    with pytest.raises(Refused, match="lot-is-paid"):
        lots.void(book.customer_id, 1 * CREDIT)


def test_what_is_forfeited_is_as_if_it_expired(clock):
    book, lot_id = sold(clock)
    lots.forfeit(book.customer_id, 100 * CREDIT, lot_id=lot_id)
    assert credits(book.customer_id) == {"U10": 1000, "U20": 900, "U31": 100}
    assert money(book.customer_id) == {"1000": 100_00, "2100": -90_00, "2110": -10_00}


def test_credits_move_with_their_cost(clock):
    book, lot_id = sold(clock)
    other = customer()
    lots.move(book.customer_id, other.customer_id, 250 * CREDIT, lot_id=lot_id)
    assert money(other.customer_id) == {"2100": -25_00, "2190": 25_00}


def test_credits_do_not_move_to_who_pays_in_another_currency(clock):
    book, _ = sold(clock)
    other, _ = sold(clock, currency="EUR")
    with pytest.raises(CurrencyMismatch):
        lots.move(book.customer_id, other.customer_id, 250 * CREDIT)
    assert credits(other.customer_id) == {"U10": 1000, "U20": 1000}


def test_what_has_no_price_moves_to_anybody(clock):
    book = customer()
    book.grant(10 * CREDIT)
    other, _ = sold(clock, currency="EUR")
    lots.move(book.customer_id, other.customer_id, 10 * CREDIT)
    assert credits(other.customer_id)["U20"] == 1010
