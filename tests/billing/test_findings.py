"""What breaks a check is kept, and read, in one form."""

import json
from decimal import Decimal

import pytest
from django.core.serializers.json import DjangoJSONEncoder

from accounts import ids
from billing import findings
from ledger.checks import Check, Finding

CHECK = Check("x", "It holds", "It has to.", "select 1")


def test_columns_have_their_order_and_ids_their_names():
    customer, lot = ids.uuid7(), ids.uuid7()
    row = {"lot_id": lot, "customer_id": customer, "amount": Decimal(7), "b": None}
    kept = json.loads(json.dumps(findings.kept(Finding(CHECK, 3, [row])), cls=DjangoJSONEncoder))
    assert kept["columns"] == ["lot", "customer", "amount", "b"]
    assert kept["rows"] == [
        {"lot": f"lot_{lot.hex}", "customer": f"cus_{customer.hex}", "amount": 7, "b": None}
    ]
    assert (kept["name"], kept["broken"]) == ("x", 3)


def test_what_breaks_nothing_has_no_rows():
    kept = findings.kept(Finding(CHECK, 0))
    assert (kept["columns"], kept["rows"]) == ([], [])


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"a": 7123, "currency": "USD"}, "71.23"),
        ({"a": 7123, "unit": "JPY"}, "7123"),
        ({"a": -7123, "cohort": "2026-10/EUR"}, "-71.23"),
        ({"a": 7123, "unit": "CR"}, "7123"),
        ({"a": 7123, "currency": "???"}, "7123"),
        ({"a": 7123}, "7123"),
        ({"a": "2110", "currency": "USD"}, "2110"),
        ({"a": True, "currency": "USD"}, "True"),
        ({"a": None, "currency": "USD"}, "-"),
    ],
)
def test_money_has_its_decimals(row, text):
    assert findings.text(row, "a") == text


def test_counts_beside_a_currency_are_no_money():
    assert findings.text({"transfers": 12, "currency": "USD"}, "transfers") == "12"
