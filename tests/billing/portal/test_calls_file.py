"""The call log as a file."""

import csv
import json
from io import StringIO

from accounts import ids
from ledger.call_rows import HEADER
from tests.accounts.conftest import Caller
from tests.billing.portal.calls import PAGE, customer, debit, name_of, prices
from tests.downloads import downloaded
from tests.factories.accounts import (
    ApiKeyFactory,
    ServiceKeyFactory,
)
from tests.ledger.api.conftest import operate

__all__ = ["customer", "prices"]


class TestFile:
    def test_it_has_what_the_api_has(self, browser, customer, prices):
        """Over calls of all kinds."""
        key = ApiKeyFactory(customer=customer).key
        for number in range(30):
            fields = {"api_key_id": key.id} if number % 3 else {}
            if number % 2:
                fields |= {"price_id": prices["classify"].id, "quantities": {"tokens": "1.5"}}
            hold = operate(
                "reserve",
                customer,
                amount=number * 10_001,
                metadata={"job": str(number), "what": '=1,"2"'},
                request_id=f"made-{number}",
                expires_in=-1 if number % 7 == 0 else 900,
                **fields,
            )
            end = ("commit", "release", "reserve")[number % 3]
            if end != "reserve" and number % 7:
                own = {"outcome": "success"} if end == "commit" else {}
                operate(end, customer, reservation_id=hold.reservation_id, **own)
                if number % 2 and end == "commit":
                    operate("reverse", customer, reservation_id=hold.reservation_id, amount=1)
        rows = list(csv.DictReader(StringIO(downloaded(browser.get(PAGE + "calls.csv")).decode())))
        service = Caller(ServiceKeyFactory().secret)
        path = f"/customers/{ids.encode('cus', customer.id)}/calls?limit=100"
        calls = service.get(path).json()["data"]
        assert len(calls) == len(rows) == 30
        for row, call in zip(rows, calls, strict=True):
            assert row == _flat(call)

    def test_it_has_the_filters_of_the_page(self, browser, customer):
        one = debit(customer, outcome="timeout")
        debit(customer)
        file = browser.get(PAGE + "calls.csv", {"outcome": "timeout"})
        assert "attachment" in file["Content-Disposition"]
        (row,) = csv.DictReader(StringIO(downloaded(file).decode()))
        assert row["id"] == name_of(one)

    def test_of_a_search_there_is_none(self, browser, customer):
        debit(customer, request_id="made-1")
        file = browser.get(PAGE + "calls.csv", {"q": "made-1"})
        assert file.status_code == 400 and "without q" in file.content.decode()

    def test_it_is_read_in_parts(self, browser, customer, monkeypatch):
        monkeypatch.setattr("ledger.call_rows._AT_ONCE", 3)
        made = [name_of(debit(customer)) for _ in range(9)][::-1]
        rows = csv.DictReader(StringIO(downloaded(browser.get(PAGE + "calls.csv")).decode()))
        assert [row["id"] for row in rows] == made


def _flat(call):
    """A call of the API as a line of the file."""
    key = call["key"] or {"id": "", "prefix": ""}
    flat = {"key": key["id"], "key_prefix": key["prefix"]}
    told = {}
    for name in HEADER:
        value = flat.get(name, call.get(name))
        if isinstance(value, dict):
            value = json.dumps(value, separators=(",", ":"))
        told[name] = "" if value is None else value
    return told
