"""By hand: what was left of calls."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from billing import margins
from billing.books.errors import RateMissing
from billing.models import EndpointCost, ExchangeRate, Policy
from ledger import wallets
from ledger.amounts import CREDIT
from tests.factories.dated import Calendar, sold
from tests.factories.ledger import Book
from tests.factories.partners import priced, shared

DAY = date(2005, 4, 10)


@pytest.fixture(autouse=True)
def day(calendar: Calendar) -> None:
    calendar.go(DAY)
    Policy.objects.update_or_create(only_row=True, defaults={"functional_currency": "USD"})


def costs(endpoint, amount, currency="USD", *, quantity="", on=date(2005, 1, 1)):
    return EndpointCost.objects.create(
        endpoint=endpoint, quantity=quantity, amount=amount, currency=currency, starts_on=on
    )


def found(start=DAY, end=DAY):
    return margins.realised(start, end)


def line(said, of):
    return next(one for one in said if one.of == of)


def test_what_credits_cost_less_what_calls_cost(calendar):
    """30 calls of 4 credits at 10 cents are 12.00; at 0.15 each they cost 4.50."""
    price, book = priced(4), Book.new()
    costs(price.endpoint, "0.15")
    book.grant(1_000 * CREDIT, kind="paid", price=100_00, currency="USD")
    for _ in range(30):
        book.debit(4 * CREDIT, price_id=price.id)
    said = found()
    one = line(said.endpoints, price.endpoint_id)
    assert (said.currency, one.calls, one.credits) == ("USD", 30, 120 * CREDIT)
    assert (one.revenue, one.share, one.cost) == (Decimal(12), 0, Decimal("4.50"))
    assert (one.margin, one.part) == (Decimal("7.50"), Decimal("0.625"))
    assert one.is_under(Decimal("0.7")) and not one.is_under(Decimal("0.625"))
    assert line(said.customers, book.customer_id)[1:] == one[1:]


def test_every_unit_costs_to_the_ninth_place(calendar):
    """1,000,000 tokens at 0.000000003, and 2 calls at nothing."""
    price, book = priced(), Book.new()
    costs(price.endpoint, "0.000000003", quantity="tokens")
    sold(book, 100)
    for quantity in ("999999.5", "0.5"):
        book.debit(CREDIT, price_id=price.id, quantities={"tokens": quantity})
    one = line(found().endpoints, price.endpoint_id)
    assert one.cost == Decimal("0.003")
    assert found().quantities[price.endpoint_id, "tokens"] == 500_000


def test_a_line_of_a_lease_without_quantities_has_none(calendar):
    price, book = priced(), Book.new()
    costs(price.endpoint, "0.01")
    costs(price.endpoint, "0.01", quantity="tokens")
    sold(book, 100)
    lease = book.lease(9 * CREDIT)
    usage = [{"price_id": price.id, "calls": 3, "amount": 3 * CREDIT, "quantities": None}]
    book.settle(lease, 1, detail={"sequence": 1, "usage": usage, "renew": False})
    assert line(found().endpoints, price.endpoint_id).cost == Decimal("0.03")


def test_what_was_used_counts_and_not_what_was_reserved(calendar):
    price, book = priced(), Book.new()
    costs(price.endpoint, "0.01", quantity="tokens")
    sold(book, 100)
    hold = book.reserve(9 * CREDIT, price_id=price.id, quantities={"tokens": "900"})
    book.commit(hold, 3 * CREDIT, quantities={"tokens": "300"})
    assert line(found().endpoints, price.endpoint_id).cost == 3


def test_calls_that_were_not_billed_cost_all_the_same(calendar):
    """One that failed by our fault, one whose credits were free, and one that was reversed; not
    one that was released."""
    price, book = priced(), Book.new()
    costs(price.endpoint, "0.10")
    sold(book, 100)
    book.commit(book.reserve(CREDIT, price_id=price.id), 0, outcome="server_error")
    book.reverse(book.debit(CREDIT, price_id=price.id))
    book.release(book.reserve(CREDIT, price_id=price.id))
    free = Book.funded(CREDIT)
    free.debit(CREDIT, price_id=price.id)
    one = line(found().endpoints, price.endpoint_id)
    assert (one.calls, one.revenue, one.cost) == (3, 0, Decimal("0.30"))
    assert one.part is None and one.is_under(Decimal("0.1"))


def test_a_partners_share_is_none_of_ours(calendar):
    price, book = priced(10), Book.new()
    shared(price.endpoint, "25", on=DAY)
    costs(price.endpoint, "0.02")
    sold(book, 100)
    book.debit(10 * CREDIT, price_id=price.id)
    one = line(found().endpoints, price.endpoint_id)
    assert (one.revenue, one.share, one.net) == (
        Decimal("0.1"),
        Decimal("0.025"),
        Decimal("0.075"),
    )
    assert one.margin == Decimal("0.055")


def test_a_partners_first_credits_are_of_the_first_lots(calendar):
    """4 free and 6 paid: of its first 5 one was paid for."""
    price, book = priced(10), Book.new()
    shared(price.endpoint, credits=5 * CREDIT, on=DAY)
    book.grant(4 * CREDIT, kind="promo")
    sold(book, 100)
    done = book.debit(10 * CREDIT, price_id=price.id)
    one = line(found().endpoints, price.endpoint_id)
    assert (one.revenue, one.share) == (Decimal("0.06"), Decimal("0.01"))
    book.reverse(done, 5 * CREDIT)
    one = line(found().endpoints, price.endpoint_id)
    assert (one.revenue, one.share) == (Decimal("0.01"), Decimal("0.01"))


def test_a_cost_holds_from_its_day(calendar):
    price, book = priced(), Book.new()
    costs(price.endpoint, "0.10")
    costs(price.endpoint, "0.20", on=DAY + timedelta(days=1))
    sold(book, 100)
    for _ in range(2):
        book.debit(CREDIT, price_id=price.id)
        calendar.forward(86_400)
    after = DAY + timedelta(days=1)
    assert line(found(DAY, after).endpoints, price.endpoint_id).cost == Decimal("0.30")
    assert line(found(after, after).endpoints, price.endpoint_id).cost == Decimal("0.20")


def test_several_currencies_are_told_in_the_functional_one(calendar):
    """2.00 EUR of credits at the 1.50 of their sale, 1.00 USD of others; a call costs 100 yen."""
    price, book = priced(), Book.new()
    costs(price.endpoint, "100", "JPY")
    for currency, on, rate in [
        ("EUR", DAY, "1.50"),
        ("EUR", DAY + timedelta(days=1), "9"),
        ("JPY", DAY, "0.001"),
    ]:
        ExchangeRate.objects.create(currency=currency, to="USD", day=on, rate=rate)
    sold(book, 200, currency="EUR")
    sold(book, 100)
    calendar.forward(86_400)
    book.debit(300 * CREDIT, price_id=price.id)
    said = found(DAY, DAY + timedelta(days=1))
    one = line(said.endpoints, price.endpoint_id)
    assert (said.currency, one.revenue, one.cost) == ("USD", Decimal(4), Decimal("0.1"))


def test_one_currency_needs_no_rate(calendar):
    price, book = priced(), Book.new()
    costs(price.endpoint, "0.001", "EUR")
    sold(book, 100, currency="EUR")
    book.debit(10 * CREDIT, price_id=price.id)
    said = found()
    assert (said.currency, line(said.endpoints, price.endpoint_id).revenue) == (
        "EUR",
        Decimal("0.1"),
    )


def test_a_rate_that_is_missing_is_named(calendar):
    price, book = priced(), Book.new()
    costs(price.endpoint, "0.001", "USD")
    sold(book, 100, currency="EUR")
    book.debit(10 * CREDIT, price_id=price.id)
    with pytest.raises(RateMissing, match="from EUR to USD of 2005-04-10"):
        found()


def test_what_was_used_on_credit_earns_when_a_lot_covers_it(calendar):
    """4 of a lot, 6 on credit, which a dearer lot covers; half is the partner's."""
    price, book = priced(10), Book.new()
    wallets.set_credit_limit(book.customer_id, limit=100 * CREDIT)
    shared(price.endpoint, "50", on=DAY)
    sold(book, 4)
    book.debit(10 * CREDIT, price_id=price.id)
    assert line(found().endpoints, price.endpoint_id).revenue == Decimal("0.04")
    calendar.forward(86_400)
    book.grant(100 * CREDIT, kind="paid", price=10_00, currency="USD")
    one = line(found().endpoints, price.endpoint_id)
    assert (one.revenue, one.share) == (Decimal("0.64"), Decimal("0.32"))


def test_both_tables_have_the_same_total_rounded_once(calendar):
    """Of calls of three customers that cost too little for a row, and a cent together."""
    price, books = priced(1), [Book.new() for _ in range(3)]
    costs(price.endpoint, "0.004")
    for book in books:
        book.grant(100 * CREDIT, kind="paid", price=100_00, currency="USD")
        book.debit(CREDIT, price_id=price.id)
    endpoints, customers = margins.report(DAY, DAY)
    assert [row["cost"] for row in customers.rows] == [0, 0, 0]
    for name in ("calls", "credits", "revenue", "share", "cost", "margin", "part"):
        assert endpoints.totals[name] == customers.totals[name]
    assert customers.totals["cost"] == 1
