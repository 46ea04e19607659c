import pytest

from accounts.models import Customer, User
from ledger import services
from ledger.amounts import CREDIT
from tests.factories.accounts import CustomerFactory


@pytest.fixture
def staff(db, client):
    client.force_login(User.objects.create_superuser("boss@example.com"))
    return client


@pytest.fixture
def funded(db) -> Customer:
    """With 100 credits, in a paid lot."""
    customer = CustomerFactory(name="Acme")
    services.grant(customer.id, amount=100 * CREDIT, kind="paid", price=2500, currency="USD")
    return customer
