import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from billing.care import closings
from billing.models import Closing, Policy
from ledger import checks
from tests.factories import billing
from tests.factories.accounts import CustomerFactory


@pytest.fixture
def person(db):
    """Staff with a role, or a superuser without one."""

    def person(name, role=""):
        if not role:
            return User.objects.create_superuser(f"{name}@example.com")
        return User.objects.create_user(f"{name}@example.com", is_staff=True, staff_role=role)

    return person


@pytest.fixture
def signed_in():
    def signed_in(person):
        client = Client()
        client.force_login(person)
        return client

    return signed_in


@pytest.fixture
def staff(person, signed_in):
    return signed_in(person("boss"))


@pytest.fixture
def acme(db):
    return CustomerFactory(name="Acme", email="owner@acme.example")


@pytest.fixture
def purchase(acme, books_tie):
    """1,000 credits for USD 100.00, paid at the test provider."""
    return billing.sold_by_the_test_provider(acme, billing.new_pack(name="A thousand"))


@pytest.fixture
def asker(db):
    return User.objects.create_user("asker@example.com", is_staff=True)


@pytest.fixture
def approver(db):
    return User.objects.create_user("approver@example.com", is_staff=True)


@pytest.fixture
def all_books_tie(db):
    """Of everybody, and of the company."""
    yield
    broken = [finding for finding in checks.run(connection) if finding.broken]
    assert broken == []


@pytest.fixture
def ask(asker):
    def ask(customer, policy=Closing.REFUND):
        Policy.current()
        Policy.objects.update(closing=policy)
        return closings.ask(customer, reason="They asked for it", by=asker)

    return ask


@pytest.fixture
def approve(approver):
    def approve(closing):
        effect = closings.effect_now(closing, approver)
        return closings.approve(closing.pk, confirmed=effect.fingerprint, by=approver)

    return approve
