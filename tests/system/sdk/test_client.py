"""The client for threads, over HTTP, with a real service."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from time import monotonic

import pytest

from drawdown import Client, PaymentRequired, Problem, Retry, Unreachable, operations, uuid7
from drawdown.problems import (
    IdempotencyKeyReused,
    InsufficientCredits,
    KeyInvalid,
    NotFound,
    ReservationReleased,
    Unauthorized,
)
from tests.system.sdk.world import ENDPOINT, soon


def test_a_block_is_held_and_committed(credits, world):
    with credits.reserve(world.customer, amount=4) as hold:
        assert world.balance() == (96, 4)
        assert hold.customer == world.customer
    assert world.balance() == (96, 0)
    assert hold.settled.committed == 4
    assert hold.settled.balance.available == 96


def test_a_block_that_raises_is_released(credits, world):
    with pytest.raises(ZeroDivisionError), credits.reserve(world.customer, amount=4):
        raise ZeroDivisionError
    assert world.balance() == (100, 0)
    assert [each["status"] for each in world.reservations()] == ["released"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_so_is_one_that_is_broken_off(credits, world, error):
    with pytest.raises(error), credits.reserve(world.customer, amount=4):
        raise error
    assert world.balance() == (100, 0)


def test_it_says_what_the_work_came_to(credits, world):
    with credits.reserve(world.customer, amount=4) as hold:
        hold.use(amount="1.5")
    assert world.balance() == (Decimal("98.5"), 0)
    with credits.reserve(world.customer, ENDPOINT) as hold:
        hold.use(outcome="server_error")
    assert hold.settled.committed == 0


def test_a_call_is_priced_by_its_endpoint(credits, world):
    with credits.reserve(world.customer, ENDPOINT) as hold:
        pass
    assert hold.reservation.endpoint == ENDPOINT
    assert world.balance()[0] == 100 - hold.settled.committed < 100


def test_work_that_lasts_is_extended(credits, world):
    length = timedelta(seconds=2)
    with credits.reserve(world.customer, amount=4, expires_in=length) as hold:
        first = hold.reservation.expires_at
        soon(lambda: hold.reservation.expires_at > first + length)
        assert world.balance() == (96, 4)
    assert world.balance() == (96, 0)


def test_the_key_of_a_customer_pays(credits, world):
    with credits.reserve(api_key=world.new_key(), amount=1) as hold:
        assert hold.customer == world.customer


def test_a_refusal_is_of_its_own_class(credits, world):
    with pytest.raises(InsufficientCredits) as refused:
        credits.debit(world.customer, amount=101)
    problem = refused.value
    assert isinstance(problem, PaymentRequired) and problem.status == 402
    assert (problem.required, problem.available, problem.shortfall) == ("101", "100", "1")
    assert not problem.should_retry and problem.request_id
    assert pickle.loads(pickle.dumps(problem)).shortfall == "1"
    with pytest.raises(AttributeError):
        _ = problem.nothing
    with pytest.raises(KeyInvalid):
        credits.debit(api_key="ddk_nonsense", amount=1)
    with pytest.raises(NotFound):
        credits.reservation("rsv_" + "0" * 64)


def test_a_wrong_service_key_is_refused(road):
    with Client(road.url, "dds_wrong") as client, pytest.raises(Unauthorized):
        client.debit("cus_1", amount=1)


def test_who_pays_is_said_once(credits):
    for payers in ({}, {"customer": "cus_1", "api_key": "ddk_1"}):
        with pytest.raises(ValueError, match="Say who pays"):
            credits.debit(**payers, amount=1)


@pytest.mark.parametrize(
    ("amount", "error"),
    [(0.1, TypeError), (True, TypeError), ("x", ValueError), ("-1", ValueError)]
    + [("NaN", ValueError), ("0.0000001", ValueError), ("", ValueError)],
)
def test_nonsense_is_no_amount(credits, amount, error):
    with pytest.raises(error, match="[Cc]redits"):
        credits.debit("cus_1", amount=amount)


def test_each_verb(credits, world):
    made = credits.operate(operations.reserve(world.customer, None, amount=4))
    longer = credits.extend(made.id, expires_in=timedelta(hours=1))
    assert longer.expires_at > made.expires_at
    assert credits.commit(made.id, amount=3).released == 1
    assert credits.reverse(made.id, reason="wrong").status == "reversed"
    other = credits.operate(operations.reserve(world.customer, None, amount=4))
    assert credits.release(other.id).status == "released"
    with pytest.raises(ReservationReleased):
        credits.commit(other.id)
    assert credits.reservation(other.id).status == "released"
    assert world.balance() == (100, 0)


def test_a_decorator_charges_each_call(credits, world):
    @credits.charged(ENDPOINT, customer=lambda who, _: who)
    def summarize(who: str, text: str) -> str:
        return text[:3]

    assert summarize(world.customer, "a long text") == "a l"
    assert [each["status"] for each in world.reservations()] == ["committed"]


def test_a_decorator_refuses_what_runs_after_the_call(credits):
    async def work():
        pass

    def parts():
        yield

    for function, says in ((work, "AsyncClient"), (parts, "reserve")):
        with pytest.raises(TypeError, match=says):
            credits.charged(ENDPOINT, customer=str)(function)


def test_a_lost_answer_is_asked_for_again_and_done_once(credits, road, world):
    road.lose_answers(2)
    assert credits.debit(world.customer, amount=10).committed == 10
    assert road.requests == 3
    assert world.balance() == (90, 0)


def test_it_gives_up_in_time(road, demo, world):
    with Client(road.url, demo["service_key"], retry=Retry(deadline=0.5)) as client:
        road.close()
        began = monotonic()
        with pytest.raises(Unreachable):
            client.debit(world.customer, amount=10)
        assert monotonic() - began < 2


def test_it_does_not_insist_where_that_does_not_help(credits, road, world):
    with pytest.raises(Problem):
        credits.debit(world.customer, amount=1000)
    assert road.requests == 1


def test_a_key_of_ones_own_makes_it_once(credits, world):
    key = str(uuid7())
    first, second = (credits.debit(world.customer, amount=1, key=key) for _ in range(2))
    assert first.id == second.id
    with pytest.raises(IdempotencyKeyReused):
        credits.debit(world.customer, amount=2, key=key)
    assert world.balance() == (99, 0)


def test_a_list_is_answered_one_by_one(credits, world):
    made = [operations.debit(world.customer, None, amount=amount) for amount in (60, 60, 40)]
    first, second, third = credits.operate_list(made)
    assert (first.committed, third.committed) == (60, 40)
    assert isinstance(second, InsufficientCredits)


def test_threads_share_lists(road, demo, world):
    with (
        Client(road.url, demo["service_key"], lists=True) as client,
        ThreadPoolExecutor(16) as pool,
    ):
        made = list(pool.map(lambda _: _try(client, world.customer), range(150)))
    assert made.count(None) == 50, "100 credits pay for 100 calls"
    assert world.balance() == (0, 0)
    assert road.requests < 150


def _try(client, customer):
    try:
        return client.debit(customer, amount=1)
    except InsufficientCredits:
        return None


def test_events_are_reported_once(credits, world):
    event = {"specversion": "1.0", "id": str(uuid7()), "source": "/tests", "type": ENDPOINT}
    events = [event | {"subject": world.customer}]
    assert [credits.report(events)[0]["status"] for _ in range(2)] == ["accepted", "duplicate"]
