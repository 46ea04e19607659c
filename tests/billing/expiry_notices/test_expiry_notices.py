"""Who is told of credits that end, when, and what is kept of it."""

import logging
from datetime import date

import pytest

from accounts.models import Member
from billing import alerts, mails
from billing.expiry_notices import note_delivered, write_due
from billing.models import ExpiryNotice, Mail, MailState
from billing.relay import relay
from ledger import outbox, services, wallets
from ledger.amounts import CREDIT
from ledger.models import Event, Lot
from tests.factories.ledger import Book

ENDS = date(2016, 6, 30)


@pytest.fixture
def lot(company, clock):
    """100 credits that end in four months."""
    return company.book.grant(100 * CREDIT, expires_at=clock.at(ENDS))


def days(company):
    found = ExpiryNotice.objects.filter(customer=company.id).order_by("id")
    return list(found.values_list("days", flat=True))


def told_of(lot):
    return Lot.objects.get(id=lot).noticed_at


def deliver():
    sent = mails.send_due()
    note_delivered()
    return sent


def test_thirty_seven_and_one_day_before_each_once(company, clock, lot):
    for day in (date(2016, 5, 30), date(2016, 5, 31), date(2016, 6, 22), date(2016, 6, 23)):
        clock.go(day)
        write_due()
        write_due()
    assert days(company) == [30, 7]
    clock.go(date(2016, 6, 29))
    assert write_due() == 1
    assert write_due() == 0
    assert days(company) == [30, 7, 1]


def test_after_a_long_pause_only_the_nearest(company, clock, lot):
    clock.go(date(2016, 6, 29))
    assert write_due() == 1
    assert days(company) == [1]


def test_credits_for_five_days_get_no_notice_of_thirty(company, clock):
    company.book.grant(100 * CREDIT, expires_at=clock.after(5 * 86_400))
    write_due()
    assert days(company) == [7]
    (mail,) = Mail.objects.filter(customer=company.id)
    assert "in 5 days" in mail.text


def test_the_evidence(company, clock, lot, mail_server):
    clock.go(date(2016, 6, 23))
    company.book.debit(58 * CREDIT)
    write_due()
    notice = ExpiryNotice.objects.get(customer=company.id)
    assert (notice.lot_id, notice.expires_at) == (lot, clock.at(ENDS))
    assert (notice.days, notice.amount) == (7, 42 * CREDIT)
    assert notice.recipients == [company.owner, company.billing]
    assert notice.delivered_at is None and notice.why_not == "The mail waits."
    assert told_of(lot) is None
    assert deliver() == 1
    notice.refresh_from_db()
    assert notice.mail.text.splitlines()[0] == "42 credits expire in 7 days"
    assert "42 credits (Promotional): until 30 June 2016, 12:00 UTC" in notice.mail.text
    assert notice.delivered_at == notice.mail.sent_at and notice.why_not == ""
    assert told_of(lot) is not None
    (taken,) = mail_server.mails
    assert taken["Subject"] == "Acme & Sons: 42 credits at Northwind AI expire on 30 June 2016"


def test_a_mail_that_waited_is_not_sent_of_a_lot_with_another_date(
    company, clock, lot, mail_server
):
    other = company.book.grant(7 * CREDIT, expires_at=clock.at(ENDS))
    clock.go(date(2016, 6, 23))
    assert write_due() == 2
    services.redate(company.id, lot_id=lot, expires_at=clock.at(date(2016, 9, 30)))
    assert deliver() == 0 and not mail_server.mails
    assert Mail.objects.get(customer=company.id).state == MailState.OUTDATED
    assert not ExpiryNotice.objects.filter(customer=company.id).exists()
    assert write_due() == 1
    assert deliver() == 1
    notice = ExpiryNotice.objects.get(customer=company.id)
    assert notice.lot_id == other and notice.delivered_at
    assert "100 credits" not in mail_server.mails[0].get_body(("plain",)).get_content()
    services.redate(company.id, lot_id=lot, expires_at=clock.at(ENDS))
    assert write_due() == 1


def test_the_outside_is_told_too(company, clock, lot):
    clock.go(date(2016, 6, 23))
    write_due()
    event = Event.objects.get(customer_id=company.id, kind="lot.expiring")
    assert event.subject == str(lot)
    assert (event.data["amount"], event.data["days"]) == (100 * CREDIT, 7)


def test_what_ends_on_one_day_shares_a_mail_with_what_does_not_it_does_not(company, clock, other):
    for hour, amount in ((1, 10), (23, 20)):
        company.book.grant(amount * CREDIT, expires_at=clock.at(ENDS, hour))
    company.book.grant(5 * CREDIT, expires_at=clock.at(date(2016, 7, 1)))
    other.book.grant(7 * CREDIT, expires_at=clock.at(ENDS))
    clock.go(date(2016, 6, 23), hour=0)
    assert write_due() == 3 + 1
    first, second = Mail.objects.filter(customer=company.id).order_by("id")
    assert "30 credits" in first.subject and "10 credits" in first.text
    assert "5 credits" in second.subject
    assert Mail.objects.filter(customer=other.id).count() == 1


