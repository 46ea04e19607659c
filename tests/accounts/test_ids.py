from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import ids
from accounts.errors import InvalidId

ONE = UUID("01901234-5678-7abc-8def-0123456789ab")


def test_new_ids_are_version_7_of_rfc_9562():
    new = ids.uuid7()
    assert (new.version, new.variant) == (7, "specified in RFC 4122")


def test_new_ids_are_in_order_of_time():
    made = []
    for _ in range(50):
        made.append(ids.uuid7())
        while ids.uuid7().int >> 64 == made[-1].int >> 64:
            pass
    assert made == sorted(made)


def test_an_id_outside_is_a_prefix_and_32_digits():
    assert ids.encode(ids.CUSTOMER, ONE) == "cus_0190123456787abc8def0123456789ab"


@given(st.uuids())
def test_every_id_comes_back_from_its_outside_form(value):
    assert ids.decode("cus", ids.encode("cus", value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cus",
        "cus_",
        "key_0190123456787abc8def0123456789ab",
        "cus-0190123456787abc8def0123456789ab",
        "cus_0190123456787ABC8DEF0123456789AB",
        "cus_0190123456787abc8def0123456789a",
        "cus_0190123456787abc8def0123456789ab0",
        "cus_0190123456787abc8def0123456789ab\n",
        "cus_01901234-5678-7abc-8def-0123456789ab",
        "cus_+190123456787abc8def0123456789ab",
        "cus_0190_23456787abc8def0123456789ab",
        "cus_٠190123456787abc8def0123456789ab",
    ],
)
def test_no_other_text_is_an_id(text):
    with pytest.raises(InvalidId):
        ids.decode("cus", text)
