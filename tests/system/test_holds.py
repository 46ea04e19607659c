"""Promise 2: a hold is free from the second it expires, whether or not any job has run."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.system.calls import balance, granted, new_customer, pages, reserve, settle


@pytest.fixture
def customer(api):
    return new_customer(api, "100")


def test_leaked_holds_are_free_from_the_second_they_expire(api, customer):
    for _ in range(4):
        granted(reserve(api, customer, "25", expires_in=1))
    assert balance(api, customer) == ("0", "100", "100")
    assert reserve(api, customer, "100").status == 402
    time.sleep(1)
    # The next reservation itself finds them free: nothing looked at the wallet in between.
    assert granted(reserve(api, customer, "100"))["balance"]["available"] == "0"


def test_it_is_held_until_that_second(api, customer):
    made = granted(reserve(api, customer, "100", expires_in=2))
    ends = datetime.fromisoformat(made["expires_at"])
    while datetime.now(UTC) < ends - timedelta(milliseconds=300):
        assert reserve(api, customer, "1").status == 402
        time.sleep(0.05)
    time.sleep(0.4)
    assert reserve(api, customer, "1").status == 201


@pytest.mark.parametrize("verb", ["commit", "release", "extend"])
def test_what_has_expired_is_not_settled(api, customer, verb):
    made = granted(reserve(api, customer, "60", expires_in=1))["id"]
    time.sleep(1)
    answer = settle(api, verb, made, **({"expires_in": 60} if verb == "extend" else {}))
    assert answer.problem == (409, "reservation-expired")
    assert answer.json()["current"]["status"] == "expired"
    assert balance(api, customer) == ("100", "0", "100")


def test_it_reads_as_expired_though_nothing_has_touched_it(api, customer):
    made = granted(reserve(api, customer, "60", expires_in=1))["id"]
    time.sleep(1)
    (listed,) = pages(api, f"/reservations?customer={customer}&status=expired")
    assert (listed["id"], listed["status"]) == (made, "expired")
    assert pages(api, f"/reservations?customer={customer}&status=held") == []


def test_an_extended_hold_is_kept(api, customer):
    made = granted(reserve(api, customer, "60", expires_in=1))
    extended = granted(settle(api, "extend", made["id"], expires_in=60))
    assert extended["expires_at"] > made["expires_at"]
    time.sleep(1)
    assert balance(api, customer) == ("40", "60", "100")
    assert granted(settle(api, "commit", made["id"]))["balance"]["total"] == "40"


def test_a_shortened_hold_ends_sooner(api, customer):
    made = granted(reserve(api, customer, "60"))
    granted(settle(api, "extend", made["id"], expires_in=1))
    time.sleep(1)
    assert balance(api, customer) == ("100", "0", "100")
