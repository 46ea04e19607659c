"""One id leads from an answer to its line in the log, to the rows that it wrote, and to metrics."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from accounts.ids import uuid7
from tests.system.calls import new_customer, simultaneously
from tests.system.http import Api
from tests.system.installation import Installation

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def uuid_of(name: str) -> str:
    """Of a reservation, from its outside form."""
    return name[4 + 32 : 4 + 64]


def logged(installation: Installation, name: str, *, within: float = 5) -> list[dict[str, Any]]:
    """What the real process said of one request, its own line the last, which is written later."""
    deadline = time.monotonic() + within
    while True:
        lines = [line for line in installation.service.said().splitlines() if name in line]
        said = [json.loads(line) for line in lines]
        if any(line["event"] == "request" for line in said) or time.monotonic() > deadline:
            return said
        time.sleep(0.02)


def line_of(installation: Installation, name: str) -> dict[str, Any]:
    (line,) = logged(installation, name)
    assert line["event"] == "request"
    assert line["request_id"] == name
    return line


@pytest.fixture
def customer(api: Api) -> str:
    """With 100 credits."""
    return new_customer(api, "100")


def ask(api: Api, path: str, body: Any, name: str, key: str | None = None) -> Any:
    answer = api.post(path, body, key, X_Request_Id=name)
    assert answer.headers["X-Request-Id"] == name
    return answer.json()


def test_from_answer_to_line_to_row(one: Installation, api: Api, customer: str) -> None:
    made, settled = f"made-{uuid7()}", f"settled-{uuid7()}"
    hold = ask(api, "/reservations", {"customer": customer, "amount": "3"}, made)
    ask(api, f"/reservations/{hold['id']}/commit", {}, settled)
    for name, route, status, code in (
        (made, "reserve", 201, "held"),
        (settled, "commit", 200, "committed"),
    ):
        line = line_of(one, name)
        assert (line["route"], line["status"], line["code"]) == (route, status, code)
        assert (line["customer"], line["reservation"]) == (customer, hold["id"])
        assert line["service"] > 0
        assert line["duration_ms"] > 0
    (row,) = one.rows(
        "select request_id, ended_request_id from ledger_call where id = %s", [uuid_of(hold["id"])]
    )
    assert (row["request_id"], row["ended_request_id"]) == (made, settled)


def test_a_name_of_ours_is_as_good(one: Installation, api: Api, customer: str) -> None:
    answer = api.post("/reservations", {"customer": customer, "amount": "1"})
    name = answer.headers["X-Request-Id"]
    assert line_of(one, name)["reservation"] == answer.json()["id"]
    assert len(one.rows("select from ledger_hold where request_id = %s", [name])) == 1


def test_a_refusal_has_it_in_its_body(one: Installation, api: Api, customer: str) -> None:
    name = f"refused-{uuid7()}"
    problem = ask(api, "/reservations", {"customer": customer, "amount": "101"}, name)
    assert problem["request_id"] == name
    line = line_of(one, name)
    assert (line["status"], line["code"], line["customer"]) == (
        402,
        "insufficient-credits",
        customer,
    )


@pytest.mark.parametrize("path", ["/customers/cus_1", "/nothing"])
def test_django_says_it_too(one: Installation, api: Api, path: str) -> None:
    name = f"django-{uuid7()}"
    answer = api.send("GET", path, X_Request_Id=name)
    assert answer.headers["X-Request-Id"] == answer.json()["request_id"] == name
    line = line_of(one, name)
    assert (line["status"], line["code"], line["path"]) == (404, "not-found", f"/v1{path}")


def test_those_gathered_keep_their_own(one: Installation, api: Api, customer: str) -> None:
    names = [f"gathered-{number}-{uuid7()}" for number in range(20)]
    body = {"customer": customer, "amount": "1"}

    def reserve(caller: Api, number: int) -> Any:
        return ask(caller, "/reservations", body, names[number])

    with one.callers(20) as callers:
        holds = simultaneously(callers, reserve)
    for name, hold in zip(names, holds, strict=True):
        (row,) = one.rows("select request_id from ledger_hold where id = %s", [uuid_of(hold["id"])])
        assert row["request_id"] == name
        assert line_of(one, name)["reservation"] == hold["id"]


def test_a_batchs_items_have_the_batchs(one: Installation, api: Api, customer: str) -> None:
    name = f"batch-{uuid7()}"
    operations = [
        {"op": "reserve", "idempotency_key": str(uuid7()), "customer": customer, "amount": amount}
        for amount in ("1", "2", "1000")
    ]
    results = ask(api, "/batch", {"operations": operations}, name)["results"]
    assert results[2]["body"]["request_id"] == name
    line = line_of(one, name)
    assert (line["operations"], line["codes"]) == (3, {"held": 2, "insufficient-credits": 1})
    assert len(one.rows("select from ledger_hold where request_id = %s", [name])) == 2


def test_one_sent_again_has_its_own_line_and_the_first_ones_row(
    one: Installation, api: Api, customer: str
) -> None:
    first, again, key = f"first-{uuid7()}", f"again-{uuid7()}", str(uuid7())
    body = {"customer": customer, "amount": "1"}
    hold = ask(api, "/reservations", body, first, key)
    assert ask(api, "/reservations", body, again, key) == hold
    assert line_of(one, again)["reservation"] == hold["id"]
    (row,) = one.rows("select request_id from ledger_hold where id = %s", [uuid_of(hold["id"])])
    assert row["request_id"] == first


def test_staff_find_what_it_did(one: Installation, api: Api, customer: str) -> None:
    name = f"found-{uuid7()}"
    hold = ask(api, "/reservations", {"customer": customer, "amount": "1"}, name)
    with _staff(one) as staff:
        page = staff.get("/admin/find", params={"q": name})
        # There is one, so it is what the page is of.
        assert page.url.path == f"/admin/ledger/reservation/{hold['id'][4:68]}/change/"
        assert name in page.text


@contextmanager
def _staff(installation: Installation) -> Iterator[httpx.Client]:
    demo = installation.service.demo()
    address, patience = demo["base_url"], 60
    with httpx.Client(
        base_url=address, follow_redirects=True, trust_env=False, timeout=patience
    ) as client:
        client.get("/admin/")
        told = {
            "login": demo["admin"]["email"],
            "password": demo["admin"]["password"],
            "csrfmiddlewaretoken": client.cookies["csrftoken"],
        }
        client.post("/accounts/login/", data=told)
        yield client


def test_metrics_name_requests_as_exemplars(one: Installation, api: Api, customer: str) -> None:
    name = f"counted-{uuid7()}"
    ask(api, "/reservations", {"customer": customer, "amount": "1000"}, name)
    answer = api.send("GET", "metrics", Accept=OPENMETRICS)
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    counted = 'drawdown_operations_total{code="insufficient-credits"}'
    (line,) = [line for line in answer.body.decode().splitlines() if line.startswith(counted)]
    assert f'# {{request_id="{name}"}}' in line
    assert "# {" not in api.get("metrics").body.decode()


def test_faults_are_logged_with_it(fragile: Installation) -> None:
    with fragile.api() as api:
        customer = new_customer(api, "100")
        names = f"core-{uuid7()}", f"rest-{uuid7()}"
        with _broken(fragile):
            body = {"customer": customer, "amount": "1"}
            assert ask(api, "/reservations", body, names[0])["request_id"] == names[0]
            answer = api.send("GET", f"/customers/{customer}/lots", X_Request_Id=names[1])
            assert answer.problem == (500, "internal-error")
            assert answer.json()["request_id"] == names[1]
    for name in names:
        lines = logged(fragile, name)
        assert {line["level"] for line in lines} == {"error"}
        assert any("Traceback" in line.get("exception", "") for line in lines)
        assert any(line["event"] == "request" and line["status"] == 500 for line in lines)


@contextmanager
def _broken(installation: Installation) -> Iterator[None]:
    """The core fails at everything meanwhile."""
    installation.alter("alter table ledger_wallet rename to ledger_wallet_away")
    try:
        yield
    finally:
        installation.alter("alter table ledger_wallet_away rename to ledger_wallet")
