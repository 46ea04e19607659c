import pytest

from ledger import money
from ledger.errors import MalformedMoney


@pytest.mark.parametrize(
    ("amount", "currency", "minor", "shown"),
    [
        ("25", "USD", 2500, "25.00"),
        (25, "USD", 2500, "25.00"),
        ("25.00", "USD", 2500, "25.00"),
        ("25.0000", "USD", 2500, "25.00"),
        ("25", "JPY", 25, "25"),
        ("0.001", "KWD", 1, "0.001"),
        ("999999999999.99", "USD", 99999999999999, "999999999999.99"),
    ],
)
def test_money_is_whole_minor_units(amount, currency, minor, shown):
    assert money.parse({"amount": amount, "currency": currency}) == (minor, currency)
    assert money.show(minor, currency) == {"amount": shown, "currency": currency}


@pytest.mark.parametrize("amount", ["25.001", 25.0, True, None, "", "-1", "1e2", "NaN", "1" * 13])
def test_what_is_not_exact_is_malformed(amount):
    with pytest.raises(MalformedMoney):
        money.parse({"amount": amount, "currency": "USD"})
