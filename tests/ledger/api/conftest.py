from typing import Any

import pytest

from accounts import ids
from accounts.ids import uuid7
from accounts.models import Customer
from ledger import services
from ledger.amounts import CREDIT
from ledger.operations import Operation, Result
from tests.accounts.conftest import Caller, committed, problem, service
from tests.factories.accounts import ApiKeyFactory, CustomerFactory

__all__ = ["Caller", "committed", "operate", "path", "problem", "service"]


def path(customer: Customer, rest: str = "") -> str:
    return f"/customers/{ids.encode('cus', customer.id)}{rest}"


def operate(op: str, customer: Customer, **fields: Any) -> Result:
    """What the fast path asks of the core."""
    fields.setdefault("key", uuid7())
    fields.setdefault("key_is_id", True)
    fields.setdefault("request", 0)
    if op == "reserve":
        fields.setdefault("expires_in", 900)
    return services.apply_one(Operation(op=op, customer_id=customer.id, **fields))


@pytest.fixture
def customer(db: None) -> Customer:
    """Without credits."""
    return CustomerFactory()


@pytest.fixture
def funded(customer: Customer) -> Customer:
    """With 100 credits."""
    services.grant(customer.id, amount=100 * CREDIT, kind="promo")
    return customer


@pytest.fixture
def own(customer: Customer) -> Caller:
    """The customer itself."""
    return Caller(ApiKeyFactory(customer=customer).secret)


@pytest.fixture
def stranger(db: None) -> Caller:
    """Another customer."""
    return Caller(ApiKeyFactory().secret)
