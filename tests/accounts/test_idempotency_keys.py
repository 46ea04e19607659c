from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.errors import IdempotencyKeyMalformed, IdempotencyKeyMissing
from accounts.idempotency_keys import checked, lock_number, parse_header, request_hash

CUSTOMER = UUID("01901234-5678-7abc-8def-0123456789ab")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("abc", "abc"),
        ('"abc"', "abc"),
        ("  abc\t", "abc"),
        ('"say \\"hi\\" \\\\"', 'say "hi" \\'),
        ('a"b', 'a"b'),
        ("a b", "a b"),
        ('" "', " "),
        ("x" * 255, "x" * 255),
        ('"' + "x" * 255 + '"', "x" * 255),
    ],
)
def test_a_key_is_read_bare_or_quoted(header, key):
    assert parse_header(header) == key


@pytest.mark.parametrize(
    "header",
    [
        "",
        "   ",
        '""',
        '"',
        '"abc',
        '"abc"d',
        '"a\\b"',
        "a\nb",
        "a\x00b",
        "a\x7fb",
        "clé",
        '"clé"',
        "x" * 256,
        '"' + "x" * 256 + '"',
    ],
)
def test_what_is_no_key_is_malformed(header):
    with pytest.raises(IdempotencyKeyMalformed):
        parse_header(header)


def test_without_a_header_the_key_is_missing():
    with pytest.raises(IdempotencyKeyMissing):
        parse_header(None)


def test_a_key_in_a_json_field_is_taken_as_it_is():
    assert checked('"abc"') == '"abc"'
    with pytest.raises(IdempotencyKeyMalformed):
        checked("")


@given(JSON)
def test_a_request_is_told_by_64_signed_bits(body):
    assert -(2**63) <= request_hash("POST", "/v1/customers", body) < 2**63


def test_the_order_of_members_does_not_matter():
    one = {"name": "a", "metadata": {"x": "1", "y": "2"}}
    other = {"metadata": {"y": "2", "x": "1"}, "name": "a"}
    assert request_hash("POST", "/p", one) == request_hash("POST", "/p", other)


def test_method_path_and_every_value_matter():
    hashes = {
        request_hash("POST", "/p", {"a": ["1", "2"]}),
        request_hash("PATCH", "/p", {"a": ["1", "2"]}),
        request_hash("POST", "/q", {"a": ["1", "2"]}),
        request_hash("POST", "/p", {"a": ["2", "1"]}),
        request_hash("POST", "/p", {"a": ["1", 2]}),
        request_hash("POST", "/p", None),
    }
    assert len(hashes) == 6


def test_the_hash_of_a_request_stays_what_it_was_when_it_was_stored():
    assert request_hash("POST", "/v1/customers", {"name": "Acme"}) == 3589853971656319861


def test_service_customer_and_key_each_have_their_own_turn():
    house = UUID(int=0)
    numbers = {
        lock_number(1, CUSTOMER, "a"),
        lock_number(2, CUSTOMER, "a"),
        lock_number(1, house, "a"),
        lock_number(1, CUSTOMER, "b"),
    }
    assert len(numbers) == 4
