from collections.abc import Iterator
from typing import Any

import pytest

from drawdown import Client, Retry
from tests.system.installation import Installation
from tests.system.sdk.road import Road, road_to
from tests.system.sdk.world import World

# The machine has other work.
PATIENT = Retry(deadline=30)


@pytest.fixture
def demo(fragile: Installation) -> dict[str, Any]:
    return fragile.service.demo()


@pytest.fixture
def road(demo: dict[str, Any]) -> Iterator[Road]:
    with road_to(demo["base_url"]) as road:
        yield road


@pytest.fixture
def credits(road: Road, demo: dict[str, Any]) -> Iterator[Client]:
    with Client(road.url, demo["service_key"], retry=PATIENT) as client:
        yield client


@pytest.fixture
def world(demo: dict[str, Any]) -> Iterator[World]:
    """A customer with 100 credits, looked at by another way than the one that is tested."""
    with Client(demo["base_url"], demo["service_key"], retry=PATIENT) as direct:
        yield World.new(direct)
