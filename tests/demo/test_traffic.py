"""The demo company's customers call its service, in all their ways, and nothing fails."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.config.service import Service
from tests.demo.company import rows, started

SECONDS = 12
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


def test_nothing_is_logged_but_requests(service: Service) -> None:
    after = service.said().split("Drawdown is ready")[1].splitlines()
    events = [json.loads(line) for line in after if line.startswith("{")]
    assert {(event["event"], event["level"]) for event in events} <= {("request", "info")}
    assert [line for line in after if "WARNING" in line or "Traceback" in line] == []


@pytest.mark.parametrize("victim", ["config.demo.northwind", "config.demo.traffic"])
def test_its_processes_end_with_all_others(state: Path, victim: str) -> None:
    with started(state.parent / victim, calls=5) as another:
        tree = another.tree()
        another.find(victim).kill()
        another.assert_gone(tree)
