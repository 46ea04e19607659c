from uuid import UUID

import pytest

from accounts.errors import InvalidId
from accounts.ids import uuid7
from ledger.ids import ReservationId, decode_reservation


def test_a_reservations_name_carries_its_customer_and_its_price():
    name = ReservationId(UUID(int=1), UUID(int=2), 255)
    assert str(name) == f"rsv_{1:032x}{2:032x}000000ff"
    assert decode_reservation(str(name)) == name


@pytest.mark.parametrize("change", [str.upper, lambda t: t[:-1], lambda t: t + "0", lambda t: ""])
def test_another_form_is_no_name(change):
    with pytest.raises(InvalidId):
        decode_reservation(change(str(ReservationId(uuid7(), uuid7(), 0))))
