"""What staff sees of alerts, mails and notices: all of it, and nothing to be changed."""

import pytest
from django.urls import reverse

from accounts import ids
from billing import expiry_notices, mails
from billing.models import Alert, ExpiryNotice, Mail, MailState
from billing.relay import relay
from ledger import selectors
from ledger.admin.shown import row_page
from ledger.amounts import CREDIT
from ledger.ids import LOT
from tests.billing.mails.conftest import mail_box, mail_server
from tests.factories.accounts import MemberFactory
from tests.factories.ledger import Book, Clock, forget_events

__all__ = ["mail_box", "mail_server"]


pytestmark = pytest.mark.django_db(databases=["default", "owner"])


@pytest.fixture
def book(db):
    forget_events()
    return Book(MemberFactory().customer_id)


@pytest.fixture
def lot(book):
    return book.grant(100 * CREDIT, expires_at=Clock().after(5 * 86_400))


def text(client, path):
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_the_evidence_stands_beside_the_lot(staff, book, lot, mail_box):
    page = row_page("lot", book.customer_id, lot)
    expiry_notices.write_due()
    assert "100 left, 7 days before" in text(staff, page)
    assert "not delivered. The mail waits." in text(staff, page)
    mails.send_due()
    expiry_notices.note_delivered()
    assert ": delivered " in text(staff, page)
    notice = ExpiryNotice.objects.get(lot_id=lot)
    shown = text(staff, reverse("admin:billing_expirynotice_change", args=[notice.pk]))
    assert "100 credits expire in 5 days" in shown and notice.recipients[0] in shown
    name = ids.encode(LOT, lot)
    listed = text(staff, reverse("admin:billing_expirynotice_changelist") + f"?q={name}")
    assert "1 expiry notice" in listed


def test_a_lot_without_notices(staff, book):
    lot = book.grant(CREDIT)
    assert "Notices of its end" in text(staff, row_page("lot", book.customer_id, lot))


def test_a_mail_that_failed_for_good_is_found(staff, book, lot):
    expiry_notices.write_due()
    Mail.objects.update(state=MailState.FAILED, error="SMTPDataError: 554 no")
    listed = text(staff, reverse("admin:billing_mail_changelist") + "?state__exact=failed")
    assert "554 no" in listed
    mail = Mail.objects.get(customer=book.customer_id)
    shown = text(staff, reverse("admin:billing_mail_change", args=[mail.pk]))
    assert "554 no" in shown and 'name="_save"' not in shown


def test_alerts(staff, book):
    book.grant(100 * CREDIT, kind="paid")
    relay()
    book.debit(60 * CREDIT)
    relay()
    assert "50 % of the last purchase is used" in text(
        staff, reverse("admin:billing_alert_changelist")
    )
    alert = Alert.objects.get(customer=book.customer_id)
    shown = text(staff, reverse("admin:billing_alert_change", args=[alert.pk]))
    assert "40" in shown and 'name="_save"' not in shown
    assert selectors.balance(book.customer_id).available == 40 * CREDIT