def test_a_trifle_is_told_and_nothing_is_not(company, clock, lot):
    company.book.grant(1, expires_at=clock.at(ENDS))
    company.book.debit(100 * CREDIT)
    clock.go(date(2016, 6, 23))
    assert write_due() == 1
    assert ExpiryNotice.objects.get(customer=company.id).amount == 1


def test_of_what_has_expired_nobody_is_told_and_the_log_says_so(company, clock, lot, caplog):
    clock.go(date(2016, 7, 1))
    with caplog.at_level(logging.WARNING):
        assert write_due() == 0
        services.refresh(company.id)
        relay()
    assert f"Lot {lot} expired, and no notice of it had been written" in caplog.text


def test_of_what_was_told_the_log_says_nothing(company, clock, lot, caplog):
    clock.go(date(2016, 6, 29))
    write_due()
    clock.go(date(2016, 7, 1))
    services.refresh(company.id)
    relay()
    assert "no notice" not in caplog.text


def test_another_date_is_told_anew(company, clock, lot, mail_server):
    clock.go(date(2016, 6, 29))
    write_due()
    deliver()
    services.redate(company.id, lot_id=lot, expires_at=clock.at(date(2016, 7, 20)))
    assert told_of(lot) is None
    write_due()
    assert days(company) == [1, 30]
    deliver()
    assert told_of(lot) is not None


def test_a_notice_of_another_date_is_no_notice(company, clock, lot, mail_server):
    clock.go(date(2016, 6, 29))
    write_due()
    mails.send_due()
    services.redate(company.id, lot_id=lot, expires_at=clock.at(date(2016, 12, 31)))
    note_delivered()
    assert ExpiryNotice.objects.get(customer=company.id).delivered_at
    assert told_of(lot) is None


def test_nobody_to_mail(clock):
    book = Book.funded(100 * CREDIT, expires_at=clock.after(86_400))
    write_due()
    note_delivered()
    notice = ExpiryNotice.objects.get(customer=book.customer_id)
    assert notice.mail is None and notice.delivered_at is None
    assert notice.why_not.startswith("There is nobody to mail")


def test_what_no_server_takes_stays_undelivered_and_says_why(company, clock, lot, mail_server):
    mail_server.refusal = "550 no"
    clock.go(date(2016, 6, 29))
    write_due()
    assert deliver() == 0
    notice = ExpiryNotice.objects.get(customer=company.id)
    assert "550" in notice.why_not
    Mail.objects.filter(pk=notice.mail_id).update(state=MailState.FAILED)
    notice = ExpiryNotice.objects.get(customer=company.id)
    assert notice.why_not.startswith("The mail failed for good")
    assert told_of(lot) is None


def test_by_policy_what_was_not_told_goes_on_for_a_day_and_again(company, clock, lot, mail_server):
    wallets.require_notice(True)
    mail_server.refusal = "451 later"
    clock.go(date(2016, 6, 29))
    write_due()
    deliver()
    for day in (1, 3):
        clock.go(date(2016, 7, day))
        services.refresh(company.id)
        assert Lot.objects.get(id=lot).open
        write_due()
    assert days(company) == [1, 1, 1]
    mail_server.refusal = ""
    # The one of the day before is outdated.
    assert deliver() == 1
    clock.go(date(2016, 7, 5))
    assert services.refresh(company.id).available == 0
    assert not Lot.objects.get(id=lot).open


def test_by_policy_what_was_told_ends_in_time(company, clock, lot, mail_server):
    wallets.require_notice(True)
    clock.go(date(2016, 5, 31))
    write_due()
    deliver()
    clock.go(date(2016, 7, 1))
    assert services.refresh(company.id).available == 0


def test_the_days_are_a_setting(company, clock, lot, settings):
    settings.EXPIRY_NOTICE_DAYS = [60]
    clock.go(date(2016, 5, 1))
    assert write_due() == 1
    assert days(company) == [60]


def test_alerts_that_are_off_do_not_silence_it(company, clock, lot):
    alerts.configure(
        company.id, enabled=False, by_email=False, extra_recipients=[], cool_down_hours=1
    )
    clock.go(date(2016, 6, 29))
    write_due()
    assert Mail.objects.filter(customer=company.id).count() == 1


def test_the_events_of_a_notice_and_the_notice_come_together(company, clock, lot, monkeypatch):
    """Or neither does."""

    def broken(*_):
        raise OSError

    monkeypatch.setattr(outbox, "tell", broken)
    clock.go(date(2016, 6, 29))
    with pytest.raises(OSError):
        write_due()
    assert days(company) == [] and not Mail.objects.filter(customer=company.id).exists()
    assert Member.objects.filter(customer=company.id).exists()
