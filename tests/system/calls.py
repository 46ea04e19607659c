"""The calls that most tests make, in a word each."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any, TypeVar

from tests.system.http import Answer, Api

CREDIT = 1_000_000

_T = TypeVar("_T")


def micro(amount: str) -> int:
    """The micro-credits that a decimal string says, exactly."""
    whole = Decimal(amount) * CREDIT
    assert whole == int(whole)
    return int(whole)


def new_customer(api: Api, *amounts: str, **fields: Any) -> str:
    """With a promotional lot of each amount."""
    answer = api.post("/customers", {"name": "A customer"} | fields)
    assert answer.status == 201, answer
    customer: str = answer.json()["id"]
    for amount in amounts:
        grant(api, customer, amount)
    return customer


def grant(api: Api, customer: str, amount: str, *, kind: str = "promo", **fields: Any) -> str:
    """The lot."""
    body = {"amount": amount, "kind": kind} | fields
    return granted(api.post(f"/customers/{customer}/grants", body))["lot"]


def granted(answer: Answer) -> Any:
    """The body of a success."""
    assert answer.status in (200, 201), answer
    return answer.json()


def reserve(api: Api, customer: str, amount: str, key: str | None = None, **fields: Any) -> Answer:
    return api.post("/reservations", {"customer": customer, "amount": amount} | fields, key)


def settle(api: Api, verb: str, reservation: str, key: str | None = None, **fields: Any) -> Answer:
    return api.post(f"/reservations/{reservation}/{verb}", fields, key)


def balance(api: Api, customer: str) -> tuple[str, str, str]:
    """Available, held and total."""
    body = granted(api.get(f"/customers/{customer}/balance"))
    return body["available"], body["held"], body["total"]


def lots(api: Api, customer: str) -> dict[str, tuple[str, str]]:
    """What remains and what is held of each."""
    found = pages(api, f"/customers/{customer}/lots")
    return {lot["id"]: (lot["remaining"], lot["held"]) for lot in found}


def pages(api: Api, path: str) -> list[Any]:
    """All that a list has."""
    found: list[Any] = []
    cursor = ""
    mark = "&" if "?" in path else "?"
    while cursor is not None:
        page = granted(api.get(f"{path}{mark}limit=100{cursor and '&cursor=' + cursor}"))
        found += page["data"]
        cursor = page["next_cursor"]
    return found


def simultaneously(callers: Sequence[Api], action: Callable[[Api, int], _T]) -> list[_T]:
    """What `action` returns for each of these connections, all at once in threads."""
    ready = Barrier(len(callers))

    def run(index: int) -> _T:
        ready.wait()
        return action(callers[index], index)

    with ThreadPoolExecutor(len(callers)) as pool:
        return list(pool.map(run, range(len(callers))))
