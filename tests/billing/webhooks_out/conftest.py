from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.conf import LazySettings

from accounts.ids import uuid7
from accounts.models import Customer
from billing.models import WebhookDelivery, WebhookEndpoint
from billing.webhooks_out import endpoints, resending
from tests.billing.webhooks_out.receiver import Receiver, receiving
from tests.factories.accounts import CustomerFactory

Adder = Callable[..., WebhookEndpoint]


@pytest.fixture
def loopback(settings: LazySettings) -> None:
    """Receivers are on this machine."""
    settings.WEBHOOKS_ALLOW_HTTP = settings.WEBHOOKS_ALLOW_PRIVATE = True


@pytest.fixture
def receiver(loopback: None) -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def add(db: None, receiver: Receiver) -> Adder:
    return partial(add_at, receiver)


def add_at(
    receiver: Receiver, path: str = "/hook", customer: Customer | None = None, **fields: Any
) -> WebhookEndpoint:
    """An endpoint there, with its `plain` secret."""
    fields.setdefault("url", receiver.url + path)
    made = endpoints.add(uuid7(), customer=customer or CustomerFactory(), **fields)
    made.endpoint.plain = made.secret
    return made.endpoint


def due_for(endpoint: WebhookEndpoint, number: int = 1) -> list[WebhookDelivery]:
    """Deliveries that are due."""
    return [resending.send_test(endpoint) for _ in range(number)]
