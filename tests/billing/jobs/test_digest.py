"""A customer's week, for those who ask for it, once."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings

from accounts.models import Customer, CustomerStatus, Role
from billing.jobs import digest
from billing.models import Mail, NotificationPreference, Purchase
from ledger import services
from ledger.amounts import CREDIT
from tests.factories.accounts import CustomerFactory, MemberFactory
from tests.factories.billing import bought

TODAY = datetime.now(UTC).date()
NEXT_MONDAY = TODAY + timedelta(days=7 - TODAY.weekday())


@pytest.fixture
def acme(db: None) -> Customer:
    """Wants it."""
    acme: Customer = CustomerFactory(name="Acme & Sons")
    for role in (Role.OWNER, Role.OWNER, Role.VIEWER):
        MemberFactory(customer=acme, role=role)
    digest.set_weekly_digest(acme, wanted=True)
    return acme


def test_owners_are_told_their_week(acme: Customer, settings: LazySettings) -> None:
    settings.PUBLIC_URL = "https://credits.example.com"
    payment = bought(acme)
    services.grant(
        acme.id,
        amount=30 * CREDIT,
        kind="promo",
        expires_at=payment.purchase.created_at + timedelta(days=5),
    )
    assert digest.write_all(NEXT_MONDAY) == 1
    mail = Mail.objects.get()
    owners = acme.members.filter(role=Role.OWNER)
    assert set(mail.to) == {member.user.email for member in owners}
    total = payment.purchase.credits // CREDIT
    assert mail.subject == f"Acme & Sons: 0 credits used last week, {total + 30:,} left"
    assert f"Bought: {total:,}\n" in mail.text
    assert "Expires within 14 days: 30\n" in mail.text
    assert "https://credits.example.com/portal/" in mail.text
    assert "Lasts" not in mail.text


def test_what_was_bought_before_is_not_of_this_week(acme: Customer) -> None:
    bought(acme)
    Purchase.objects.update(paid_at=datetime.now(UTC) - timedelta(days=30))
    digest.write_all(NEXT_MONDAY)
    assert "Bought: 0\n" in Mail.objects.get().text


def test_it_is_once_a_week_whenever_it_is_asked_for(acme: Customer) -> None:
    days = [NEXT_MONDAY + timedelta(days=number) for number in range(8)]
    assert [digest.write_all(day) for day in days] == [1, 0, 0, 0, 0, 0, 0, 1]


def test_who_asks_during_a_week_gets_the_next(acme: Customer) -> None:
    assert digest.write_all(TODAY) == 0
    assert digest.write_all(NEXT_MONDAY) == 1


def test_nobody_gets_it_who_did_not_ask(db: None) -> None:
    MemberFactory()
    assert digest.write_all(NEXT_MONDAY) == 0


def test_it_can_be_turned_off(acme: Customer) -> None:
    assert digest.wants_weekly_digest(acme)
    digest.set_weekly_digest(acme, wanted=False)
    assert not digest.wants_weekly_digest(acme)
    assert digest.write_all(NEXT_MONDAY) == 0
    assert NotificationPreference.objects.count() == 1


def test_a_closed_company_gets_none(acme: Customer) -> None:
    Customer.objects.filter(pk=acme.pk).update(status=CustomerStatus.CLOSED)
    assert digest.write_all(NEXT_MONDAY) == 0
