"""The page on which a company says when it is told, and sees what it was told."""

import re

import pytest
from django.urls import reverse

from accounts.models import Role
from billing import alerts, mails
from billing.jobs import digest
from billing.models import Alert, AlertSettings, Mail, MailState
from billing.relay import relay
from ledger import services, wallets
from ledger.amounts import CREDIT
from tests.accounts.conftest import fresh
from tests.accounts.people import browser_of, said
from tests.billing.mails.conftest import mail_box, mail_server
from tests.factories.accounts import MemberFactory
from tests.factories.ledger import Book, forget_events

__all__ = ["fresh", "mail_box", "mail_server"]

PAGE, MAILS = "/portal/alerts/", "/portal/alerts/mails/"


pytestmark = pytest.mark.django_db(databases=["default", "owner"])


@pytest.fixture(autouse=True)
def _fresh(fresh):
    """Nobody has sent tests before."""
    forget_events()


@pytest.fixture
def bought(member):
    """1,000 credits, of which the usual thresholds are."""
    buy(member, 1000)


def buy(member, amount):
    services.grant(
        member.customer_id, amount=amount * CREDIT, kind="paid", price=amount, currency="USD"
    )
    relay()


def use(member, amount):
    Book(member.customer_id).debit(amount * CREDIT)
    relay()


def thresholds(member):
    found = alerts.settings_of(member.customer_id).thresholds.order_by("basis", "value")
    return list(found.values_list("basis", "value"))


def text(response):
    return " ".join(response.content.decode().split())


def test_what_is_watched(browser, bought):
    page = text(browser.get(PAGE))
    assert "50 % of the last purchase is used" in page and "500 credits" in page
    assert page.count("Watched") == 3 and "Nothing yet." in page


def test_a_weekly_digest_is_asked_for(browser, member, bought):
    form = {"enabled": "on", "by_email": "on", "cool_down_hours": 24, "extra_recipients": ""}
    assert not digest.wants_weekly_digest(member.customer)
    browser.post(PAGE, form | {"weekly_digest": "on"})
    assert digest.wants_weekly_digest(member.customer)
    assert "checked" in str(browser.get(PAGE).context["form"]["weekly_digest"])
    browser.post(PAGE, form)
    assert not digest.wants_weekly_digest(member.customer)


def test_of_days_the_balance_is_shown_in_hundredths(browser, member, bought):
    alerts.add(member.customer_id, basis="days", value=7)
    days = alerts.settings_of(member.customer_id).thresholds.get(basis="days")
    watched = [wallets.Watched(days.id, "days", 7, 208_831_119)]
    wallets.watch(member.customer_id, purpose="alert", thresholds=watched)
    page = text(browser.get(PAGE))
    assert 'data-label="Told at">208.83 credits<' in page and "Now at" not in page


def test_before_the_first_purchase(browser):
    assert text(browser.get(PAGE)).count("With the next purchase") == 3


