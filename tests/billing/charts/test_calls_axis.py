"""Thousands of calls on a chart's lines."""

from decimal import Decimal

from billing.charts import units


def test_lines_of_thousands_of_calls_are_written_in_full():
    assert units.at_line(Decimal("2E+3"), Decimal("5E+2"), "calls") == "2,000"
    assert units.told(1234, "calls") == "1,234"
