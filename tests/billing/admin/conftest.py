import pytest

from accounts.models import User
from tests.factories import billing
from tests.factories.accounts import CustomerFactory


@pytest.fixture
def boss(db):
    return User.objects.create_superuser("boss@example.com")


@pytest.fixture
def staff(boss, client):
    client.force_login(boss)
    return client


@pytest.fixture
def acme(db):
    return CustomerFactory(name="Acme", email="owner@acme.example")


@pytest.fixture
def purchase(acme, books_tie):
    """1,000 credits for USD 100.00, paid at the test provider."""
    return billing.sold_by_the_test_provider(acme, billing.new_pack(name="A thousand"))
