from collections.abc import Iterator

import pytest

from tests.ledger.fastpath.conftest import _committed, committed, shop
from tests.ledger.fastpath.shop import Shop
from tests.system.conftest import folder
from tests.system.http import Api

__all__ = ["_committed", "committed", "folder", "shop"]


@pytest.fixture
def api(shop: Shop) -> Iterator[Api]:
    """As a service that may do everything."""
    with Api(shop.base_url, shop.secret) as api:
        yield api
