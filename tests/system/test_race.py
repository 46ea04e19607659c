"""Promise 1: concurrent requests never overspend a balance, and are never refused without need."""

from collections import Counter
from functools import partial

import pytest

from tests.system.calls import balance, granted, new_customer, reserve, simultaneously

ROUNDS = [10, pytest.param(200, marks=pytest.mark.soak)]


@pytest.mark.parametrize("rounds", ROUNDS)
def test_twenty_reserves_of_75_against_500(twenty, rounds):
    api = twenty[0]
    for _ in range(rounds):
        customer = new_customer(api, "500")
        answers = simultaneously(
            twenty, lambda mine, index, customer=customer: reserve(mine, customer, "75")
        )
        assert Counter(answer.status for answer in answers) == {201: 6, 402: 14}
        assert balance(api, customer) == ("50", "450", "500")
        refusals = [answer for answer in answers if answer.status == 402]
        assert {refusal.problem[1] for refusal in refusals} == {"insufficient-credits"}
        assert {refusal.json()["required"] for refusal in refusals} == {"75"}


def test_debits_holds_and_batches_race_for_the_same_credits(twenty):
    api = twenty[0]
    for _ in range(5):
        customer = new_customer(api, "200", "300")
        spend = partial(_spend, customer)
        assert Counter(simultaneously(twenty, spend)) == {201: 6, 402: 14}
        available, held, total = balance(api, customer)
        assert available == "50"
        assert int(held) + 50 == int(total)


def test_enough_for_all_is_given_to_all(twenty):
    customer = new_customer(twenty[0], "1500")
    answers = simultaneously(twenty, lambda mine, index: reserve(mine, customer, "75"))
    assert {answer.status for answer in answers} == {201}
    assert balance(twenty[0], customer) == ("0", "1500", "1500")


def _spend(customer, api, index):
    fields = {"customer": customer, "amount": "75"}
    if index % 3 < 2:
        return api.post(("/debits", "/reservations")[index % 3], fields).status
    item = {"op": "reserve", "idempotency_key": f"{customer} {index}"} | fields
    return granted(api.post("/batch", {"operations": [item]}))["results"][0]["status"]
