from collections.abc import Iterator

import pytest

from billing.models import Policy
from tests.factories.ledger import Clock


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    yield clock
    clock.reset()


@pytest.fixture
def policy() -> Iterator[Policy]:
    """To be changed and saved: it is as it was afterwards."""
    usual = Policy.current()
    yield Policy.current()
    usual.save()
