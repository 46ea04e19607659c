"""What a customer is told, and how often: promise 16."""

from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db.models.functions import Now

from accounts.models import Customer
from billing import alerts, mails
from billing.models import Alert, AlertSettings, Mail, MailState
from billing.relay import relay
from ledger import services, wallets
from ledger.amounts import CREDIT
from tests.factories.ledger import Book

DAY = 86_400


def only(company, basis, value, **settings):
    """This threshold and no other."""
    for threshold in alerts.settings_of(company.id).thresholds.all():
        alerts.remove(company.id, threshold.id)
    alerts.add(company.id, basis=basis, value=value)
    if settings:
        usual = {
            "enabled": True,
            "by_email": True,
            "extra_recipients": [],
            "cool_down_hours": 24,
        }
        alerts.configure(company.id, **usual | settings)


def test_who_has_credits_is_told_without_asking(armed):
    armed.uses(499)
    assert armed.told() == []
    armed.uses(1)
    assert armed.told() == [("low", "percent", 50)]
    armed.uses(300)
    assert armed.told()[1:] == [("low", "percent", 80)]
    assert armed.mailed() == [
        "Acme & Sons: 500 credits left at Northwind AI",
        "Acme & Sons: 200 credits left at Northwind AI",
    ]
    (first, _) = Mail.objects.filter(customer=armed.id).order_by("id")
    assert set(first.to) == {armed.owner, armed.billing}


def test_nothing_is_told_twice(armed):
    armed.uses(500)
    for _ in range(5):
        armed.uses(10)
        relay()
    assert armed.told() == [("low", "percent", 50)]
    assert len(armed.mailed()) == 1


def test_several_at_one_instant_are_a_row_each_and_one_mail_of_the_worst(armed):
    armed.uses(1000)
    assert sorted(armed.told(), key=str) == sorted(
        [
            ("dry", "", None),
            ("low", "percent", 50),
            ("low", "percent", 80),
            ("low", "percent", 100),
        ],
        key=str,
    )
    assert armed.mailed() == ["Acme & Sons: no credits left at Northwind AI, calls are refused"]
    assert len(set(Alert.objects.filter(customer=armed.id).values_list("mail", flat=True))) == 1


def test_two_thresholds_at_once_name_the_lower(armed):
    armed.uses(850)
    assert len(armed.told()) == 2
    (mail,) = Mail.objects.filter(customer=armed.id)
    assert "80 % of the last purchase is used" in mail.text
    assert "Calls will be refused with 402 when the balance reaches 0" in mail.text


def test_a_purchase_tells_that_it_has_recovered_once(armed):
    armed.uses(850)
    armed.buys(1000)
    assert [kind for kind, *_ in armed.told()] == ["low", "low", "recovered", "recovered"]
    assert armed.mailed()[1:] == ["Acme & Sons: 1,150 credits at Northwind AI again"]


def test_a_purchase_is_what_per_cent_are_of(armed):
    armed.buys(4000)
    armed.uses(2900)
    assert armed.told() == []
    armed.uses(100)
    assert armed.told() == [("low", "percent", 50)]


def test_a_hold_crosses_and_its_release_recovers(armed):
    hold = armed.book.reserve(900 * CREDIT)
    relay()
    assert len(armed.told()) == 2
    armed.book.release(hold)
    relay()
    assert [kind for kind, *_ in armed.told()] == ["low", "low", "recovered", "recovered"]


def test_the_expiry_of_a_lot_crosses(company, clock):
    company.buys(100, expires_at=clock.after(DAY))
    company.buys(100)
    only(company, "credits", 150 * CREDIT)
    clock.forward(DAY + 1)
    services.refresh(company.id)
    relay()
    assert company.told() == [("low", "credits", 150 * CREDIT)]


def test_a_balance_that_swings_about_the_level_is_told_once(armed):
    only(armed, "credits", 500 * CREDIT, cool_down_hours=0)
    armed.uses(510)
    for _ in range(10):
        armed.book.grant(20 * CREDIT)
        armed.uses(20)
    assert armed.told() == [("low", "credits", 500 * CREDIT)]


