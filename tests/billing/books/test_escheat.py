"""Unclaimed property: E17 of the accounting rules, and the register of it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection

from billing.books import escheat, lots
from billing.books.errors import AlreadySettled, NotEscheatable
from billing.models import EscheatClass, UnclaimedProperty, UnclaimedState
from ledger import checks, services
from ledger.amounts import CREDIT
from ledger.errors import LedgerError, Refused
from ledger.models import Lot
from tests.factories.billing import credits, money
from tests.factories.ledger import Book

DAY = 86_400.0
# A country that no other test's customers live in.
NOWHERE = "XE"


@pytest.fixture(autouse=True)
def _committed(committed):
    """Everything here is committed, to customers of its own."""


@pytest.fixture
def law():
    return EscheatClass.objects.create(
        code=f"xe-{uuid4().hex[:8]}",
        name="Nowhere",
        country=NOWHERE,
        region=uuid4().hex[:8],
        dormancy_days=100,
    )


@pytest.fixture
def book():
    book = Book.new()
    yield book
    broken = [one for one in checks.run(connection, [book.customer_id]) if one.broken]
    assert broken == []


def sold(book, clock, **fields):
    """1,000 credits for USD 100.00 that expire in 30 days."""
    terms = {"price": 100_00, "currency": "USD", "expires_at": clock.after(30 * DAY)} | fields
    return book.grant(terms.pop("amount", 1000) * CREDIT, "paid", **terms)


def line(lot_id):
    return UnclaimedProperty.objects.get(lot_id=lot_id)


def test_a_state_claims_free_credits(book, clock, law):
    lot_id = sold(book, clock, escheat_class=law.code)
    book.debit(400 * CREDIT)
    claimed = escheat.escheat(book.customer_id, lot_id, 120 * CREDIT)
    assert (claimed.amount, claimed.credits, claimed.currency) == (12_00, 120 * CREDIT, "USD")
    assert (claimed.escheat_class, claimed.state) == (law, UnclaimedState.HELD)
    assert claimed.dormant_on == clock.now().date() + timedelta(days=100)
    assert credits(book.customer_id) == {"U10": 1000, "U20": 480, "U30": 400, "U33": 120}
    assert money(book.customer_id) == {
        "1000": 100_00,
        "2100": -48_00,
        "2300": -12_00,
        "4100": -40_00,
    }


def test_dormancy_counts_from_the_last_use(book, clock, law):
    lot_id = sold(book, clock, escheat_class=law.code)
    clock.forward(3 * DAY)
    book.debit(1 * CREDIT)
    used_on = clock.now().date()
    clock.forward(5 * DAY)
    claimed = escheat.escheat(book.customer_id, lot_id, 1 * CREDIT)
    assert claimed.dormant_on == used_on + timedelta(days=100)


def test_nobody_claims_what_was_given(book):
    lot_id = book.grant(10 * CREDIT, "promo")
    with pytest.raises(NotEscheatable):
        escheat.escheat(book.customer_id, lot_id, 1 * CREDIT)
    with pytest.raises(NotEscheatable):
        escheat.classify(book.customer_id, lot_id, "xe")


def test_no_more_is_claimed_than_is_free(book, clock):
    lot_id = sold(book, clock)
    with pytest.raises(Refused, match="insufficient-credits"):
        escheat.escheat(book.customer_id, lot_id, 1001 * CREDIT)
    assert not UnclaimedProperty.objects.filter(lot_id=lot_id).exists()


def test_it_is_remitted_once(book, clock):
    lot_id = sold(book, clock)
    claimed = escheat.escheat(book.customer_id, lot_id, 120 * CREDIT)
    remitted = escheat.remit(claimed, reference="Cheque 12")
    assert (remitted.state, remitted.reference) == (UnclaimedState.REMITTED, "Cheque 12")
    assert remitted.settled_on == clock.now().date()
    assert money(book.customer_id) == {"1000": 88_00, "2100": -88_00}
    for settle in (escheat.remit, escheat.return_to_owner):
        with pytest.raises(AlreadySettled):
            settle(claimed)


def test_the_owner_comes_first(book, clock):
    lot_id = sold(book, clock)
    claimed = escheat.escheat(book.customer_id, lot_id, 120 * CREDIT)
    returned = escheat.return_to_owner(claimed)
    assert returned.state == UnclaimedState.RETURNED
    assert credits(book.customer_id) == {"U10": 1000, "U20": 1000}
    assert money(book.customer_id) == {"1000": 100_00, "2100": -100_00}
    with pytest.raises(AlreadySettled):
        escheat.return_to_owner(claimed)


def test_what_comes_back_is_worth_what_it_is_in_the_lot(book, clock):
    """10.00 for 3: the first is 3.33, the second 3.34, the third 3.33."""
    lot_id = sold(book, clock, amount=3, price=10_00)
    claimed = escheat.escheat(book.customer_id, lot_id, 1 * CREDIT)
    assert claimed.amount == 3_33
    book.debit(1 * CREDIT)
    escheat.return_to_owner(claimed)
    services.recognise([book.customer_id])
    assert money(book.customer_id) == {
        "1000": 10_00,
        "2100": -6_67,
        "4100": -3_34,
        "4300": 1,
    }


def test_what_expires_is_registered_once(book, clock, law):
    lot_id = sold(book, clock, escheat_class=law.code, cohort=f"2025-01/USD/escheat:{law.code}")
    book.debit(400 * CREDIT)
    services.recognise([book.customer_id])
    clock.forward(31 * DAY)
    book.refresh()
    assert escheat.register_expired() >= 1
    escheat.register_expired()
    assert (line(lot_id).amount, line(lot_id).credits) == (60_00, 600 * CREDIT)
    # On the day on which it expired, however late somebody looked.
    assert line(lot_id).escheated_on == Lot.objects.get(id=lot_id).expires_at.date()


def test_what_expired_comes_back_for_as_long_as_the_grace(book, clock, law, policy):
    policy.reinstatement_grace_days = 10
    policy.save()
    lot_id = sold(book, clock, escheat_class=law.code)
    clock.forward(31 * DAY)
    book.refresh()
    escheat.register_expired()
    escheat.return_to_owner(line(lot_id))
    assert credits(book.customer_id) == {"U10": 1000, "U20": 1000}
    left = Lot.objects.get(id=lot_id).expires_at - clock.now()
    assert 9.9 * DAY < left.total_seconds() <= 10 * DAY


def test_a_lot_moves_to_the_cohort_of_its_class(book, clock, law):
    lot_id = sold(book, clock, cohort="2025-01/USD/pro")
    assert escheat.classify(book.customer_id, lot_id, law.code) is None
    lot = Lot.objects.get(id=lot_id)
    assert lot.cohort == f"2025-01/USD/pro/escheat:{law.code}"
    assert lot.escheat_class == law.code
    escheat.classify(book.customer_id, lot_id, None)
    lot.refresh_from_db()
    assert (lot.cohort, lot.escheat_class) == ("2025-01/USD/pro", None)


def test_what_has_expired_of_it_is_the_states(book, clock, law):
    lot_id = sold(book, clock)
    book.debit(400 * CREDIT)
    services.recognise([book.customer_id])
    clock.forward(31 * DAY)
    claimed = escheat.classify(book.customer_id, lot_id, law.code)
    assert claimed is not None
    assert (claimed.amount, claimed.credits) == (60_00, 600 * CREDIT)
    assert credits(book.customer_id) == {"U10": 1000, "U30": 400, "U33": 600}
    assert money(book.customer_id) == {"1000": 100_00, "2300": -60_00, "4100": -40_00}


def test_only_a_state_claims_what_has_expired(book, clock):
    lot_id = sold(book, clock)
    clock.forward(31 * DAY)
    book.refresh()
    with pytest.raises(Refused, match="unknown-cause"):
        services.adjust(book.customer_id, amount=1, cause="void", lot_id=lot_id, expired=True)
    with pytest.raises(Refused, match="not-expired"):
        services.adjust(
            book.customer_id, amount=1001 * CREDIT, cause="escheat", lot_id=lot_id, expired=True
        )


def test_what_is_forfeited_is_the_states_too(book, clock, law):
    lot_id = sold(book, clock, escheat_class=law.code)
    lots.forfeit(book.customer_id, 100 * CREDIT)
    escheat.register_expired()
    assert (line(lot_id).amount, line(lot_id).credits) == (10_00, 100 * CREDIT)
    with pytest.raises(LedgerError, match="not-expired"):
        lots.reinstate(book.customer_id, lot_id, 100 * CREDIT)
    escheat.return_to_owner(line(lot_id))
    assert credits(book.customer_id) == {"U10": 1000, "U20": 1000}
    assert money(book.customer_id) == {"1000": 100_00, "2100": -100_00}
