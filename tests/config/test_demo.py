"""What `make run` prints works when it is pasted, and what it loads is loaded once."""

import json
import shutil
import signal
import subprocess

import httpx
import pytest

from tests.config.service import Kept, Service


def pasted(line: str) -> dict:
    outcome = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True)
    return json.loads(outcome.stdout)


def ask(service: Service, path: str) -> dict:
    demo = service.demo()
    headers = {"Authorization": f"Bearer {demo['service_key']}"}
    return httpx.get(f"{demo['base_url']}/v1/{path}", headers=headers).json()


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl to paste into")
def test_each_printed_line_works_when_pasted(service: Service) -> None:
    lines = [line for line in service.said().splitlines() if line.startswith("curl ")]
    reserve, commit, entries, generate = lines
    held = [pasted(reserve) for _ in range(2)]
    assert [(one["status"], one["amount"]) for one in held] == [("held", "4")] * 2
    assert held[0]["id"] != held[1]["id"]
    committed = pasted(commit)
    assert (committed["status"], committed["id"]) == ("committed", held[1]["id"])
    first = pasted(entries)["data"][0]
    assert (first["id"], first["amount"]) == (committed["transaction"], "-4")
    assert pasted(generate)["tokens"] == 80
    assert pasted(entries)["data"][0]["amount"] == "-2.028"


def test_a_second_start_loads_nothing_again(service: Service, kept: Kept) -> None:
    before = service.demo()
    customer = f"customers/{before['customers'][1]['id']}"
    lots = ask(service, f"{customer}/lots")
    service.end_by(signal.SIGTERM)
    again = kept.running()
    assert ask(again, f"{customer}/lots") == lots
    assert {**again.demo(), "base_url": ""} == {**before, "base_url": ""}
    told = [(lot["kind"], lot["amount"], lot["price"]) for lot in lots["data"]]
    assert told == [
        ("promo", "100", None),
        ("paid", "5000", {"amount": "25.00", "currency": "USD"}),
    ]
    assert ask(again, f"{customer}/balance")["available"] == "5100"


def test_northwind_sells_four_endpoints(service: Service) -> None:
    sold = {one["code"]: one["price"] for one in ask(service, "endpoints")["data"]}
    assert {code: price["per_call"] for code, price in sold.items()} == {
        "classify": "1",
        "summarize": "4",
        "extract-pdf": "12",
        "generate": "2",
    }
    assert sold["generate"]["quantity"] == {"name": "tokens", "per": 1000, "amount": "0.35"}
