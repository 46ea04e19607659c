import csv as reader
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from io import StringIO

import pytest

from billing.books.reports import csv
from billing.books.reports.table import Column, Table

COLUMNS = (
    Column("name", "Name", "text"),
    Column("amount", "Amount", "money"),
    Column("credits", "Credits", "credits"),
    Column("rate", "Rate", "percent"),
    Column("day", "Day", "date"),
)


def table(*rows, currency="USD", totals=None):
    return Table(
        "t",
        "T",
        COLUMNS,
        [dict(zip(["name", "amount", "credits", "rate", "day"], row, strict=True)) for row in rows],
        currency,
        totals,
    )


def text(one):
    return b"".join(csv.stream(one)).decode()


def test_values_are_decimal_strings():
    row = ("a", 123456, 1_500_000, Decimal("0.175096"), date(2026, 10, 31))
    assert text(table(row)) == (
        "Name,Amount,Credits,Rate,Day\r\na,1234.56,1.5,0.175096,2026-10-31\r\n"
    )


@pytest.mark.parametrize(
    ("currency", "shown"), [("JPY", "-1234"), ("USD", "-12.34"), ("KWD", "-1.234")]
)
def test_a_currency_has_its_own_decimals(currency, shown):
    assert text(table(("a", -1234, 0, None, None), currency=currency)).endswith(
        f"a,{shown},0,,\r\n"
    )


@pytest.mark.parametrize("start", "=+-@\t\r\n")
def test_a_text_is_no_formula(start):
    shown = StringIO(text(table((f"{start}1+1", -5, -1, None, None))), newline="")
    _, row = reader.reader(shown, strict=True)
    assert row[:3] == [f"'{start}1+1", "-0.05", "-0.000001"]


def test_titles_are_no_formulas_either():
    column = Column("a", "=1+1", "text")
    assert text(Table("t", "T", (column,), [], None)) == "'=1+1\r\n"


def test_a_negative_number_stays_a_number():
    assert "a,-0.05,-0.000001," in text(table(("a", -5, -1, None, None)))


def test_commas_quotes_and_lines_are_quoted():
    shown = text(table(('a "b", c\nd', 0, 0, None, None)))
    assert shown.endswith('"a ""b"", c\nd",0.00,0,,\r\n')
    assert not shown.startswith("\ufeff")


def test_totals_are_the_last_line():
    assert text(table(totals={"name": "Total", "amount": 100})).endswith("Total,1.00,,,\r\n")


def test_rows_are_written_as_they_come():
    taken = []

    class Rows:
        def __iter__(self) -> Iterator[dict[str, int]]:
            for number in range(3):
                taken.append(number)
                yield {"name": "a", "amount": number}

    lines = csv.stream(Table("t", "T", COLUMNS, Rows(), "USD"))
    next(lines), next(lines)
    assert taken == [0]
