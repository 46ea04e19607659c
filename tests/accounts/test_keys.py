import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import keys
from accounts.keys import KeyKind

SECRET = "dds_RikI257iRuNQB5LterlC3WnzdCzzOFvh_1HZyKl"
MICROSECONDS_MAX = 20


@pytest.mark.parametrize("kind", KeyKind)
def test_a_new_key_says_whose_it_is(kind):
    assert keys.parse(keys.generate(kind)) is kind


def test_the_form_of_a_key_stays_as_it_was_given_out():
    assert keys.parse(SECRET) is KeyKind.SERVICE


def test_no_two_keys_are_alike():
    assert len({keys.generate(KeyKind.SERVICE) for _ in range(1000)}) == 1000


@given(st.integers(0, len(SECRET) - 1), st.sampled_from(keys.ALPHABET + "_-é"))
def test_a_key_with_one_wrong_character_is_no_key(position, character):
    mistyped = SECRET[:position] + character + SECRET[position + 1 :]
    assert mistyped == SECRET or keys.parse(mistyped) is None


@given(st.integers(0, len(SECRET) - 2))
def test_a_key_with_two_characters_swapped_is_no_key(position):
    a, b = SECRET[position : position + 2]
    swapped = SECRET[:position] + b + a + SECRET[position + 2 :]
    assert swapped == SECRET or keys.parse(swapped) is None


@given(st.text())
def test_any_text_can_be_asked_about(text):
    assert keys.parse(text) is None


def test_a_right_checksum_under_a_foreign_prefix_is_no_key():
    body = "abc_" + "0" * 32
    assert keys.parse(f"{body}_{keys.checksum(body)}") is None


def test_the_digest_depends_on_the_pepper():
    assert keys.digest(SECRET, pepper=b"one") != keys.digest(SECRET, pepper=b"two")
    assert len(keys.digest(SECRET, pepper=b"one")) == 32


@pytest.mark.parametrize("header", [f"Bearer {SECRET}", f"bearer {SECRET}", f"BEARER  {SECRET} "])
def test_the_key_is_read_from_the_authorization_header(header):
    assert keys.bearer(header) == SECRET


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", SECRET, f"Basic {SECRET}"])
def test_other_authorization_headers_carry_no_key(header):
    assert keys.bearer(header) is None


@pytest.mark.parametrize(
    "step", [lambda: keys.parse(SECRET), lambda: keys.digest(SECRET, pepper=b"x" * 32)]
)
def test_checking_a_key_costs_next_to_nothing(step):
    best = min(timeit.repeat(step, number=2000, repeat=5)) / 2000
    assert best * 1e6 < MICROSECONDS_MAX
