"""What happens in a sandbox is told to its own endpoints, and says so."""

import json

import pytest

from accounts import services
from accounts.ids import uuid7
from accounts.models import Customer
from billing.models import WebhookDelivery
from billing.relay import relay
from billing.webhooks_out import endpoints
from ledger import sandboxes
from tests.access.world import HOOK
from tests.factories.accounts import CustomerFactory

pytestmark = pytest.mark.django_db


def test_each_endpoint_is_told_of_its_own_side():
    customer = CustomerFactory()
    sandbox = sandboxes.opened(customer)
    hooks = {}
    for owner in (customer, sandbox):
        made = endpoints.add(uuid7(), customer=owner, url=HOOK, description="")
        assert made
        hooks[owner.id] = made.endpoint
        services.create_api_key(customer=Customer.objects.get(id=owner.id), name=owner.name)
    relay()
    told = {
        owner: [
            json.loads(delivery.body) for delivery in WebhookDelivery.objects.filter(endpoint=hook)
        ]
        for owner, hook in hooks.items()
    }
    (real,), (test,) = told[customer.id], told[sandbox.id]
    assert "livemode" not in real
    assert test["livemode"] is False
    assert test["data"]["prefix"].startswith("ddt_")