def test_within_the_pause_it_is_not_told_again_and_after_it_is(armed, clock):
    only(armed, "credits", 500 * CREDIT)
    armed.uses(600)
    armed.book.grant(600 * CREDIT)
    relay()
    assert [kind for kind, *_ in armed.told()] == ["low", "recovered"]
    armed.uses(600)
    alerts.tell_late()
    relay()
    assert len(armed.told()) == 2
    clock.forward(25 * 3600)
    for _ in range(2):
        alerts.tell_late()
        relay()
        assert [kind for kind, *_ in armed.told()] == ["low", "recovered", "low"]


def test_a_refused_call_tells_what_it_needed(armed):
    armed.uses(990)
    armed.book.reserve(50 * CREDIT)
    relay()
    assert armed.told()[-1] == ("dry", "", None)
    last = Mail.objects.filter(customer=armed.id).latest("id")
    assert "10 credits left" in last.subject and "needed 50" in last.text


def test_low_at_nothing_says_that_calls_are_refused(armed, clock):
    """That it ran dry was told within the hour."""
    armed.uses(990)
    armed.book.reserve(50 * CREDIT)
    armed.book.grant(10 * CREDIT)
    relay()
    alerts.add(armed.id, basis="credits", value=1 * CREDIT)
    armed.uses(19)
    mail = Mail.objects.filter(customer=armed.id).latest("id")
    assert "Nothing has stopped yet" in mail.text
    armed.uses(1)
    mail = Mail.objects.filter(customer=armed.id).latest("id")
    assert "are refused" in mail.html and "Nothing has stopped yet" not in mail.text


def test_dry_says_that_calls_are_refused_and_a_purchase_that_they_are_served(armed):
    armed.uses(1000)
    mail = Mail.objects.get(customer=armed.id)
    assert "ARE refused" in mail.text and "<strong>are refused</strong>" in mail.html
    assert "/portal/buy/" in mail.text
    armed.buys(10)
    assert armed.mailed()[-1] == "Acme & Sons: 10 credits at Northwind AI again"


def test_days_left_move_with_the_pace(company, clock):
    company.buys(1000)
    only(company, "days", 7)
    company.uses(50)
    assert company.told() == []
    # Fifty a day are 350 in seven days.
    clock.forward(3600)
    alerts.refresh_levels()
    relay()
    assert company.told() == []
    company.uses(60)
    company.uses(60)
    cache.clear()
    alerts.refresh_levels()
    relay()
    assert company.told() == [("low", "days", 7)]
    alerts.refresh_levels()
    relay()
    assert len(company.told()) == 1
    mail = Mail.objects.get(customer=company.id)
    assert "7 days are left at the present pace" in mail.text


def test_a_threshold_above_the_balance_is_shown_and_not_told(armed):
    armed.uses(100)
    alerts.add(armed.id, basis="credits", value=950 * CREDIT)
    relay()
    armed.uses(1)
    assert armed.told() == []


def test_a_threshold_that_is_changed_begins_anew(armed):
    only(armed, "credits", 500 * CREDIT)
    armed.uses(500)
    (threshold,) = alerts.settings_of(armed.id).thresholds.all()
    alerts.change(armed.id, threshold.id, basis="credits", value=400 * CREDIT)
    armed.uses(100)
    assert armed.told() == [("low", "credits", 500 * CREDIT), ("low", "credits", 400 * CREDIT)]


def test_what_is_off_watches_nothing_and_mails_nobody(armed):
    only(armed, "credits", 500 * CREDIT, enabled=False)
    armed.uses(600)
    assert armed.told() == [] and armed.mailed() == []
    armed.uses(400)
    assert armed.told() == [("dry", "", None)] and armed.mailed() == []


def test_without_mails_the_alerts_are_there(armed):
    only(armed, "credits", 500 * CREDIT, by_email=False)
    armed.uses(600)
    assert armed.told() == [("low", "credits", 500 * CREDIT)] and armed.mailed() == []


