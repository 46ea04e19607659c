"""Refunds to the cent: E10 of the accounting rules, whoever asked for them."""

import pytest

from billing import refunds
from billing.facts import RefundTotal
from billing.models import DocumentKind, RefundState
from ledger.amounts import CREDIT
from tests.factories.billing import (
    bought,
    credits,
    dispute_fact,
    in_any_order,
    money,
    refund_fact,
    say,
    sold_by_the_test_provider,
    taxed,
)
from tests.factories.ledger import Book

pytestmark = pytest.mark.usefixtures("books_tie")


@pytest.fixture
def payment(db):
    """1,000 credits for 100.00 and 20 % tax, of which 400 are used."""
    payment = bought(taxed("20"))
    spend(payment, 400)
    return payment


def spend(payment, amount):
    Book(payment.purchase.customer_id).debit(amount * CREDIT)


def total(payment, amount):
    return RefundTotal(payment.provider_ref, amount, payment.purchase.currency)


def test_unused_credits_are_refunded_with_their_tax(payment):
    """E10."""
    customer = payment.purchase.customer_id
    say(refund_fact(payment, "one", 72_00))
    assert money(customer) == {"1000": 48_00, "2100": -40_00, "2200": -8_00}
    assert credits(customer) == {"U10": 1000, "U30": 400, "U32": 600}


def test_until_the_money_has_left_it_is_owed(payment):
    customer = payment.purchase.customer_id
    say(refund_fact(payment, "one", 72_00, state="pending"))
    assert money(customer) == {"1000": 120_00, "2100": -40_00, "2200": -8_00, "2400": -72_00}
    say(refund_fact(payment, "one", 72_00))
    assert money(customer) == {"1000": 48_00, "2100": -40_00, "2200": -8_00}


def test_what_was_used_is_a_concession(payment):
    """E10b."""
    customer = payment.purchase.customer_id
    say(refund_fact(payment, "one", 120_00))
    assert money(customer) == {"2100": -40_00, "4300": 40_00}
    assert credits(customer)["U32"] == 600
    assert payment.refunds.get().concession == 40_00


def test_several_partial_refunds_of_one_payment_each_count(payment):
    for ref in ("one", "two", "three"):
        for _ in range(3):
            say(refund_fact(payment, ref, 12_00))
    payment.refresh_from_db()
    assert payment.refunded == 36_00
    customer = payment.purchase.customer_id
    assert money(customer) == {"1000": 84_00, "2100": -70_00, "2200": -14_00}
    assert credits(customer)["U32"] == 300
    notes = payment.purchase.documents.filter(kind=DocumentKind.CREDIT_NOTE)
    assert notes.count() == 3


def test_totals_count_what_they_add(payment):
    for amount in (12_00, 36_00, 24_00, 36_00, 12_00):
        say(total(payment, amount))
    payment.refresh_from_db()
    assert payment.refunded == 36_00
    assert credits(payment.purchase.customer_id)["U32"] == 300


TOLD = {
    "first": lambda payment: refund_fact(payment, "first", 12_00),
    "second": lambda payment: refund_fact(payment, "second", 24_00),
    "total of the first": lambda payment: total(payment, 12_00),
    "total of both": lambda payment: total(payment, 36_00),
}


@pytest.mark.parametrize("told", in_any_order(TOLD), ids=" / ".join)
def test_totals_and_single_refunds_in_any_order_count_once(payment, told):
    for name in told:
        assert say(TOLD[name](payment)).state == "applied"
    payment.refresh_from_db()
    assert payment.refunded == 36_00
    customer = payment.purchase.customer_id
    assert money(customer) == {"1000": 84_00, "2100": -70_00, "2200": -14_00}
    assert credits(customer)["U32"] == 300


FAILING = {
    "made": lambda payment: refund_fact(payment, "first", 12_00),
    "failed": lambda payment: refund_fact(payment, "first", 12_00, state="failed"),
    "total with it": lambda payment: total(payment, 36_00),
    "another": lambda payment: refund_fact(payment, "second", 24_00),
}


@pytest.mark.parametrize("told", in_any_order(FAILING), ids=" / ".join)
def test_a_refund_that_failed_counts_for_nothing_in_any_order(payment, told):
    for name in told:
        assert say(FAILING[name](payment)).state == "applied"
    payment.refresh_from_db()
    assert payment.refunded == 24_00
    customer = payment.purchase.customer_id
    assert money(customer) == {"1000": 96_00, "2100": -80_00, "2200": -16_00}
    assert Book(customer).refresh().available == 400 * CREDIT


def test_a_refund_of_another_amount_than_before_is_refused(payment):
    say(refund_fact(payment, "one", 12_00))
    for wrong in (
        refund_fact(payment, "one", 13_00),
        refund_fact(payment, "two", 12_00, currency="EUR"),
        refund_fact(payment, "three", 120_01),
        refund_fact(payment, "four", 0),
    ):
        assert say(wrong).state == "refused"
    payment.refresh_from_db()
    assert payment.refunded == 12_00


def test_no_more_is_returned_than_was_paid(payment):
    say(refund_fact(payment, "one", 100_00))
    waits = say(refund_fact(payment, "two", 30_00))
    assert (waits.state, payment.refunds.count()) == ("parked", 1)
    say(dispute_fact(payment, "open", 30_00))
    payment.refresh_from_db()
    assert (payment.returned, payment.disputes.get().excess) == (120_00, 10_00)


@pytest.mark.parametrize(("price", "parts"), [("10.00", 3), ("0.07", 7), ("99.99", 11)])
def test_parts_add_up_to_the_whole_whatever_they_round_to(price, parts):
    payment = bought(taxed("19", country="DE"), price=price, credits=97)
    each, rest = divmod(payment.amount, parts)
    for number in range(parts):
        say(refund_fact(payment, f"part {number}", each + (rest if number == 0 else 0)))
    customer = payment.purchase.customer_id
    assert money(customer) == {}
    assert credits(customer) == {"U10": 97, "U32": 97}


def test_what_we_refund_is_the_unused_credits_and_the_provider_pays_it():
    purchase = sold_by_the_test_provider(taxed("20"))
    Book(purchase.customer_id).debit(400 * CREDIT)
    refund = refunds.request(purchase, by=None, reason="Not needed")
    assert refund.state == RefundState.SUCCEEDED
    assert (refund.credits, refund.net, refund.tax) == (600 * CREDIT, 60_00, 12_00)
    entered = money(purchase.customer_id)
    fee = entered.pop("6100")
    assert entered == {"1000": 48_00 - fee, "2100": -40_00, "2200": -8_00}
