"""A lost dispute leaves its cohort: E11 of the accounting rules, on the cohort of section 3."""

from decimal import Decimal

import pytest

from billing.books import cohorts, engine, estimating, periods, revenue
from billing.books.breakage.formula import Position
from billing.books.estimating import Draft
from billing.models import Policy
from ledger.amounts import CREDIT
from tests.factories.billing import bought, dispute_fact, money, say, taxed
from tests.factories.ledger import Book

pytestmark = pytest.mark.usefixtures("books_tie")


@pytest.fixture
def payment(db, settings):
    """At M2: V = 1000.00, C = 540.00, A = 0, 10 % are expected to break. 40.00 of C are of a
    payment of 100.00 and 20 % tax."""
    settings.REFUND_DAYS = 0
    Policy.current()
    Policy.objects.update(method="proportional", gate_waived=True)
    others = bought(credits=9000, price="900.00", family="disputed")
    Book(others.purchase.customer_id).debit(5000 * CREDIT)
    payment = bought(taxed("20"), family="disputed")
    Book(payment.purchase.customer_id).debit(400 * CREDIT)
    run()
    estimating.estimate(Draft(rate=Decimal("0.10")), as_of=periods.today(), of=name())
    assert figures(payment) == (Position(1000_00, 540_00, 0), 60_00)
    return payment


def run():
    revenue.recognise_all()
    engine.run(periods.today())


def name():
    return f"{periods.today():%Y-%m}/USD/disputed"


def figures(payment):
    today = periods.today()
    return cohorts.positions(today)[name()], cohorts.recognised(today)[name()]


def test_opened_it_changes_nothing(payment):
    """E11a: nothing is decided yet."""
    say(dispute_fact(payment, "open", fee=15_00))
    run()
    assert figures(payment) == (Position(1000_00, 540_00, 0), 60_00)


def test_lost_it_leaves_with_what_was_used_of_it(payment):
    """E11b, E11c: V - 100, C - 40; N 60.00 -> 55.56."""
    say(dispute_fact(payment, "lost", fee=15_00))
    run()
    assert figures(payment) == (Position(900_00, 500_00, 0), 55_56)
    own = money(payment.purchase.customer_id)
    assert own == {"1000": -15_00, "4100": -40_00, "4310": 40_00, "6200": 15_00}


@pytest.mark.parametrize("chargeback", ["credit-loss", "receivable"])
def test_where_the_revenue_stays_only_what_is_unused_leaves(payment, chargeback):
    """V = 940.00, C = 540.00, so N = 94.00 x 540.00 / 846.00 = 60.00 as after a refund."""
    Policy.objects.update(chargeback=chargeback)
    say(dispute_fact(payment, "lost"))
    run()
    assert figures(payment) == (Position(940_00, 540_00, 0), 60_00)


def test_what_was_held_when_it_was_lost_is_not_used(payment):
    """100 held: for now they count as used, so that C is 490.00 and V 900.00 of which 10.00 are
    outstanding. When they are free, they are taken."""
    own = Book(payment.purchase.customer_id)
    hold = own.reserve(100 * CREDIT)
    say(dispute_fact(payment, "lost"))
    run()
    assert figures(payment)[0] == Position(900_00, 490_00, 0)
    own.release(hold)
    say(dispute_fact(payment, "lost"))
    run()
    assert figures(payment) == (Position(900_00, 500_00, 0), 55_56)


def test_won_it_is_as_before(payment):
    for state in ("open", "won"):
        say(dispute_fact(payment, state))
    run()
    assert figures(payment) == (Position(1000_00, 540_00, 0), 60_00)
