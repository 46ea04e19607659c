"""The task runs twice at once, and a customer is armed by two."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from billing.alerts.arming import arm
from billing.expiry_notices import note_delivered, write_due
from billing.models import AlertThreshold, ExpiryNotice, Mail, MailState
from ledger.amounts import CREDIT
from ledger.models import Event, Threshold
from tests.factories.accounts import MemberFactory
from tests.factories.ledger import Book, Clock, forget_events


def at_once(act):
    def done(_):
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(done, range(8)))


@pytest.fixture
def swept(committed):
    """Notices are written for everybody who is due one: of customers of other tests too."""
    notices = set(ExpiryNotice.objects.values_list("pk", flat=True))
    mails = set(Mail.objects.values_list("pk", flat=True))
    yield
    with connections["owner"].cursor() as cursor:
        for table, before in (("expirynotice", notices), ("mail", mails)):
            cursor.execute(f"delete from billing_{table} where id <> all(%s)", [list(before)])
    forget_events()


def test_a_notice_is_written_once_and_noted_once(swept):
    book = Book(MemberFactory().customer_id)
    lot = book.grant(100 * CREDIT, expires_at=Clock().after(5 * 86_400))
    written = at_once(write_due)
    assert sum(written) >= 1
    notice = ExpiryNotice.objects.get(customer=book.customer_id)
    assert notice.lot_id == lot
    events = Event.objects.filter(customer_id=book.customer_id, kind="lot.expiring")
    assert events.count() == 1
    Mail.objects.filter(pk=notice.mail_id).update(state=MailState.SENT, sent_at=notice.created_at)
    assert sum(at_once(note_delivered)) >= 1
    notice.refresh_from_db()
    assert notice.delivered_at == notice.created_at


def test_a_customer_is_armed_once(committed):
    book = Book.funded(100 * CREDIT, kind="paid")
    assert sum(at_once(lambda: arm([book.customer_id]))) == 1
    watched = Threshold.objects.filter(customer_id=book.customer_id, purpose="alert")
    kept = AlertThreshold.objects.filter(settings=book.customer_id)
    assert set(watched.values_list("id")) == set(kept.values_list("id"))
    assert len(kept) == 3