@pytest.mark.parametrize(
    ("amount", "basis", "kept"),
    [
        ("2,500", "credits", ("credits", 2500 * CREDIT)),
        ("0.5", "credits", ("credits", CREDIT // 2)),
        ("90 %", "percent", ("percent", 90)),
        ("14", "days", ("days", 14)),
    ],
)
def test_a_threshold_is_added(browser, member, bought, amount, basis, kept):
    response = browser.post(
        reverse("add-threshold"), {"amount": amount, "basis": basis}, follow=True
    )
    assert said(response) == ["You will be told."]
    assert kept in thresholds(member)


@pytest.mark.parametrize(
    ("amount", "basis", "told"),
    [
        ("", "credits", "This field is required."),
        ("2.500", "credits", "can be read in two ways"),
        ("many", "credits", "Write how many credits"),
        ("0", "credits", "Write how many credits"),
        ("99999999999999999", "credits", "more credits than there can be"),
        ("1.0000001", "credits", "six places"),
        ("101", "percent", "from 1 to 100"),
        ("12.5", "percent", "from 1 to 100"),
        ("0", "days", "from 1 to 365"),
        ("٣", "days", "from 1 to 365"),
        ("50", "percent", "There is such a threshold already."),
        ("50", "moons", "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_and_kept(browser, member, bought, amount, basis, told):
    before = thresholds(member)
    page = browser.post(reverse("add-threshold"), {"amount": amount, "basis": basis})
    assert told in text(page) and (not amount or f'value="{amount}"' in text(page))
    assert thresholds(member) == before


def test_one_is_changed_and_one_removed(browser, member, bought):
    fifty = alerts.settings_of(member.customer_id).thresholds.get(value=50)
    wrong = browser.post(
        reverse("change-threshold", args=[fifty.id]), {"amount": "x", "basis": "days"}
    )
    assert "from 1 to 365" in text(wrong) and '<details class="change" open>' in text(wrong)
    ids = re.findall(r' id="([^"]+)"', wrong.content.decode())
    assert len(ids) == len(set(ids))
    browser.post(reverse("change-threshold", args=[fifty.id]), {"amount": "7", "basis": "days"})
    eighty = alerts.settings_of(member.customer_id).thresholds.get(value=80)
    response = browser.post(reverse("remove-threshold", args=[eighty.id]), follow=True)
    assert said(response)[-1] == "The threshold is removed."
    assert thresholds(member) == [("days", 7), ("percent", 100)]
    again = browser.post(reverse("remove-threshold", args=[eighty.id]), follow=True)
    assert said(again) == ["There is no such threshold any more."]


def test_how_one_is_told(browser, member, bought):
    said_now = {
        "enabled": "on",
        "cool_down_hours": "6",
        "extra_recipients": "A@x.example\nb@x.example, a@x.example",
    }
    response = browser.post(PAGE, said_now, follow=True)
    assert said(response) == ["Saved."]
    settings = AlertSettings.objects.get(pk=member.customer_id)
    assert (settings.enabled, settings.by_email, settings.cool_down_hours) == (True, False, 6)
    assert settings.extra_recipients == ["a@x.example", "b@x.example"]
    assert "a@x.example" in text(browser.get(PAGE))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"extra_recipients": "nobody"}, "nobody is not an e-mail address."),
        ({"extra_recipients": " ".join(f"a{n}@x.example" for n in range(11))}, "10 are the most"),
        ({"cool_down_hours": "721"}, "less than or equal to 720"),
        ({"cool_down_hours": ""}, "This field is required."),
    ],
)
def test_what_cannot_be_kept(browser, member, bought, wrong, told):
    page = browser.post(PAGE, {"enabled": "on", "cool_down_hours": "6"} | wrong)
    assert told in text(page)
    assert AlertSettings.objects.get(pk=member.customer_id).cool_down_hours == 24


def test_what_was_told_and_which_mails_went_out(browser, member, bought, mail_box):
    use(member, 850)
    mails.send_due()
    page = text(browser.get(PAGE))
    assert "Low: 80 % of the last purchase is used" in page
    assert f"150 credits were left. Mailed to {member.user.email}." in page
    assert page.count("Reached") == 2
    buy(member, 1000)
    assert "Recovered: 80 % of the last purchase is used" in text(browser.get(PAGE))
    log = text(browser.get(MAILS))
    assert "150 credits left" in log and "Sent" in log and "On its way" in log


def test_a_mail_that_failed_says_so(browser, member, bought, mail_box):
    mail_box.refusal = "550 nobody here"
    use(member, 850)
    mails.send_due()
    assert "Tried again later" in text(browser.get(MAILS))
    Mail.objects.update(state=MailState.FAILED)
    log = text(browser.get(MAILS))
    assert "Failed" in log and "nobody here" in log
    assert "Could not be mailed" in text(browser.get(PAGE))


def test_a_test_is_sent_and_says_where_to(browser, member, mail_box):
    response = browser.post(reverse("test-alert"), follow=True)
    assert said(response) == [f"A test is on its way to {member.user.email}."]
    assert mails.send_due() == 1
    assert "Alerts arrive here" in mail_box.mails[0].get_body(("plain",)).get_content()
    assert not Alert.objects.filter(customer=member.customer_id).exists()


def test_nobody_is_flooded_with_tests(browser, member):
    for _ in range(6):
        response = browser.post(reverse("test-alert"), follow=True)
    assert said(response)[-1].startswith("These are many tests at once.")
    assert Mail.objects.filter(customer=member.customer_id).count() == 5


def test_the_overview_says_that_the_balance_is_low(browser, member, bought):
    assert "The balance is low" not in text(browser.get("/portal/"))
    use(member, 500)
    page = text(browser.get("/portal/"))
    assert "You are told when 50 % of the last purchase is used." in page
    assert f'href="{PAGE}"' in page
    use(member, 500)
    page = text(browser.get("/portal/"))
    assert "There are no credits left to spend" in page and "The balance is low" not in page


def test_the_overview_of_who_may_not_buy(member, bought):
    use(member, 500)
    viewer = browser_of(MemberFactory(customer=member.customer, role=Role.VIEWER))
    page = text(viewer.get("/portal/"))
    assert "The balance is low" in page and "Ask an owner" in page and PAGE not in page


def test_nobody_sees_another_companys(browser, member, bought):
    use(member, 850)
    stranger = browser_of(MemberFactory())
    assert "850" not in text(stranger.get(PAGE)) and "Nothing yet." in text(stranger.get(PAGE))
    assert "Nothing mailed yet" in text(stranger.get(MAILS))
