"""Mails that are owed, and a mail server that takes them, or does not."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection, connections
from django.db.models.functions import Now

from billing import mails
from billing.mails.sending import PAUSES
from billing.models import Mail, MailState
from tests.billing.mails.server import listening
from tests.factories.accounts import CustomerFactory


def written(about="1", **fields):
    company = CustomerFactory(name="Black & White <Ltd>")
    return mails.write(
        **{"kind": "test", "about": about, "to": ["ann@example.com"], "template": "test"} | fields,
        context={"company": company.name, "by": "Ann O'Hara"},
        customer_id=company.id,
    )


def due_again(mail):
    Mail.objects.filter(pk=mail.pk).update(due_at=Now())


def test_it_arrives_as_text_and_as_html(mail_box):
    mail = written(to=["ann@example.com", "bob@example.com"])
    assert mails.is_due()
    assert mails.send_due() == 1
    (taken,) = mail_box.mails
    assert mail_box.to == ["ann@example.com", "bob@example.com"]
    assert taken["Subject"] == "Black & White <Ltd>: a test of the alerts of Northwind AI"
    assert taken["Message-ID"] == f"<mail-{mail.pk}@127.0.0.1>"
    assert taken["Auto-Submitted"] == "auto-generated"
    text = taken.get_body(("plain",)).get_content()
    html = taken.get_body(("html",)).get_content()
    assert "Ann O'Hara sent this from the Alerts page of Black & White <Ltd>" in text
    assert "http://127.0.0.1:9/portal/alerts/" in text
    assert "Black &amp; White &lt;Ltd&gt;" in html and "prefers-color-scheme: dark" in html
    mail.refresh_from_db()
    assert mail.state == MailState.SENT and mail.sent_at and mail.attempts == 1
    assert not mails.is_due() and mails.send_due() == 0


def test_what_was_told_is_not_told_again(db):
    assert written()
    assert written() is None
    assert Mail.objects.count() == 1


def test_nobody_to_tell(db):
    assert written(to=[]) is None
    assert not Mail.objects.exists()


def test_a_mail_that_is_not_taken_is_tried_again_and_says_why(mail_box):
    mail_box.refusal = "451 greylisted"
    mail = written()
    assert mails.send_due() == 0
    mail.refresh_from_db()
    assert mail.state == MailState.DUE and "greylisted" in mail.error
    assert mails.send_due() == 0 and not mail_box.mails
    mail_box.refusal = ""
    due_again(mail)
    assert mails.send_due() == 1
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.error) == (MailState.SENT, 2, "")


def test_it_fails_for_good_in_the_end(mail_box):
    mail_box.refusal = "554 we do not like you"
    mail = written()
    for _ in range(len(PAUSES) + 1):
        assert mails.send_due() == 0
        due_again(mail)
    assert mails.send_due() == 0
    mail.refresh_from_db()
    assert mail.state == MailState.FAILED and "we do not like you" in mail.error
    assert mail.attempts == len(PAUSES) + 1


def test_one_that_is_not_taken_holds_up_no_other(mail_box):
    refused = written("1", to=["ann@localhost\nhidden"])
    taken = written("2")
    assert mails.send_due() == 1
    refused.refresh_from_db()
    taken.refresh_from_db()
    assert (refused.state, taken.state) == (MailState.DUE, MailState.SENT)


def test_while_no_server_is_there_one_attempt_is_lost_and_no_mail(mail_box, settings):
    made = [written(str(n)) for n in range(3)]
    with listening() as gone:
        settings.EMAIL_PORT = gone.port
    with pytest.raises(mails.Unreachable, match="ConnectionRefusedError"):
        mails.send_due()
    states = Mail.objects.filter(pk__in=[mail.pk for mail in made]).order_by("pk")
    assert [(mail.state, mail.attempts) for mail in states] == [("due", 1), ("due", 0), ("due", 0)]
    assert "ConnectionRefusedError" in states[0].error
    settings.EMAIL_PORT = mail_box.port
    due_again(made[0])
    assert mails.send_due() == 3


def test_after_a_cut_connection_the_same_mail_comes_under_the_same_id(mail_box):
    mail_box.is_cut_off = True
    mail, other = written(), written("another")
    with pytest.raises(mails.Unreachable):
        mails.send_due()
    other.refresh_from_db()
    assert other.attempts == 0
    mail_box.is_cut_off = False
    other.delete()
    due_again(mail)
    assert mails.send_due() == 1
    first, second = mail_box.mails
    assert first["Message-ID"] and first["Message-ID"] == second["Message-ID"]


def test_two_that_send_at_once_send_each_once(committed, mail_server):
    made = {written(f"together {n} {CustomerFactory().id}").pk for n in range(20)}

    def send(_):
        try:
            return mails.send_due()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        sent = sum(pool.map(send, range(4)))
    ids = [mail["Message-ID"] for mail in mail_server.mails]
    assert sent == len(ids) == len(set(ids)) >= 20
    assert not Mail.objects.filter(pk__in=made).exclude(state=MailState.SENT).exists()


def test_a_worker_that_dies_leaves_it_to_the_next(mail_box):
    """The lease ends, and the mail is due."""
    mail = written()
    with connection.cursor() as cursor:
        cursor.execute(
            "update billing_mail set attempts = 1, due_at = due_at + interval '2 minutes'"
        )
    assert mails.send_due() == 0
    due_again(mail)
    assert mails.send_due() == 1
    assert len(mail_box.mails) == 1


TEXTS = Path(django_settings.BASE_DIR, "templates", "billing", "mails").glob("*.txt")


@pytest.mark.parametrize("path", sorted(TEXTS), ids=lambda path: path.name)
def test_paragraphs_of_text_are_not_wrapped(path):
    """Programs that show mails do that, each to its own width."""
    assert not re.search(r"[a-z,}]\n[a-z]", path.read_text())


@pytest.mark.parametrize("name", ["alert_low", "alert_dry", "alert_recovered", "expiry", "test"])
def test_every_mail_says_why_and_where_it_is_changed(db, name):
    mail = written(template=name)
    assert "\n" not in mail.subject and mail.subject
    for said in (mail.text, mail.html):
        assert "You get this because" in said and "/portal/alerts/" in said
        assert "{{" not in said and "{%" not in said
