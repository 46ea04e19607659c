from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import amounts
from ledger.errors import MalformedAmount


@pytest.mark.parametrize(
    ("given", "amount"),
    [("4", 4_000_000), ("12.5", 12_500_000), ("0.000001", 1), (7, 7_000_000), ("0", 0), (0, 0)],
)
def test_credits_are_read_exactly(given, amount):
    assert amounts.parse(given) == amount


@pytest.mark.parametrize("given", [1.0, True, None, "", "1e3", "-1", "1.0000001", "\u0664", b"1"])
def test_anything_else_is_malformed(given):
    with pytest.raises(MalformedAmount):
        amounts.parse(given)


def test_there_is_a_limit():
    assert amounts.parse(10**12) == amounts.LIMIT
    for over in (10**12 + 1, "1000000000000.000001"):
        with pytest.raises(MalformedAmount):
            amounts.parse(over)


def test_equal_amounts_read_the_same():
    assert amounts.show(amounts.parse("12.500")) == "12.5"
    assert [amounts.show(n) for n in (0, 1, -1, -12_500_000)] == [
        "0",
        "0.000001",
        "-0.000001",
        "-12.5",
    ]


@given(st.integers(0, amounts.LIMIT))
def test_what_is_shown_is_read_back(amount):
    assert amounts.parse(amounts.show(amount)) == amount
    assert Decimal(amounts.show(amount)) * amounts.CREDIT == amount


@given(st.text())
def test_no_text_is_anything_but_an_amount_or_malformed(text):
    try:
        amount = amounts.parse(text)
    except MalformedAmount:
        return
    assert Decimal(text) * amounts.CREDIT == amount


@given(st.integers(-amounts.LIMIT, amounts.LIMIT) | st.integers(-9, 9).map(lambda n: n * 10**6))
def test_digits_are_shown_like_numbers(amount):
    assert amounts.show_digits(str(amount)) == amounts.show(amount)
