"""Section 8.7: the register as it stood at the end of a month."""

from datetime import date
from uuid import uuid4

import pytest

from billing.books.reports import escheat
from billing.models import EscheatClass, UnclaimedProperty
from ledger.amounts import CREDIT
from tests.factories.ledger import Book

JANUARY = date(2002, 1, 1)


@pytest.fixture
def delaware(calendar):
    return EscheatClass.objects.create(
        code="de", name="Delaware", country="US", region="DE", dormancy_days=10
    )


def held(place, amount, dormant_on, **fields):
    return UnclaimedProperty.objects.create(
        customer_id=Book.new().customer_id,
        lot_id=uuid4(),
        transaction_id=uuid4(),
        escheat_class=place,
        currency="USD",
        amount=amount,
        credits=CREDIT,
        escheated_on=date(2002, 1, 5),
        dormant_on=dormant_on,
        **fields,
    )


def test_by_jurisdiction_and_what_must_be_reported(delaware):
    held(delaware, 12_00, date(2002, 1, 31))
    held(delaware, 5_00, date(2002, 2, 1))
    held(None, 1_00, None)
    summary, register = escheat.report(JANUARY)
    assert list(summary.rows) == [
        {
            "currency": "USD",
            "jurisdiction": "Delaware",
            "lots": 2,
            "held": 17_00,
            "reportable": 12_00,
        },
        {"currency": "USD", "jurisdiction": "Not known", "lots": 1, "held": 1_00, "reportable": 0},
    ]
    assert [row["amount"] for row in register.rows] == [12_00, 5_00, 1_00]
    assert list(register.rows) == list(register.rows)


def test_what_was_settled_later_was_held_then(delaware):
    held(
        delaware,
        12_00,
        date(2002, 1, 9),
        state="remitted",
        settled_on=date(2002, 2, 3),
        reference="R1",
    )
    before, after = (escheat.report(date(2002, month, 1)) for month in (1, 2))
    assert [(row["state"], row["settled_on"], row["reference"]) for row in before[1].rows] == [
        ("held", None, "")
    ]
    assert [(row["state"], row["reference"]) for row in after[1].rows] == [("remitted", "R1")]
    assert (before[0].totals["held"], after[0].totals["held"]) == (12_00, 0)


def test_nothing_before_it_was_there(delaware):
    held(delaware, 12_00, date(2002, 1, 9))
    assert escheat.report(date(2001, 12, 1)) == []
