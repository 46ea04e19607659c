from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.db import connection

from billing.models import Purchase
from ledger import checks
from tests.accounts.conftest import committed

__all__ = ["committed"]


@pytest.fixture(autouse=True)
def _test_provider(settings: LazySettings) -> None:
    settings.PAYMENT_PROVIDERS = ["test"]
    # Nobody is there: tests report what they want reported themselves.
    settings.PUBLIC_URL = "http://127.0.0.1:9"


@pytest.fixture
def books_tie(db: None) -> Iterator[None]:
    """Whatever was done, every invariant of the ledger holds at the end."""
    yield
    customers = set(Purchase.objects.values_list("customer_id", flat=True))
    broken = [finding for finding in checks.run(connection, list(customers)) if finding.broken]
    assert broken == []
