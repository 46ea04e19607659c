"""Promise 5: one key, one effect, one answer; and no key is used up by a refusal."""

import json
from collections import Counter
from uuid import uuid4

import pytest

from accounts.ids import uuid7
from tests.system.calls import (
    balance,
    grant,
    granted,
    new_customer,
    reserve,
    settle,
    simultaneously,
)
from tests.system.http import NO_KEY

KINDS = [lambda: str(uuid7()), lambda: str(uuid4()), lambda: f"order {uuid4()} #7"]


@pytest.fixture(params=KINDS, ids=["uuid7", "uuid4", "name"])
def key(request):
    return request.param()


@pytest.fixture
def customer(api):
    return new_customer(api, "70", "30")


@pytest.fixture
def hold(api, customer):
    return granted(reserve(api, customer, "80"))["id"]


@pytest.fixture(scope="module")
def keys(one):
    """Two of one service, and one of another."""
    scopes = ["debits:write", "debits:amount"]
    return one.new_service_keys(("a", scopes), ("a", scopes), ("b", scopes))


def assert_replayed(first, again):
    assert first.status in (200, 201)
    assert not first.is_replayed
    assert (again.status, again.body) == (first.status, first.body)
    assert again.is_replayed


class TestReplay:
    def test_a_reservation_as_it_was_made_whatever_became_of_it(self, api, customer, key):
        first = reserve(api, customer, "80", key)
        assert_replayed(first, reserve(api, customer, "80", key))
        settle(api, "extend", first.json()["id"], expires_in=3600)
        settle(api, "commit", first.json()["id"], amount="1", final=False)
        assert_replayed(first, reserve(api, customer, "80", key))
        settle(api, "commit", first.json()["id"], amount="2")
        assert_replayed(first, reserve(api, customer, "80", key))
        settle(api, "reverse", first.json()["id"], reason="Wrong")
        assert_replayed(first, reserve(api, customer, "80", key))
        assert balance(api, customer) == ("100", "0", "100")

    @pytest.mark.parametrize(
        ("verb", "fields"),
        [
            ("commit", {}),
            ("commit", {"amount": "12.5"}),
            ("commit", {"amount": 0}),
            ("commit", {"amount": "1", "final": False}),
            ("release", {}),
            ("extend", {"expires_in": 3600}),
        ],
    )
    def test_a_settlement(self, api, customer, hold, key, verb, fields):
        first = settle(api, verb, hold, key, **fields)
        before = balance(api, customer)
        assert_replayed(first, settle(api, verb, hold, key, **fields))
        assert balance(api, customer) == before
        settle(api, "commit", hold, amount="3")
        settle(api, "reverse", hold, reason="Wrong")
        assert_replayed(first, settle(api, verb, hold, key, **fields))

    def test_a_debit_and_its_reversal(self, api, customer, key):
        body = {"customer": customer, "amount": "75"}
        first = api.post("/debits", body, key)
        assert_replayed(first, api.post("/debits", body, key))
        fields = {"reason": "Wrong", "amount": "5"}
        made = first.json()["id"]
        back = settle(api, "reverse", made, f"back {key}", **fields)
        assert_replayed(back, settle(api, "reverse", made, f"back {key}", **fields))
        assert_replayed(first, api.post("/debits", body, key))
        assert balance(api, customer) == ("30", "0", "30")

    def test_a_grant_and_a_customer(self, api, customer, key):
        for path, body in [
            (f"/customers/{customer}/grants", {"amount": "1", "kind": "promo"}),
            ("/customers", {"name": "One"}),
        ]:
            assert_replayed(api.post(path, body, key), api.post(path, body, key))
        assert balance(api, customer) == ("101", "0", "101")

    def test_the_json_counts_as_a_value_and_quotes_around_the_key_do_not(self, api, customer, key):
        first = reserve(api, customer, "1", key)
        text = json.dumps({"amount": "1", "customer": customer}, indent=3).encode()
        assert_replayed(first, api.post("/reservations", text, f'"{key}"'))


class TestAnotherRequest:
    def test_another_body_path_or_reservation(self, api, customer, hold, key):
        granted(reserve(api, customer, "1", key))
        for answer in (
            reserve(api, customer, "2", key),
            reserve(api, customer, 1, key),
            api.post("/debits", {"customer": customer, "amount": "1"}, key),
            settle(api, "commit", hold, key),
            settle(api, "release", hold, key),
        ):
            assert answer.problem == (422, "idempotency-key-reused")
            assert answer.headers["X-Should-Retry"] == "false"
        assert balance(api, customer) == ("19", "81", "100")

    def test_another_settlement_of_the_same_hold(self, api, customer, hold, key):
        granted(settle(api, "commit", hold, key, amount="1"))
        for verb, fields in [("commit", {}), ("commit", {"amount": "2"}), ("release", {})]:
            answer = settle(api, verb, hold, key, **fields)
            assert answer.problem == (422, "idempotency-key-reused")
        assert balance(api, customer) == ("99", "0", "99")


class TestScope:
    def test_each_customer_has_keys_of_its_own(self, api, customer, key):
        other = new_customer(api, "100")
        made = {granted(reserve(api, who, "1", key))["id"] for who in (customer, other)}
        assert len(made) == 2

    def test_each_service_has_and_a_rotated_key_replays(self, api, keys, customer, key):
        first, rotated, other = (
            reserve(api.as_caller(secret), customer, "1", key) for secret in keys
        )
        assert_replayed(first, rotated)
        assert other.json()["id"] != first.json()["id"]
        assert not other.is_replayed