def test_addresses_that_were_entered_are_told_too(armed):
    only(armed, "credits", 500 * CREDIT, extra_recipients=["ops@acme.example", armed.owner])
    armed.uses(600)
    assert sorted(Mail.objects.get(customer=armed.id).to) == sorted(
        [armed.owner, armed.billing, "ops@acme.example"]
    )


def test_who_needs_a_top_up_is_no_alert(armed):
    one = wallets.Watched(uuid4(), "credits", 500 * CREDIT)
    wallets.watch(armed.id, purpose="top_up", thresholds=[one])
    alerts.configure(armed.id, enabled=False, by_email=True, extra_recipients=[], cool_down_hours=1)
    armed.uses(600)
    armed.book.grant(600 * CREDIT)
    relay()
    assert armed.told() == []


def test_customers_of_before_are_armed_by_the_hour(clock):
    book = Book.funded(1000 * CREDIT, kind="paid")
    assert not AlertSettings.objects.filter(pk=book.customer_id).exists()
    assert alerts.arm_all() >= 1
    book.debit(500 * CREDIT)
    relay()
    (alert,) = Alert.objects.filter(customer=book.customer_id)
    assert (alert.kind, alert.basis, alert.value) == ("low", "percent", 50)
    assert alert.mail is None
    assert alerts.arm_all() == 0


def test_the_companys_own_address_where_it_has_no_members(clock):
    book = Book.funded(1000 * CREDIT, kind="paid")
    Customer.objects.filter(pk=book.customer_id).update(email="info@acme.example")
    relay()
    book.debit(500 * CREDIT)
    relay()
    assert Mail.objects.get(customer=book.customer_id).to == ["info@acme.example"]


def test_after_an_outage_what_is_so_yet_is_mailed(armed, clock):
    armed.book.debit(600 * CREDIT)
    clock.forward(2 * 3600)
    relay()
    assert armed.told() == [("low", "percent", 50)]
    assert armed.mailed() == ["Acme & Sons: 400 credits left at Northwind AI"]


def test_after_an_outage_what_is_no_longer_so_is_in_the_history_alone(armed, clock):
    armed.book.debit(1000 * CREDIT)
    armed.book.grant(2000 * CREDIT)
    clock.forward(2 * 3600)
    relay()
    assert len(armed.told()) == 8
    assert armed.mailed() == []


def test_a_recovery_says_when_one_is_told_again(armed):
    only(armed, "credits", 300 * CREDIT)
    armed.uses(800)
    armed.buys(1000)
    mail = Mail.objects.filter(customer=armed.id).latest("id")
    for said in (mail.text, mail.html):
        assert "You will be told again when 300 credits are left." in said


def waited(mail_server, clock):
    """No mail was taken for two hours."""
    mail_server.refusal = "451 later"
    mails.send_due()
    clock.forward(2 * 3600)
    mail_server.refusal = ""
    Mail.objects.filter(state=MailState.DUE).update(due_at=Now())


def states(company):
    found = Mail.objects.filter(customer=company.id).order_by("id")
    return list(found.values_list("state", flat=True))


@pytest.mark.parametrize("is_over", [False, True])
def test_a_mail_that_waited_is_sent_if_it_is_so_yet(armed, clock, mail_server, is_over):
    armed.uses(600)
    waited(mail_server, clock)
    if is_over:
        armed.book.grant(2000 * CREDIT)
    assert mails.send_due() == (not is_over)
    assert len(mail_server.mails) == (not is_over)
    assert states(armed) == ["outdated" if is_over else "sent"]


def test_a_mail_does_not_come_after_a_later_one(armed, mail_server):
    armed.uses(600)
    mail_server.refusal = "451 later"
    mails.send_due()
    mail_server.refusal = ""
    armed.uses(400)
    assert mails.send_due() == 1
    Mail.objects.filter(state=MailState.DUE).update(due_at=Now())
    assert mails.send_due() == 0
    assert states(armed) == ["outdated", "sent"]


@pytest.mark.parametrize("amount", [500, 1000])
def test_what_is_left_lasts_so_many_days(armed, amount):
    armed.uses(amount)
    mail = Mail.objects.get(customer=armed.id)
    assert ("about 1 day" in mail.text) == (amount == 500)
