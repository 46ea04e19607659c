from collections.abc import Iterator

import pytest

from billing.models import Pack
from tests.billing.top_up.owner import Owner
from tests.factories.billing import new_pack
from tests.factories.dated import Calendar


@pytest.fixture
def pack(db: None) -> Pack:
    """1,000 credits for USD 100."""
    return new_pack(name="Thousand")


@pytest.fixture
def owner(books_tie: None, pack: Pack) -> Owner:
    """Falls to 200 credits, and is brought back to 1,000: one pack. At most USD 1,000 a month."""
    return Owner.new(pack)


@pytest.fixture
def calendar(db: None) -> Iterator[Calendar]:
    calendar = Calendar()
    yield calendar
    calendar.reset()
