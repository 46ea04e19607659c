"""Customers read the reason's wording, and never the note."""

import pytest
from django.urls import reverse

from accounts.models import Customer
from billing.adjustments import reasons
from billing.models import Adjustment
from ledger.amounts import CREDIT
from tests.billing.adjustments.conftest import DAY, propose, sold
from tests.factories.accounts import MemberFactory

pytestmark = pytest.mark.usefixtures("committed")
SECRET = "Ticket 17: they shouted"


@pytest.fixture
def member(client, book):
    customer = Customer.objects.get(id=book.customer_id)
    client.force_login(MemberFactory(customer=customer).user)
    return client


def test_they_read_the_wording_wherever_credits_changed(member, book, ann, clock):
    lot_id = sold(book, clock)
    hold = book.debit(100 * CREDIT)
    propose(book, "forfeit", ann, 10, lot_id=lot_id, note=SECRET)
    propose(book, "goodwill", ann, 10, note=SECRET)
    propose(book, "reverse", ann, 10, reservation_id=hold.reservation_id, note=SECRET)
    propose(book, "extend", ann, lot_id=lot_id, expires_at=clock.after(90 * DAY), note=SECRET)
    statement = member.get(reverse("statement")).content.decode()
    lot = member.get(reverse("lot", args=[lot_id])).content.decode()
    assert "Goodwill after an outage" in statement
    for text in ("Given back: the call had failed", "Forfeited: the terms of service"):
        assert text in statement
        assert text in lot
    assert "Expiry put off after an outage" in lot
    assert SECRET not in statement + lot


def test_every_transfer_of_every_kind_says_no_more_than_the_wording(book, ann, clock):
    made = propose(book, "add", ann, 5, note=SECRET)
    assert SECRET not in str(
        book._rows("select reason, document, actor from ledger_transfer", "id")
    )
    assert SECRET not in str(book._rows("select data from ledger_event", "id"))
    assert Adjustment.objects.get(id=made.id).note == SECRET
    for kind, told in reasons.REASONS.items():
        assert all(reasons.wording(kind, code) for code in told)
