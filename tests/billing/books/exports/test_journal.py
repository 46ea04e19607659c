"""A month summarised into journals (8.9)."""

import csv as reader
from datetime import date

import pytest

from billing.books import exports
from billing.books.exports.errors import UnbalancedJournal
from billing.books.exports.journal import Journal, Line, journals
from billing.models import AccountName, ExchangeRate
from ledger import services
from ledger.amounts import CREDIT
from ledger.services import Leg
from tests.billing.books.reports.example import OCTOBER, month
from tests.factories.dated import sold
from tests.factories.ledger import Book


def shown(of=OCTOBER):
    return {one.id: [(line.account, line.amount) for line in one.lines] for one in journals(of)}


def test_the_example_month(calendar):
    month(calendar)
    assert shown() == {
        "DD-2003-10-USD-1": [("1000", 500_00), ("2100", -500_00)],
        "DD-2003-10-USD-2": [
            ("2100", 310_00),
            ("4100", 10_00),
            ("2100", -10_00),
            ("4100", -310_00),
        ],
        "DD-2003-10-USD-3": [("2110", 29_50), ("4200", -29_50)],
        "DD-2003-10-USD-4": [("2100", 40_00), ("2110", -40_00)],
        "DD-2003-10-USD-5": [("2100", 60_00), ("2400", -60_00)],
        "DD-2003-10-USD-6": [("2100", 60_00), ("1200", -60_00)],
        "DD-2003-10-USD-7": [("2100", 12_00), ("2300", -12_00)],
    }


def test_what_is_the_states_is_one_journal(calendar):
    """Reclassified, remitted, and given back to its owner (E17)."""
    book = month(calendar)
    lot = next(lot for lot, left in book.lots().items() if left)
    calendar.go(date(2003, 11, 3))
    services.adjust(book.customer_id, amount=3_00 * CREDIT, cause="escheat", lot_id=lot)
    paid = [Leg("2300", "1000", 1_00, "USD", lot)]
    services.post(book.customer_id, kind="remittance", money=paid)
    back = [Leg("2300", "2100", 2_00, "USD")]
    services.restore(
        book.customer_id, amount=2_00 * CREDIT, lot_id=lot, cause="escheat", money=back
    )
    assert shown(date(2003, 11, 1)) == {
        "DD-2003-11-USD-7": [
            ("2100", 3_00),
            ("2300", 3_00),
            ("1000", -1_00),
            ("2100", -2_00),
            ("2300", -3_00),
        ]
    }


def test_a_month_has_its_last_day(calendar):
    month(calendar)
    assert {one.day for one in journals(OCTOBER)} == {date(2003, 10, 31)}


def test_a_name_stays_when_there_is_more(calendar):
    month(calendar)
    before = shown(date(2003, 9, 1))
    assert set(before) == {"DD-2003-09-USD-1", "DD-2003-09-USD-3"}
    calendar.go(date(2003, 11, 3))
    sold(Book.new(), 1_00, currency="EUR")
    assert shown(date(2003, 9, 1)) == before


def test_currencies_are_journals_of_their_own(calendar):
    month(calendar)
    calendar.go(date(2003, 10, 25))
    sold(Book.new(), 7_00, currency="EUR")
    assert shown()["DD-2003-10-EUR-1"] == [("1000", 7_00), ("2100", -7_00)]
    assert exports.currencies(OCTOBER) == ["EUR", "USD"]


def test_what_is_out_of_balance_is_refused():
    lines = (Line("1000", "Cash", 100), Line("2100", "Deferred", -99))
    with pytest.raises(UnbalancedJournal) as refused:
        Journal(OCTOBER, "USD", 1, "Credits sold", lines).check()
    assert refused.value.code == "unbalanced-journal"


def test_accounts_are_called_as_in_our_chart_or_as_finance_says(calendar):
    month(calendar)
    assert accounts("quickbooks") == ["Cash and payment clearing", "Deferred revenue:Credits"]
    assert accounts("xero") == ["1000", "2100"]
    assert accounts("netsuite") == [
        "1000 Cash and payment clearing",
        "2100 Deferred revenue, credits",
    ]
    AccountName.objects.create(code="1000", target="xero", account_name="090", tax_rate="No VAT")
    assert accounts("xero") == ["090", "2100"]


def accounts(target):
    title = {"quickbooks": "AccountName", "xero": "*AccountCode", "netsuite": "Account"}[target]
    return [line[title] for line in reader.DictReader(lines_of(target))][:2]


def lines_of(target, currency="USD"):
    (file,) = exports.files(OCTOBER, target, currency)
    assert file.name == f"{target}-2003-10-{currency}.csv"
    return b"".join(file.lines).decode().split("\r\n")


def test_netsuite_is_told_the_rate_of_the_day(calendar):
    calendar.go(date(2003, 10, 25))
    sold(Book.new(), 7_00, currency="EUR")
    assert ",EUR,,Credits sold," in lines_of("netsuite", "EUR")[1]
    for day, rate in ((date(2003, 10, 1), "1.1"), (date(2003, 11, 1), "1.2")):
        ExchangeRate.objects.create(currency="EUR", to="USD", day=day, rate=rate)
    assert ",EUR,1.1,Credits sold," in lines_of("netsuite", "EUR")[1]


def test_exported_again_it_is_the_same(calendar):
    month(calendar)
    for target in exports.EXPORTS:
        assert lines_of(target) == lines_of(target)
