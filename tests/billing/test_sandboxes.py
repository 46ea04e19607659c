"""No money moves in a sandbox."""

from datetime import timedelta

import pytest
from django.db import connection

from accounts.errors import NotInASandbox
from accounts.models import Customer
from billing.models import PaymentMethod, Purchase, TopUpSettings
from billing.relay import relay
from billing.top_up import agreeing
from billing.top_up.agreeing import Terms
from ledger import checks, outbox, sandboxes
from ledger.amounts import CREDIT
from tests.factories.accounts import CustomerFactory
from tests.factories.billing import new_pack, order
from tests.factories.ledger import Book

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox() -> Customer:
    return sandboxes.opened(CustomerFactory())


def test_nothing_is_bought_for_it(sandbox):
    with pytest.raises(NotInASandbox):
        order(sandbox)
    assert not Purchase.objects.filter(customer=sandbox).exists()


def test_nothing_is_topped_up_for_it(sandbox):
    card = PaymentMethod.objects.create(customer=sandbox, provider="test", ref="card_1")
    terms = Terms(500 * CREDIT, 1000 * CREDIT, new_pack(), "USD", 200_00, card)
    with pytest.raises(NotInASandbox):
        agreeing.agree(sandbox, terms, by=None)
    assert not TopUpSettings.objects.filter(customer=sandbox).exists()


def test_every_invariant_holds_after_its_clock_was_moved(sandbox):
    book = Book(sandbox.id)
    sandboxes.refill(sandbox, 100 * CREDIT)
    hold = book.reserve(10 * CREDIT)
    sandboxes.move_clock(sandbox, timedelta(days=40))
    assert book.commit(hold).code == "reservation-expired"
    book.commit(book.reserve(10 * CREDIT), 4 * CREDIT)
    book.reverse(book.debit(5 * CREDIT))
    broken = [found for found in checks.run(connection, [sandbox.id]) if found.broken]
    assert not broken


def test_what_happens_at_its_later_time_is_handed_on_now(sandbox):
    sandboxes.move_clock(sandbox, timedelta(days=40))
    sandboxes.refill(sandbox)
    relay()
    assert sandbox.id not in {event.customer_id for event in outbox.claim(customers=9, events=99)}
