from time import sleep

import pytest

from tests.ledger.fastpath.shop import Api, available, books, problem


@pytest.mark.parametrize(
    ("body", "committed"),
    [
        ({}, "10"),
        ({"amount": "2.5"}, "2.5"),
        ({"amount": 0}, "0"),
        ({"outcome": "success"}, "10"),
        ({"outcome": "server_error"}, "0"),
        ({"outcome": "client_error"}, "0"),
        ({"status_code": 200, "amount": 3}, "3"),
        ({"status_code": 503, "amount": 3}, "0"),
        ({"status_code": 404}, "0"),
    ],
)
def test_a_commit_takes_what_was_used_and_gives_back_the_rest(api, customer, body, committed):
    hold = api.hold(customer)
    answer = api.settle(hold, "commit", body)
    assert answer.status_code == 200
    settled = answer.json()
    assert (settled["status"], settled["committed"]) == ("committed", committed)
    assert float(settled["released"]) == 10 - float(committed)
    assert (settled["transaction"] is None) == (committed == "0")
    assert settled["balance"]["held"] == "0"


def test_an_endpoint_may_bill_the_callers_mistakes(api, customer):
    hold = api.hold(customer, endpoint="strict")
    assert api.settle(hold, "commit", {"status_code": 404}).json()["committed"] == "10"


def test_a_quantity_is_priced_as_the_hold_pinned_it(api, customer):
    hold = api.hold(customer, endpoint="generate")
    settled = api.settle(hold, "commit", {"quantity": {"tokens": 2000}}).json()
    assert settled["committed"] == "2.7"
    assert settled["quantity"] == {"tokens": "2000"}


def test_parts_are_committed_until_one_is_final(api, customer):
    hold = api.hold(customer)
    part = api.settle(hold, "commit", {"amount": 3, "final": False}).json()
    assert (part["status"], part["committed"]) == ("held", "3")
    assert part["balance"] == {"available": "90", "held": "7", "frozen": "0", "total": "97"}
    last = api.settle(hold, "commit", {"amount": 4}).json()
    assert (last["status"], last["committed"], last["released"]) == ("committed", "7", "3")


def test_a_release_gives_all_of_it_back(api, customer):
    settled = api.settle(api.hold(customer), "release").json()
    assert (settled["status"], settled["committed"], settled["released"]) == ("released", "0", "10")
    assert available(customer) == 100


def test_a_hold_is_extended_from_now(api, customer):
    hold = api.hold(customer, expires_in=10)
    extended = api.settle(hold, "extend", {"expires_in": 3600}).json()
    assert extended["status"] == "held"
    assert extended["expires_at"] > hold["expires_at"]


def test_committed_credits_are_given_back_for_a_reason(api, customer):
    hold = api.hold(customer)
    api.settle(hold, "commit")
    answer = api.settle(hold, "reverse", {"reason": "it was wrong", "amount": "4"}).json()
    assert (answer["status"], answer["reversed"]) == ("reversed", "4")
    assert available(customer) == 94


@pytest.mark.parametrize(
    ("overrun", "status", "committed", "uncollected"),
    [("cap", 200, "10", "5"), ("available", 200, "15", "0")],
)
def test_a_commit_above_the_hold_goes_by_overrun(
    api, customer, overrun, status, committed, uncollected
):
    answer = api.settle(api.hold(customer, overrun=overrun), "commit", {"amount": 15})
    assert answer.status_code == status
    assert answer.json()["committed"] == committed
    assert answer.json()["uncollected"] == uncollected


def test_or_is_refused_and_shows_the_hold(api, customer):
    hold = api.hold(customer)
    before = books(customer)
    answer = api.settle(hold, "commit", {"amount": 15})
    assert problem(answer) == (422, "amount-exceeds-reservation")
    assert answer.json()["current"]["status"] == "held"
    short = api.settle(api.hold(customer, overrun="available"), "commit", {"amount": 1000})
    assert problem(short) == (402, "insufficient-credits")
    assert short.json()["current"]["status"] == "held"
    assert books(customer)[0] != before[0]


def test_the_same_end_again_is_the_first_answer_under_any_key(api, customer):
    hold = api.hold(customer)
    first = api.settle(hold, "commit", {"amount": 4})
    again = api.settle(hold, "commit", {"amount": "4.0"})
    assert (again.status_code, again.content) == (200, first.content)


@pytest.mark.parametrize(
    ("end", "other", "refusal"),
    [
        ("commit", "release", "reservation-committed"),
        ("commit", "extend", "reservation-committed"),
        ("release", "commit", "reservation-released"),
        ("release", "extend", "reservation-released"),
        ("release", "reverse", "reservation-released"),
    ],
)
def test_another_end_is_a_conflict_that_shows_the_first(api: Api, customer, end, other, refusal):
    fields = {"extend": {"expires_in": 60}, "reverse": {"reason": "x"}}
    hold = api.hold(customer)
    settled = api.settle(hold, end).json()
    before = books(customer)
    answer = api.settle(hold, other, fields.get(other))
    assert problem(answer) == (409, refusal)
    current = answer.json()["current"]
    assert (current["id"], current["status"]) == (hold["id"], settled["status"])
    assert books(customer) == before


def test_a_hold_that_is_open_has_nothing_to_reverse(api, customer):
    answer = api.settle(api.hold(customer), "reverse", {"reason": "x"})
    assert problem(answer) == (409, "reservation-held")


def test_a_hold_that_expired_is_not_committed(api, customer):
    hold = api.hold(customer, expires_in=1)
    sleep(1.05)
    answer = api.settle(hold, "commit")
    assert problem(answer) == (409, "reservation-expired")
    assert answer.json()["current"]["status"] == "expired"
    assert available(customer) == 100


def test_a_hold_ends_at_most_seven_days_after_it_was_made(api, customer):
    hold = api.hold(customer, expires_in=86400)
    assert api.settle(hold, "extend", {"expires_in": 86400}).status_code == 200
