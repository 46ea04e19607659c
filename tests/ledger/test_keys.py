from uuid import UUID

import pytest

from accounts.ids import milliseconds, uuid7
from ledger.keys import can_be_a_row, core_key

DAY_MS = 24 * 60 * 60 * 1000


@pytest.mark.parametrize("form", [str, lambda u: u.hex, lambda u: str(u).upper()])
def test_a_uuid7_keeps_its_time_and_stays_one(form):
    own = uuid7()
    key = core_key(1, form(own))
    assert (key.version, key.variant) == (7, own.variant)
    assert milliseconds(key) == milliseconds(own)


@pytest.mark.parametrize("text", ["order 7", "x" * 255, str(UUID(int=0)), "0190-no-uuid"])
def test_any_other_key_becomes_a_uuid8(text):
    key = core_key(1, text)
    assert (key.version, key.variant) == (8, uuid7().variant)
    assert not can_be_a_row(key, now_ms=milliseconds(key))


@pytest.mark.parametrize("text", ["order 7", str(uuid7())])
def test_two_services_never_share_a_key(text):
    assert core_key(1, text) == core_key(1, text) != core_key(2, text)


def test_texts_that_differ_are_keys_that_differ():
    own = uuid7()
    assert len({core_key(1, text) for text in (str(own), own.hex, "a", "A", "b")}) == 5


def test_only_a_key_of_about_now_can_be_a_row():
    key = core_key(1, str(uuid7()))
    now = milliseconds(key)
    assert can_be_a_row(key, now_ms=now)
    assert can_be_a_row(key, now_ms=now + DAY_MS)
    assert not can_be_a_row(key, now_ms=now + DAY_MS + 1)
    assert can_be_a_row(key, now_ms=now - 10 * 60 * 1000)
    assert not can_be_a_row(key, now_ms=now - 10 * 60 * 1000 - 1)
