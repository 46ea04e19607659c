"""What closings are looked at with."""

import pytest

from billing.care import closings
from billing.care.errors import ClosingRefused
from billing.models import (
    AccountClosing,
)
from ledger.amounts import CREDIT
from tests.factories import billing
from tests.factories.ledger import Book


def use(customer, credits):
    Book(customer.pk).debit(credits * CREDIT)


def money(customer):
    """With the provider's fee as if it were there still."""
    found = billing.money(customer.pk)
    found["1000"] += found.pop("6100", 0)
    return found


def refused(closing, by, why):
    with pytest.raises(ClosingRefused, match=why):
        closings.approve(closing.pk, confirmed="", by=by)


def now(closing):
    return AccountClosing.objects.get(pk=closing.pk)
