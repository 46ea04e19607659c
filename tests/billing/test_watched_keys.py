"""Who is told of a key that is used from many addresses."""

import pytest
from django.utils import timezone

from accounts.models import KeyAddress, Role
from billing import watched_keys
from billing.models import Mail, NoticeKind, OperatorNotice
from ledger import sandboxes
from tests.factories.accounts import ApiKeyFactory, CustomerFactory, MemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return CustomerFactory(name="Acme")


@pytest.fixture
def people(company):
    return {role: MemberFactory(customer=company, role=role).user.email for role in Role}


def spread(key):
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    for n in range(25):
        KeyAddress.objects.create(key=key, hour=hour, address=f"10.0.0.{n}")


def test_who_looks_after_keys_gets_a_mail_and_operators_a_notice(company, people):
    spread(ApiKeyFactory(customer=company, name="web").key)
    assert watched_keys.look() == 1
    mail = Mail.objects.get(kind="key addresses")
    assert sorted(mail.to) == sorted([people[Role.OWNER], people[Role.DEVELOPER]])
    assert mail.subject == "Acme: a key is used from 25 addresses"
    assert "rotate it" in mail.text and "TEST" not in mail.text
    notice = OperatorNotice.objects.get(kind=NoticeKind.KEY_ADDRESSES)
    assert "Acme" in notice.title and notice.ended_at is not None
    assert watched_keys.look() == 0
    assert Mail.objects.filter(kind="key addresses").count() == 1


def test_of_a_test_key_it_is_marked(company, people):
    spread(ApiKeyFactory(customer=sandboxes.opened(company)).key)
    assert watched_keys.look() == 1
    mail = Mail.objects.get(kind="key addresses")
    assert (mail.customer, mail.subject.startswith("TEST: Acme")) == (company, True)
    assert mail.text.count("TEST") == 1
