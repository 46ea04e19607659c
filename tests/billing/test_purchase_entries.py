"""Sales to the cent: E01, E03 and E19 of the accounting rules."""

import pytest

from billing.models import Payment, PurchaseState
from ledger import selectors
from ledger.amounts import CREDIT
from ledger.models import Lot
from tests.factories.accounts import CustomerFactory
from tests.factories.billing import (
    add_price,
    bought,
    credits,
    money,
    new_pack,
    order,
    paid_fact,
    pay,
    refund_fact,
    say,
    taxed,
)
from tests.factories.ledger import Book

pytestmark = pytest.mark.usefixtures("books_tie")


def lots_of(payment: Payment) -> list[Lot]:
    return list(Lot.objects.filter(customer_id=payment.purchase.customer_id).order_by("seq"))


def test_a_pack_is_a_liability_net_of_tax_and_tax_is_owed_on(db):
    """E01."""
    customer = taxed("20")
    purchase = order(customer)
    assert (purchase.net, purchase.tax, purchase.total) == (100_00, 20_00, 120_00)
    pay(purchase, fee=3_20)
    assert money(customer.id) == {
        "1000": 120_00 - 3_20,
        "2100": -100_00,
        "2200": -20_00,
        "6100": 3_20,
    }
    assert credits(customer.id) == {"U10": 1000, "U20": 1000}


def test_before_it_is_paid_nothing_is_entered():
    purchase = order()
    assert money(purchase.customer_id) == {}
    assert purchase.state == PurchaseState.PENDING


def test_a_fee_that_is_known_later_is_entered_then_and_once():
    purchase = order()
    for fee in (None, 3_20, 3_20, None):
        pay(purchase, fee=fee)
    assert money(purchase.customer_id) == {"1000": 96_80, "2100": -100_00, "6100": 3_20}


def test_a_bonus_on_the_same_terms_is_part_of_one_lot():
    """E03a."""
    customer = taxed("20")
    payment = bought(customer, bonus=200)
    (lot,) = lots_of(payment)
    assert (lot.units, lot.price) == (1200 * CREDIT, 100_00)
    assert money(customer.id) == {"1000": 120_00, "2100": -100_00, "2200": -20_00}
    assert credits(customer.id) == {"U10": 1200, "U20": 1200}


def test_a_bonus_on_other_terms_is_a_lot_with_its_part_of_the_price():
    """E03b: 1,000 of which 90 % are expected to be used, 200 of which 50 % are."""
    customer = taxed("20")
    payment = bought(
        customer,
        bonus=200,
        bonus_validity_days=90,
        expected_use_percent=90,
        bonus_expected_use_percent=50,
    )
    paid, bonus = lots_of(payment)
    assert [(lot.kind, lot.units, lot.price) for lot in (paid, bonus)] == [
        ("paid", 1000 * CREDIT, 90_00),
        ("bonus", 200 * CREDIT, 10_00),
    ]
    assert [(lot.expires_at - selectors.now()).days for lot in (paid, bonus)] == [364, 89]
    assert money(customer.id) == {"1000": 120_00, "2100": -100_00, "2200": -20_00}


@pytest.mark.parametrize(
    ("currency", "price", "net", "tax"),
    [
        ("USD", "100.00", 100_00, 19_00),
        ("JPY", "15000", 15_000, 2_850),
        ("KWD", "30.555", 30_555, 5_805),
        ("EUR", "0.01", 1, 0),
        ("EUR", "0.05", 5, 1),
    ],
)
def test_prices_have_the_places_of_their_currency(currency, price, net, tax):
    customer = taxed("19", country="DE")
    payment = bought(customer, price=price, currency=currency)
    assert (payment.amount, payment.tax) == (net + tax, tax)
    entered = {"1000": net + tax, "2100": -net, "2200": -tax}
    assert money(customer.id, currency) == {code: sum for code, sum in entered.items() if sum}


def test_tax_is_half_even_of_the_net():
    customer = taxed("8.875", country="US", region="NY")
    assert order(customer, price="20.00").tax == 1_78  # 1.775
    assert order(customer, price="60.00").tax == 5_32  # 5.325


def test_each_currency_is_a_book_of_its_own():
    """E19: nothing nets across, and one that was bought is not touched by the other."""
    customer = CustomerFactory()
    pack = new_pack(price="110.00")
    add_price(pack, "100.00", "EUR")
    dollars = bought(customer, pack)
    euros = bought(customer, pack, currency="EUR")
    assert money(customer.id, "USD") == {"1000": 110_00, "2100": -110_00}
    assert money(customer.id, "EUR") == {"1000": 100_00, "2100": -100_00}
    Book(customer.id).debit(1400 * CREDIT)
    # The dollars were first: 400 of the euros' credits are used, and the rest is given back.
    say(refund_fact(euros, "a refund", 60_00))
    assert money(customer.id, "EUR") == {"1000": 40_00, "2100": -40_00}
    assert money(customer.id, "USD") == {"1000": 110_00, "2100": -110_00}
    assert dollars.refunded == 0


def test_a_receipt_is_numbered_with_the_entry():
    first, second = bought(), bought()
    numbers = [one.purchase.documents.get().number for one in (first, second)]
    assert numbers[1] == numbers[0] + 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 99_99},
        {"amount": 100_01},
        {"currency": "EUR"},
        {"checkout_ref": "another checkout"},
        {"our_purchase": "pur_" + "0" * 32},
        {"our_purchase": "nonsense"},
    ],
)
def test_what_does_not_fit_the_purchase_is_refused_and_nothing_entered(wrong):
    purchase = order()
    outcome = say(paid_fact(purchase, **wrong))
    assert outcome.state == "refused"
    assert outcome.reason
    purchase.refresh_from_db()
    assert purchase.state == PurchaseState.PENDING
    assert money(purchase.customer_id) == {}
    # What is right is not in its way.
    pay(purchase)
    assert credits(purchase.customer_id)["U20"] == 1000


def test_a_purchase_is_paid_by_one_payment():
    purchase, other = order(), order()
    pay(purchase)
    assert say(paid_fact(purchase, payment_ref="another")).state == "refused"
    assert say(paid_fact(purchase, amount=1)).state == "refused"
    taken = paid_fact(other, payment_ref=paid_fact(purchase).payment_ref)
    assert say(taken).state == "refused"
    assert money(other.customer_id) == {}
