"""E01 in the shapes of section 8.9, character by character."""

from datetime import date

import pytest

from billing.books.exports import netsuite, quickbooks, xero
from billing.books.exports.errors import AmountTooLarge, TooManyLines, TooPrecise
from billing.books.exports.journal import Journal, Line
from billing.books.exports.names import Name

E01 = (Line("1000", "cash", 120_00), Line("2100", "deferred", -100_00), Line("2200", "tax", -20_00))


class Numbered(Journal):
    """With the number and the day of the example."""

    id = "JE-0001"
    day = date(2025, 1, 10)


def journal(lines=E01, currency="USD"):
    return Numbered(date(2025, 1, 1), currency, 1, "Pack L1", lines)


def named(**names):
    return {code[1:]: Name(name, "Tax Exempt", "") for code, name in names.items()}


def shown(files):
    return [b"".join(lines).decode().split("\r\n")[:-1] for _, lines in files]


def test_quickbooks():
    names = named(
        _1000="Cash:PSP clearing", _2100="Deferred revenue:Credits", _2200="Sales tax payable"
    )
    assert shown(quickbooks.files([journal()], names)) == [
        [
            "JournalNo,JournalDate,AccountName,Description,Debits,Credits",
            "JE-0001,01/10/2025,Cash:PSP clearing,Pack L1,120.00,",
            "JE-0001,01/10/2025,Deferred revenue:Credits,Pack L1,,100.00",
            "JE-0001,01/10/2025,Sales tax payable,Pack L1,,20.00",
        ]
    ]


def test_quickbooks_names_whose_receivable_it_is():
    names = named(_1000="Cash", _2100="Deferred", _2200="Tax")
    names["2200"] = Name("Accounts payable", "", "The tax office")
    ((head, *lines),) = shown(quickbooks.files([journal()], names))
    assert head.endswith("Debits,Credits,Name")
    assert [line.split(",")[-1] for line in lines] == ["", "", "The tax office"]


def test_xero():
    names = named(_1000="1000", _2100="2100", _2200="2200")
    assert shown(xero.files([journal()], names)) == [
        [
            "*Narration,*Date,Description,*AccountCode,*TaxRate,*Amount,"
            "TrackingName1,TrackingOption1,TrackingName2,TrackingOption2",
            "JE-0001 Pack L1,10/01/2025,cash,1000,Tax Exempt,120.00,,,,",
            "JE-0001 Pack L1,10/01/2025,deferred,2100,Tax Exempt,-100.00,,,,",
            "JE-0001 Pack L1,10/01/2025,tax,2200,Tax Exempt,-20.00,,,,",
        ]
    ]


@pytest.mark.parametrize(("many", "files"), [(1, [3]), (100, [300]), (101, [300, 3])])
def test_xero_has_300_lines_a_file_and_parts_no_journal(many, files):
    names = named(_1000="1000", _2100="2100", _2200="2200")
    found = shown(xero.files([journal()] * many, names))
    assert [len(lines) - 1 for lines in found] == files


def test_xero_has_no_journal_of_more():
    lines = E01 * 101
    with pytest.raises(TooManyLines):
        shown(xero.files([journal(lines)], named(_1000="1", _2100="2", _2200="3")))


def netsuite_lines(one, settings):
    settings.NETSUITE_SUBSIDIARY = "US"
    names = named(_1000="1000 Cash", _2100="2100 Deferred revenue", _2200="2200 Tax payable")
    return shown(netsuite.files([one], names))


def test_netsuite(db, settings):
    assert netsuite_lines(journal(), settings) == [
        [
            "External ID,Date,Posting Period,Subsidiary,Currency,Exchange Rate,Memo,Account,"
            "Debit,Credit",
            "JE-0001,2025-01-10,Jan 2025,US,USD,1,Pack L1,1000 Cash,120.00,",
            "JE-0001,2025-01-10,Jan 2025,US,USD,1,Pack L1,2100 Deferred revenue,,100.00",
            "JE-0001,2025-01-10,Jan 2025,US,USD,1,Pack L1,2200 Tax payable,,20.00",
        ]
    ]


def of(amount):
    return (Line("1000", "cash", amount), Line("2100", "deferred", -amount))


@pytest.mark.parametrize(
    ("currency", "minor", "said"),
    [("JPY", 1200, "1200.00"), ("KWD", 1200, "1.20"), ("USD", 9_999_999_999_99, "9999999999.99")],
)
def test_netsuite_has_two_decimals(db, settings, currency, minor, said):
    ((_, first, _),) = netsuite_lines(journal(of(minor), currency), settings)
    assert first.split(",")[-2] == said


def test_netsuite_has_no_third_decimal(db, settings):
    with pytest.raises(TooPrecise, match="1.234 KWD"):
        netsuite_lines(journal(of(1234), "KWD"), settings)


def test_netsuite_has_ten_digits(db, settings):
    with pytest.raises(AmountTooLarge):
        netsuite_lines(journal(of(10_000_000_000_00)), settings)