class TestBatch:
    def test_a_key_within_one_batch_and_in_the_next(self, api, customer, key):
        item = {"op": "debit", "customer": customer, "amount": "40", "idempotency_key": key}
        batch = {"operations": [item, item, item | {"amount": "41"}]}
        first, second, other = granted(api.post("/batch", batch))["results"]
        assert (first["status"], first["replayed"]) == (201, False)
        assert second == first | {"replayed": True}
        assert (other["status"], other["body"]["type"]) == (422, "/problems/idempotency-key-reused")
        again = granted(api.post("/batch", batch))["results"]
        assert again[:2] == [second, second]
        assert balance(api, customer) == ("60", "0", "60")

    def test_alone_and_in_a_batch_it_is_the_same_request(self, api, customer, key):
        body = {"customer": customer, "amount": "1"}
        alone = reserve(api, customer, "1", key)
        item = body | {"op": "reserve", "idempotency_key": key}
        (result,) = granted(api.post("/batch", {"operations": [item]}))["results"]
        assert (result["replayed"], result["body"]) == (True, alone.json())


class TestAtTheSameTime:
    def test_twenty_with_one_key_are_one(self, twenty, key):
        api = twenty[0]
        customer = new_customer(api, "500")
        made = simultaneously(twenty, lambda mine, index: reserve(mine, customer, "75", key))
        assert_one_effect(made, 201)
        assert balance(api, customer) == ("425", "75", "500")
        hold = made[0].json()["id"]
        ends = simultaneously(
            twenty, lambda mine, index: settle(mine, "commit", hold, f"end {key}")
        )
        assert_one_effect(ends, 200)
        assert balance(api, customer) == ("425", "0", "425")

    def test_a_commit_and_a_release_race_and_one_wins(self, twenty):
        customer = new_customer(twenty[0], "1000")
        for _ in range(10):
            hold = granted(reserve(twenty[0], customer, "10"))["id"]
            answers = simultaneously(
                twenty,
                lambda mine, index, hold=hold: settle(mine, ("commit", "release")[index % 2], hold),
            )
            # Those that ask for what was done are told so, the others that it was done.
            assert Counter(answer.status for answer in answers) == {200: 10, 409: 10}


def assert_one_effect(answers, status):
    assert {answer.status for answer in answers} == {status}
    assert len({answer.body for answer in answers}) == 1
    assert sum(not answer.is_replayed for answer in answers) == 1


class TestRefusals:
    def test_no_credits_then_a_top_up(self, api, customer, key):
        for _ in range(2):
            assert reserve(api, customer, "150", key).problem == (402, "insufficient-credits")
        grant(api, customer, "50")
        first = reserve(api, customer, "150", key)
        assert_replayed(first, reserve(api, customer, "150", key))

    def test_a_bad_request_then_a_good_one(self, api, customer, key):
        assert reserve(api, customer, "1e3", key).problem == (400, "malformed-amount")
        assert api.post("/reservations", b"{", key).problem == (400, "malformed-json")
        assert reserve(api, customer, "3", key).status == 201

    def test_too_much_committed_then_less(self, api, customer, hold, key):
        refused = settle(api, "commit", hold, key, amount="80.000001")
        assert refused.problem == (422, "amount-exceeds-reservation")
        assert settle(api, "commit", hold, key, amount="80").status == 200

    def test_an_unknown_endpoint_then_a_known_one(self, api, customer, key):
        body = {"customer": customer, "endpoint": "sumarize"}
        assert api.post("/reservations", body, key).problem == (422, "unknown-endpoint")
        assert api.post("/reservations", body | {"endpoint": "summarize"}, key).status == 201

    @pytest.mark.parametrize("path", ["/reservations", "/debits"])
    def test_a_write_without_a_key_or_with_none(self, api, customer, path):
        body = {"customer": customer, "amount": "1"}
        assert api.post(path, body, NO_KEY).problem == (400, "idempotency-key-missing")
        for malformed in ("", '""', "x" * 256, '"open', "caf\u00e9"):
            answer = api.post(path, body, malformed)
            assert answer.problem == (400, "idempotency-key-malformed")
        assert balance(api, customer) == ("100", "0", "100")


class TestSettledAgain:
    """Under another key: the first result where it is the same end, else how it ended."""

    @pytest.mark.parametrize(
        ("verb", "fields", "conflict"),
        [
            ("commit", {}, "reservation-committed"),
            ("commit", {"amount": "5"}, "reservation-committed"),
            ("release", {}, "reservation-released"),
        ],
    )
    def test_the_same_way_and_another_way(self, api, customer, hold, verb, fields, conflict):
        first = granted(settle(api, verb, hold, **fields))
        assert granted(settle(api, verb, hold, **fields)) == first
        ways = {"commit": ("release", {}), "release": ("commit", {})}
        for other, more in (ways[verb], ("commit", {"amount": "7"}), ("extend", {"expires_in": 5})):
            answer = settle(api, other, hold, **more)
            assert answer.problem == (409, conflict)
            assert answer.json()["current"]["id"] == hold
        assert balance(api, customer)[1] == "0"

    def test_reversed_twice_and_committed_after(self, api, customer, hold):
        granted(settle(api, "commit", hold, amount="9"))
        first = granted(settle(api, "reverse", hold, reason="Wrong"))
        assert granted(settle(api, "reverse", hold, reason="Wrong again")) == first
        answer = settle(api, "commit", hold, amount="9")
        assert answer.problem == (409, "reservation-reversed")
        assert balance(api, customer) == ("100", "0", "100")
