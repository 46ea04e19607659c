"""Events of caps become mails, webhooks and lines of the portal's alerts."""

import json

import pytest

from accounts.ids import uuid7
from accounts.models import Customer, Role
from billing import caps
from billing.models import AlertSettings, Mail, WebhookDelivery
from billing.relay import relay
from billing.webhooks_out import endpoints
from ledger import limits
from ledger.amounts import CREDIT
from ledger.limits import Limit
from tests.accounts.people import browser_of
from tests.billing.alerts.conftest import Company, clock
from tests.factories.accounts import ApiKeyFactory, CustomerFactory, MemberFactory

__all__ = ["clock"]


@pytest.fixture
def company(clock) -> Company:
    company = Company()
    company.book.grant(1000 * CREDIT)
    limits.set_limits(
        company.id,
        "customer",
        [Limit("customer", "spend", period="month", hard=20 * CREDIT, soft=10 * CREDIT)],
    )
    return company


def test_a_soft_cap_is_told_once_a_period_to_who_does_the_billing(company):
    for _ in range(3):
        company.book.debit(5 * CREDIT)
    relay()
    (mail,) = Mail.objects.filter(customer=company.id, kind="spend_cap")
    assert set(mail.to) == {company.owner, company.billing}
    assert mail.subject.startswith("Acme & Sons: 10 credits are used this month")
    for part in (mail.text, mail.html):
        assert "1 April 2016, 00:00 UTC" in part
        assert "refuses nothing" in part


def test_a_cap_that_refuses_is_told_once(company):
    company.book.debit(20 * CREDIT)
    for _ in range(3):
        assert company.book.debit(1).code == "spend-cap-reached"
    relay()
    mails = Mail.objects.filter(customer=company.id, kind="spend_cap").order_by("id")
    assert ["refuses calls" in mail.subject for mail in mails] == [False, True]
    assert "You set the cap" in mails[1].text


def test_of_a_key_names_the_key(company):
    key, _ = ApiKeyFactory(customer=company.customer, name="batch")
    limits.set_limits(
        company.id, "provider", [Limit("key", "spend", key.id, "lifetime", soft=CREDIT)]
    )
    company.book.debit(2 * CREDIT, api_key_id=key.id)
    relay()
    (mail,) = Mail.objects.filter(customer=company.id, kind="spend_cap")
    assert "The key batch has used" in mail.text


def test_who_wants_no_mail_gets_none_and_sees_it_all_the_same(company):
    AlertSettings.objects.update_or_create(pk=company.id, defaults={"by_email": False})
    company.book.debit(10 * CREDIT)
    relay()
    assert not Mail.objects.filter(customer=company.id, kind="spend_cap").exists()
    (told,) = caps.told(company.customer)
    assert (told.title, told.mail) == ("Spend cap warns: 10 credits", None)


def test_nobody_is_woken_for_a_test_wallet(company):
    Customer.objects.filter(id=company.id).update(sandbox_of=CustomerFactory())
    company.book.debit(10 * CREDIT)
    relay()
    assert not Mail.objects.filter(customer=company.id, kind="spend_cap").exists()


def test_webhooks_are_told(company):
    endpoints.add(uuid7(), customer=company.customer, url="https://1.1.1.1/hook", description="")
    company.book.debit(10 * CREDIT)
    relay()
    delivery = WebhookDelivery.objects.get(kind="spend_cap.warned")
    data = json.loads(delivery.body)["data"]
    assert (data["scope"], data["limit"], data["used"]) == ("customer", "10", "10")
    assert data["resets_at"] == "2016-04-01T00:00:00Z"


class TestThePage:
    def test_shows_what_is_used_and_when_it_begins_anew(self, company):
        Customer.objects.filter(id=company.id).update(time_zone="Asia/Tokyo")
        viewer = browser_of(MemberFactory(customer=company.customer, role=Role.VIEWER))
        company.book.debit(5 * CREDIT)
        page = viewer.get("/portal/limits/").content.decode()
        assert "At most 20 credits a month, told from 10 a month" in page
        assert "5 of 20 used" in page
        assert "Asia/Tokyo" in page and "UTC" in page
        assert "Set a cap" not in page

    def test_owners_set_change_and_remove(self, company):
        owner = browser_of(MemberFactory(customer=company.customer, role=Role.OWNER))
        sent = {"whose": "customer:", "period": "day", "hard": "1,500", "soft": "2.5"}
        assert owner.post("/portal/limits/set/", sent).status_code == 302
        assert owner.post("/portal/limits/set/", sent | {"hard": "1600"}).status_code == 302
        day = limits.given(company.id, "customer")[-1]
        assert (day.period, day.hard, day.soft) == ("day", 1600 * CREDIT, 2_500_000)
        owner.post("/portal/limits/remove/", {"limit": "customer::day"})
        assert [one.period for one in limits.given(company.id, "customer")] == ["month"]

    @pytest.mark.parametrize(
        ("sent", "said"),
        [
            ({"hard": "-1"}, "Write how many credits"),
            ({"hard": "1.0000001"}, "six places"),
            ({"hard": "5", "soft": "6"}, "A soft cap warns before the hard one refuses"),
            ({}, "Give a hard cap, a soft one, or both."),
            ({"hard": "3"}, "5 credits are spent or held already"),
            ({"whose": "key:key_1", "hard": "3"}, "Select a valid choice"),
            ({"period": "week", "hard": "3"}, "Select a valid choice"),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_saved(self, company, sent, said):
        owner = browser_of(MemberFactory(customer=company.customer, role=Role.OWNER))
        company.book.debit(5 * CREDIT)
        before = limits.given(company.id, "customer")
        page = owner.post("/portal/limits/set/", {"whose": "customer:", "period": "month"} | sent)
        assert said in page.content.decode()
        assert limits.given(company.id, "customer") == before
