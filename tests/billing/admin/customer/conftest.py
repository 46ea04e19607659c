import pytest
from django.urls import reverse

from ledger import services
from ledger.amounts import CREDIT
from tests.ledger.api.conftest import operate


@pytest.fixture
def shown(staff):
    """What a customer's page has, as it was handed to the template."""

    def page(customer):
        answer = staff.get(reverse("admin:accounts_customer_change", args=[customer.pk]))
        assert answer.status_code == 200
        return answer.context["page"]

    return page


@pytest.fixture
def part(shown):
    """One part of it."""
    return lambda customer, anchor: dict(shown(customer).parts)[anchor]


@pytest.fixture
def funded(acme):
    """With 100 credits, for USD 25.00."""
    services.grant(acme.id, amount=100 * CREDIT, kind="paid", price=2500, currency="USD")
    return acme


@pytest.fixture
def hold(funded):
    return operate("reserve", funded, amount=4 * CREDIT)
