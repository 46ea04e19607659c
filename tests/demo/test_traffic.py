"""The demo company's customers call its service, in all their ways, and nothing fails."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.demo.northwind.__main__ import GRACE_SECONDS
from tests.config.service import Service
from tests.demo.company import rows, started

SECONDS = 12
ANOTHER = "another"
CALLS = """
select c.name, r.state, r.outcome, count(*) as calls
from ledger_reservation r join accounts_customer c on c.id = r.customer_id group by 1, 2, 3
"""


@pytest.fixture(scope="module")
def service(state: Path) -> Iterator[Service]:
    with started(state, calls=25) as service:
        time.sleep(SECONDS)
        yield service


def test_customers_behave_as_they_are(service: Service, state: Path) -> None:
    calls = rows(state, CALLS)
    assert sum(row["calls"] for row in calls) > SECONDS * 5
    ends = {(row["name"], row["state"], row["outcome"]) for row in calls}
    assert ("Contoso", "committed", "success") in ends
    assert ("Proseware", "committed", "client_error") in ends
    assert ("Lucerne Publishing", "released", None) in ends
    assert "Adventure Works" not in {row["name"] for row in calls}


def warnings(service: Service) -> list[str]:
    """All that was logged but requests."""
    after = service.said().split("Drawdown is ready")[1].splitlines()
    requests = [line for line in after if line.startswith("{") and _is_request(json.loads(line))]
    return [
        line
        for line in after
        if line not in requests
        and (line.startswith("{") or "WARNING" in line or "Traceback" in line)
    ]


def _is_request(event: dict[str, str]) -> bool:
    return (event["event"], event["level"]) == ("request", "info")


def test_nothing_is_logged_but_requests(service: Service) -> None:
    assert warnings(service) == []


def test_it_ends_quietly_when_drawdown_answers_no_more(state: Path) -> None:
    with started(state.parent / ANOTHER, calls=25) as another:
        time.sleep(2)
        drawdown = another.find("config.web")
        drawdown.suspend()
        time.sleep(1)
        another.process.send_signal(signal.SIGTERM)
        time.sleep(GRACE_SECONDS + 1)
        drawdown.resume()
        assert another.end_by(signal.SIGTERM) == 0
        assert warnings(another) == [], another.said()


@pytest.mark.parametrize("victim", ["config.demo.northwind", "config.demo.traffic"])
def test_its_processes_end_with_all_others(state: Path, victim: str) -> None:
    with started(state.parent / ANOTHER, calls=5) as another:
        tree = another.tree()
        another.find(victim).kill()
        another.assert_gone(tree)
