"""Schemathesis against a running service, with things in it to be found."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from config.state import BASE_DIR
from tests.api import hooks
from tests.system.http import Api

HERE = Path(__file__).parent
HOLDS = 60
LEASES = 20


class Fuzzed(NamedTuple):
    passed: bool
    cases: int
    said: str


def seed(api: Api) -> dict[str, list[str]]:
    """A customer with much, one with little, one suspended; open and ended reservations; leases;
    keys."""
    rich, poor, suspended = (_customer(api, credits) for credits in ("1000000", "3", "50"))
    keys = [_made(api, f"/customers/{poor}/keys", {})["id"] for _ in range(20)]
    held = [_reserved(api, rich, number) for number in range(HOLDS)]
    for number, reservation in enumerate(held[: HOLDS // 2]):
        verb = ("commit", "release")[number % 2]
        assert api.post(f"/reservations/{reservation}/{verb}", {}).status == 200
    assert api.send("PATCH", f"/customers/{suspended}", {"status": "suspended"}).status == 200
    return {
        "cus": [rich, rich, poor, suspended],
        "rsv": held,
        "lse": [_leased(api, rich) for _ in range(LEASES)],
        "key": keys,
        "endpoint": ["classify", "generate"],
    }


def fuzz(api: Api, folder: Path, *, examples: int, options: tuple[str, ...] = ()) -> Fuzzed:
    """With every check, and so many examples an operation."""
    report = folder / "report.json"
    command = [
        *(sys.executable, "-m", "schemathesis.cli"),
        *("--config-file", str(HERE / "schemathesis.toml")),
        *("run", f"{api.base_url}/v1/openapi.json", "--no-color"),
        *("--max-examples", str(examples), "--report-json-path", str(report), *options),
    ]
    assert api.secret
    environment = os.environ | {"SERVICE_KEY": api.secret, hooks.SEEDS: json.dumps(seed(api))}
    outcome = subprocess.run(command, env=environment, cwd=BASE_DIR, capture_output=True, text=True)
    cases = json.loads(report.read_text())["test_cases"]["generated"]
    return Fuzzed(outcome.returncode == 0, cases, outcome.stdout + outcome.stderr)


def _customer(api: Api, credits: str) -> str:
    customer: str = _made(api, "/customers", {"name": "Fuzzed"})["id"]
    _made(api, f"/customers/{customer}/grants", {"amount": credits, "kind": "promo"})
    return customer


def _reserved(api: Api, customer: str, number: int) -> str:
    body = {"customer": customer, "endpoint": ("classify", "generate")[number % 2]}
    reservation: str = _made(api, "/reservations", body)["id"]
    return reservation


def _leased(api: Api, customer: str) -> str:
    lease: str = _made(api, "/leases", {"customer": customer, "amount": "1000"})["id"]
    return lease


def _made(api: Api, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.post(path, body)
    assert answer.status == 201, answer
    made: dict[str, Any] = answer.json()
    return made
