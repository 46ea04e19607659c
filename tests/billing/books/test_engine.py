"""The engine: what it posts, with what, and when nothing (accounting rules, R3, R11, R12)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from billing.books import cohorts, engine, estimating, revenue
from billing.books.errors import EstimateOutOfRange, NoSuchCohort
from billing.books.estimating import Draft
from billing.models import BreakageRun, Estimate, Policy
from ledger import services
from tests.factories.dated import Calendar
from tests.factories.ledger import Book, key

COHORT = "2025-01/USD"


@pytest.fixture
def book(calendar: Calendar) -> Book:
    """Section 3: V = 1,000.00, of which 540.00 is used; the proportional method."""
    Policy.objects.update_or_create(
        only_row=True, defaults={"method": "proportional", "gate_waived": True}
    )
    calendar.go(date(2025, 1, 5))
    book = Book.new()
    book.grant(10_000, "paid", price=100_000, currency="USD")
    calendar.go(date(2025, 2, 20))
    book.debit(5_400, **key())
    revenue.recognise_all()
    return book


def estimate(rate: str, day: date, **options) -> list[Estimate]:
    return estimating.estimate(Draft(rate=Decimal(rate)), as_of=day, **options)


def breakage() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select kind, debit, credit, amount, cohort, document, posted_on from ledger_transfer"
            " where kind like 'breakage%%' and cohort = %s order by version",
            [COHORT],
        )
        return cursor.fetchall()


def test_each_posting_says_its_cohort_its_estimate_and_what_it_is(book, calendar):
    day = date(2025, 2, 20)
    (first,) = estimate("0.10", day)
    calendar.go(date(2025, 3, 20))
    book.debit(1_840, **key())
    revenue.recognise_all()
    (second,) = estimate("0.08", date(2025, 3, 20))
    assert breakage() == [
        ("breakage current", "2110", "4200", 6000, COHORT, str(first), day),
        ("breakage catch-up", "4200", "2110", 1304, COHORT, str(second), date(2025, 3, 20)),
        ("breakage current", "2110", "4200", 1600, COHORT, str(second), date(2025, 3, 20)),
    ]
    assert cohorts.recognised(date(2025, 3, 20)) == {COHORT: 6296}


def test_run_twice_it_posts_nothing_the_second_time(book):
    estimate("0.10", date(2025, 2, 20))
    posted = breakage()
    assert engine.run(date(2025, 2, 20)) == []
    assert breakage() == posted


def test_a_day_in_between_is_reckoned_from_what_was_posted_until_then(book, calendar):
    """January's close after February's estimate: both months have their own N."""
    estimate("0.10", date(2025, 2, 20))
    engine.run(date(2025, 1, 31))
    assert cohorts.recognised(date(2025, 1, 31)).get(COHORT, 0) == 0
    engine.run(date(2025, 2, 20))
    assert cohorts.recognised(date(2025, 2, 20)) == {COHORT: 6000}


def test_an_earlier_month_that_is_set_right_is_not_counted_twice(calendar):
    """V = 1,000, B = 400, C = 500 in January: N is 333.33, whenever January is reckoned."""
    Policy.objects.update_or_create(
        only_row=True, defaults={"method": "proportional", "gate_waived": True}
    )
    calendar.go(date(2025, 1, 2))
    book = Book.new()
    book.grant(1000, "paid", price=100_000, currency="USD")
    estimate("0.40", date(2025, 1, 2))
    book.debit(500, **key())
    calendar.go(date(2025, 2, 28))
    revenue.recognise_all()
    estimate("0.40", date(2025, 2, 28))
    engine.run(date(2025, 1, 31))
    assert cohorts.recognised(date(2025, 1, 31)) == {COHORT: 33_333}
    assert cohorts.recognised(date(2025, 2, 28)) == {COHORT: 33_333}
    assert engine.run(date(2025, 2, 28)) == engine.run(date(2025, 1, 31)) == []


def test_without_an_estimate_nothing_is_expected_to_break(book):
    engine.run(date(2025, 2, 20))
    assert breakage() == []


def test_what_does_not_pass_the_gate_is_remote(book):
    Policy.objects.update(gate_waived=False)
    (version,) = estimate("0.10", date(2025, 2, 20))
    assert (version.method, version.gate["passes"]) == ("remote", False)
    assert version.gate["enough"] == {"passes": False, "cohorts": 0, "months": 0}
    assert breakage() == []


def test_what_is_judged_remote_is_recognised_and_no_more_than_is_left(book):
    Policy.objects.update(method="remote")
    estimating.estimate(Draft(judged_remote=1_200), as_of=date(2025, 2, 20))
    assert cohorts.recognised(date(2025, 2, 20)) == {COHORT: 1_200}
    with pytest.raises(EstimateOutOfRange):
        estimating.estimate(Draft(judged_remote=46_001), as_of=date(2025, 2, 20))
    estimating.estimate(Draft(judged_remote=46_000), as_of=date(2025, 2, 20))
    book.debit(1_000, **key())
    revenue.recognise_all()
    engine.run(date(2025, 2, 20))
    assert cohorts.recognised(date(2025, 2, 20)) == {COHORT: 36_000}


def test_lots_in_their_refund_window_do_not_count(book, calendar):
    until = calendar.at(date(2025, 2, 25))
    book.grant(1000, "paid", price=10_000, currency="USD", refundable_until=until, cohort=COHORT)
    revenue.recognise_all()
    assert cohorts.positions(date(2025, 2, 24))[COHORT].v == 100_000
    calendar.go(date(2025, 2, 26))
    assert cohorts.positions(date(2025, 2, 25))[COHORT].v == 110_000


def test_nothing_is_recognised_at_the_sale(calendar):
    Policy.objects.update_or_create(
        only_row=True, defaults={"method": "proportional", "gate_waived": True}
    )
    calendar.go(date(2025, 1, 5))
    Book.new().grant(1000, "paid", price=10_000, currency="USD")
    estimate("0.50", date(2025, 1, 5))
    assert breakage() == []


def test_an_over_redeemed_cohort_raises_the_alarm(book, calendar):
    """V = 1,000, B = 100, C = 890: N is 98.89, and the net liability 11.11."""
    estimate("0.10", date(2025, 2, 20))
    book.debit(3_500, **key())
    revenue.recognise_all()
    (run,) = engine.run(date(2025, 2, 20))
    assert (run.n, run.over_redeemed) == (9_889, True)
    assert BreakageRun.objects.exclude(pk=run.pk).filter(over_redeemed=True).count() == 0


@pytest.mark.parametrize("rate", ["1.01", "-0.01", "NaN"])
def test_an_estimate_is_a_part_of_the_whole(book, rate):
    with pytest.raises(EstimateOutOfRange):
        estimate(rate, date(2025, 2, 20))
    assert not Estimate.objects.exists()


def test_an_estimate_of_no_cohort_is_refused(book):
    with pytest.raises(NoSuchCohort):
        estimate("0.10", date(2025, 2, 20), of="2031-01")


def test_the_curve_of_use_makes_estimates(calendar):
    """Section 2.5: four cohorts of 1,000.00, which expire at the end of the fourth month."""
    Policy.objects.update_or_create(
        only_row=True, defaults={"method": "proportional", "gate_waived": True}
    )
    used = {1: [450, 220, 100, 50], 2: [460, 210, 110], 3: [440, 230], 4: [430]}
    books = {}
    for month in range(1, 6):
        for sold_in, amounts in used.items():
            age = month - sold_in
            calendar.go(date(2025, month, 10) if age else date(2025, month, 1))
            if age == 0:
                books[sold_in] = Book.new()
                until = calendar.at(date(2025, sold_in + 3, 28) + timedelta(days=2))
                books[sold_in].grant(1000, "paid", price=100_000, currency="USD", expires_at=until)
            if 0 <= age < len(amounts):
                books[sold_in].debit(amounts[age], **key())
            if (sold_in, age) == (2, 1):
                lot = next(iter(books[2].lots()))
                services.adjust(books[2].customer_id, amount=20, cause="refund", lot_id=lot)
        if month == 4:
            break
    calendar.go(date(2025, 4, 30), hour=23)
    books[1].refresh()
    revenue.recognise_all()
    made = estimating.refresh(date(2025, 4, 30))
    found = {run.cohort: run for run in BreakageRun.objects.order_by("id")}
    assert [round(Decimal(one), 6) for one in made[0].hazards] == [
        Decimal("0.445000"),
        Decimal("0.400000"),
        Decimal("0.328125"),
        Decimal("0.217391"),
    ]
    # A has matured: its 18 % caps none of the others.
    expected = {name[:7]: round(run.expected / 100, 2) for name, run in found.items()}
    assert expected == {
        "2025-01": Decimal("180.00"),
        "2025-02": Decimal("156.52"),
        "2025-03": Decimal("173.52"),
        "2025-04": Decimal("179.83"),
    }
