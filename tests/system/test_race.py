"""Promise 1: concurrent requests never overspend a balance, and are never refused without need."""

from collections import Counter

import pytest

from tests.system.calls import balance, new_customer, reserve, simultaneously

CALLERS = 20
ROUNDS = [10, pytest.param(200, marks=pytest.mark.soak)]


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("processes", ["one", "several"])
def test_twenty_reserves_of_75_against_500(request, processes, rounds):
    with request.getfixturevalue(processes).api() as api:
        for _ in range(rounds):
            customer = new_customer(api, "500")
            answers = simultaneously(
                api, CALLERS, lambda mine, index, customer=customer: reserve(mine, customer, "75")
            )
            assert Counter(answer.status for answer in answers) == {201: 6, 402: 14}
            assert balance(api, customer) == ("50", "450", "500")
            refusals = [answer for answer in answers if answer.status == 402]
            assert {refusal.problem[1] for refusal in refusals} == {"insufficient-credits"}
            assert all(refusal.json()["required"] == "75" for refusal in refusals)


@pytest.mark.parametrize("processes", ["one", "several"])
def test_debits_holds_and_batches_race_for_the_same_credits(request, processes):
    def spend(mine, index):
        fields = {"customer": customer, "amount": "75"}
        if index % 3 == 0:
            return mine.post("/debits", fields).status
        if index % 3 == 1:
            return mine.post("/reservations", fields).status
        item = {"op": "reserve", "idempotency_key": f"{customer} {index}"} | fields
        return mine.post("/batch", {"operations": [item]}).json()["results"][0]["status"]

    with request.getfixturevalue(processes).api() as api:
        for _ in range(5):
            customer = new_customer(api, "200", "300")
            assert Counter(simultaneously(api, CALLERS, spend)) == {201: 6, 402: 14}
            available, held, total = balance(api, customer)
            assert available == "50"
            assert int(held) + 50 == int(total)


def test_enough_for_all_is_given_to_all(several):
    with several.api() as api:
        customer = new_customer(api, "1500")
        answers = simultaneously(api, CALLERS, lambda mine, index: reserve(mine, customer, "75"))
        assert {answer.status for answer in answers} == {201}
        assert balance(api, customer) == ("0", "1500", "1500")


def test_requests_reach_both_processes(several):
    with several.api() as api:
        serving = simultaneously(api, CALLERS, lambda mine, index: _served_by(several, mine))
    assert len(set(serving)) == 2


def _served_by(installation, api):
    assert api.get("healthz").status == 200
    return installation.connections_by_web_process()[api.local_port()]
