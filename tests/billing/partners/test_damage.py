"""Whatever is wrong with partners' shares is found."""

from datetime import date

import pytest
from django.db import connection

from billing import partners
from billing.books import tie_outs
from ledger import checks, wallets
from ledger.amounts import CREDIT
from tests.factories.dated import Calendar, sold
from tests.factories.ledger import Book
from tests.factories.partners import priced, shared

DAY = date(2003, 7, 10)


@pytest.fixture
def broken(calendar: Calendar):
    """What breaks when this was done to a customer's shares."""
    calendar.go(DAY)
    price, capped, book = priced(), priced(), Book.new()
    wallets.set_credit_limit(book.customer_id, limit=100 * CREDIT)
    term = shared(price.endpoint, "50", on=DAY)
    shared(capped.endpoint, credits=3 * CREDIT, on=DAY, partner=term.partner)
    sold(book, 100)
    for one in (price, capped, capped):
        book.debit(40 * CREDIT, price_id=one.id)
    sold(book, 1_000)
    partners.accrue_all()
    paid = {"currency": "USD", "amount": 2, "paid_on": DAY, "reference": "SEPA 1"}
    partners.record_payout(term.partner, **paid)

    def found(sql: str) -> set[str]:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            assert cursor.rowcount > 0, "nothing was damaged"
        said = [*checks.run(connection), *tie_outs.run(date(2003, 7, 1), date(2003, 7, 31))]
        return {one.check.name for one in said if one.broken and "partner" in one.check.name}

    return found


def test_nothing_is_found_where_nothing_was_done(broken):
    assert broken("select 1") == set()


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("update billing_partnershare set units = units + 1", {"partner-shares"}),
        ("delete from billing_partnershare", {"partner-shares", "partner-accrued"}),
        ("update billing_partnershare set price = price * 2", {"partner-accrued"}),
        ("update billing_partnertotal set accrued = accrued + 1", {"partner-accrued"}),
        ("update billing_partnertotal set worth = worth + 0.001", {"partner-accrued"}),
        ("update billing_partnerterm set percent = 60 where percent = 50", {"partner-accrued"}),
        ("update billing_partnerterm set credits = 2000000 where credits > 0", {"partner-shares"}),
        ("delete from billing_partneraccrual", {"partner-accrued", "partner-payable"}),
        ("delete from billing_partnerpayout", {"partner-payable"}),
        ("delete from billing_partnerwatermark", {"partner-shares", "partners-accrued"}),
    ],
)
def test_damage_is_found(broken, sql, names):
    assert names <= broken(sql)
