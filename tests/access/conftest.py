import pytest
from django.conf import LazySettings

from tests.access.world import World
from tests.accounts.conftest import fresh

__all__ = ["fresh"]


@pytest.fixture
def world(fresh: None, settings: LazySettings) -> World:
    settings.PAYMENT_PROVIDERS = ["test"]
    # Nobody is there: what the test provider would report is not what is looked at.
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    return World.new()
