"""What both clients do, without a word about how bytes travel."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from drawdown.answers import Balance, Reservation
from drawdown.errors import Problem
from drawdown.operations import Operation
from drawdown.problems import problem
from drawdown.retrying import Retry, call
from drawdown.wire import Answer, Flow, Request

EVENTS = "application/cloudevents-batch+json"


def operate(operation: Operation, retry: Retry) -> Flow[Reservation]:
    answer = yield from call(operation.request(), retry)
    with _understood(answer):
        return Reservation.read(answer.json())


def operate_list(items: Sequence[bytes], retry: Retry) -> Flow[list[Reservation | Problem]]:
    """Items of operations, in order; each succeeds or fails by itself. 1,000 at most."""
    body = b'{"operations":[%b]}' % b",".join(items)
    answer = yield from call(Request("POST", "/v1/batch", body), retry)
    with _understood(answer):
        results = zip(answer.json()["results"], items, strict=True)
        return [_of_list(result) for result, _ in results]


def report(events: Sequence[Mapping[str, Any]], retry: Retry) -> Flow[list[dict[str, Any]]]:
    """CloudEvents of work that is done already; 1,000 at most."""
    request = Request("POST", "/v1/events", list(events), content_type=EVENTS)
    answer = yield from call(request, retry)
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def balance(customer: str, retry: Retry) -> Flow[Balance]:
    raw = yield from get(f"/v1/customers/{customer}/balance", retry)
    return Balance.read(raw)


def reservation(id: str, retry: Retry) -> Flow[Reservation]:
    return Reservation.read((yield from get(f"/v1/reservations/{id}", retry)))


def get(path: str, retry: Retry, query: Mapping[str, Any] | None = None) -> Flow[Any]:
    answer = yield from call(Request("GET", path, query=query or {}), retry)
    return answer.json()


def post(path: str, body: object, retry: Retry, key: str | None) -> Flow[Any]:
    answer = yield from call(Request("POST", path, body, key), retry)
    return answer.json()


@contextmanager
def _understood(answer: Answer) -> Iterator[None]:
    """Raises Unreachable: something else answered in its place."""
    try:
        yield
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise answer.is_none() from error


def _of_list(result: Mapping[str, Any]) -> Reservation | Problem:
    if result["status"] < 400:
        return Reservation.read(result["body"])
    return problem(result["status"], result["body"], {})
