"""Credits that expire are as gone as those that are spent."""

import pytest

from ledger.amounts import CREDIT
from ledger.models import Event
from tests.billing.top_up.owner import Owner
from tests.factories.billing import new_pack
from tests.factories.ledger import key

DAY = 24 * 3600


@pytest.mark.parametrize("asked", [key, dict])
@pytest.mark.parametrize("left", [0, 50])
def test_a_refused_call_that_finds_a_lot_expired_makes_a_top_up_needed(
    books_tie, calendar, left, asked
):
    owner = Owner.new(new_pack(validity_days=30))
    if left:
        owner.book.grant(left * CREDIT)
    calendar.forward(31 * DAY)
    assert not owner.book.reserve(100 * CREDIT, **asked()).ok
    assert Event.objects.filter(customer=owner.customer.id, kind="top_up.needed").exists()
    owner.run()
    assert (owner.states(), owner.available()) == (["succeeded"], left + 1000)
    assert owner.charged() == 100_00
