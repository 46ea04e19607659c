"""Promise 19: a dead broker is invisible to debits, and everything owed is delivered afterwards."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker.servers import Redis, await_true
from tests.system.http import Api
from tests.system.installation import Installation, installed

CUSTOMERS = 5
# kombu tries again after pauses of up to 30 seconds.
RETURN_SECONDS = 60
OWED = """
select count(*) as owed from ledger_outbox o join ledger_event e on e.id = o.event_id
where e.kind in ('credits.added', 'balance.exhausted')
"""
ALERTS = "select count(*) as alerts from billing_alert where kind = 'dry'"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Redis]:
    if shutil.which(Redis.program) is None:
        pytest.skip(f"{Redis.program} is not installed")
    broker = Redis(tmp_path)
    broker.start_empty()
    yield broker
    broker.close()


@pytest.fixture
def installation(folder: Path, broker: Redis) -> Iterator[Installation]:
    with installed(folder / "away", CELERY_BROKER_URL=broker.url) as installation:
        yield installation


@pytest.mark.parametrize("seconds", [2, pytest.param(120, marks=pytest.mark.soak)])
def test_debits_go_on_without_a_broker(
    seconds: float, installation: Installation, broker: Redis
) -> None:
    def owed() -> int:
        return int(installation.rows(OWED)[0]["owed"])

    await_true(lambda: _background(installation) and not owed())
    before, began = _background(installation), time.monotonic()
    with installation.api() as api:
        broker.kill()
        customers = 0
        while time.monotonic() - began < seconds or customers < CUSTOMERS:
            _spend_all(api)
            customers += 1
    # Two are told of each: that credits came, and that they are gone.
    assert owed() == 2 * customers
    broker.start_empty()
    await_true(lambda: not owed(), RETURN_SECONDS)
    assert installation.rows(ALERTS)[0]["alerts"] == customers
    assert _background(installation) == before


def _spend_all(api: Api) -> None:
    made = api.post("v1/customers", {"name": "Acme"})
    customer = made.json()["id"]
    granted = api.post(f"v1/customers/{customer}/grants", {"amount": "10", "kind": "promo"})
    debited = api.post("v1/debits", {"customer": customer, "endpoint": "summarize", "amount": "10"})
    assert [made.status, granted.status, debited.status] == [201, 201, 201]


def _background(installation: Installation) -> set[int]:
    """The processes of worker and beat."""
    return {
        process.pid
        for process, words in installation.service.each("cmdline")
        if words[-1:] in (["worker"], ["beat"])
    }
