"""How calls stand is by the clock of this moment, whether or not anything has touched them."""

import pytest

from ledger.windows import sums
from ledger.windows.filters import Filters
from ledger.windows.reservations import RESERVATIONS
from tests.accounts.conftest import committed  # noqa: F401
from tests.factories.ledger import Book, Clock

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def clock():
    clock = Clock()
    yield clock
    clock.reset()


def test_sums_of_calls_are_by_how_they_stand_now(clock):
    book = Book.funded(100)
    for _ in range(2):
        assert book.debit(10).ok and book.reserve(5).ok
    its = Filters(customer_id=book.customer_id)
    groups = sums.add(RESERVATIONS, its, None, seconds=10).groups
    assert groups == {("committed",): [2, 20, 20, 0, 0], ("held",): [2, 10, 0, 0, 0]}
    clock.forward(1000)
    groups = sums.add(RESERVATIONS, its, None, seconds=10).groups
    assert groups[("expired",)] == [2, 10, 0, 0, 0]
