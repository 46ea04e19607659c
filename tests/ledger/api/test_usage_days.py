"""Usage under a clock that moves."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from ledger import services
from ledger.amounts import CREDIT
from tests.accounts.conftest import committed
from tests.factories.accounts import CustomerFactory, ServiceKeyFactory
from tests.factories.ledger import Clock
from tests.ledger.api.conftest import Caller, operate, path
from tests.ledger.api.test_usage import usage

__all__ = ["committed"]

DAY = 24 * 60 * 60


@pytest.fixture
def clock(committed: None) -> Iterator[Clock]:
    clock = Clock()
    yield clock
    clock.reset()


@pytest.fixture
def funded(clock: Clock) -> Any:
    customer = CustomerFactory()
    services.grant(customer.id, amount=100 * CREDIT, kind="promo")
    return customer


@pytest.fixture
def service(clock: Clock) -> Caller:
    return Caller(ServiceKeyFactory().secret)


def test_days_are_utc_days_and_a_call_counts_when_it_was_made(service, funded, clock):
    midnight = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    clock.forward((midnight + timedelta(days=2, seconds=-30) - clock.now()).total_seconds())
    late = operate("reserve", funded, amount=CREDIT)
    clock.forward(60)
    operate("commit", funded, reservation_id=late.reservation_id)
    operate("debit", funded, amount=2 * CREDIT)
    first, second = (midnight + timedelta(days=days) for days in (1, 2))
    assert usage(service, funded, "group_by=day") == [
        {"day": f"{first:%F}", "calls": 1, "credits": "1"},
        {"day": f"{second:%F}", "calls": 1, "credits": "2"},
    ]
    assert usage(service, funded, f"from={second:%F}") == [{"calls": 1, "credits": "2"}]
    assert usage(service, funded, f"to={second:%F}") == [{"calls": 1, "credits": "1"}]


def test_the_last_thirty_days_are_summed_unless_asked_otherwise(service, funded, clock):
    operate("debit", funded, amount=CREDIT)
    clock.forward(31 * DAY)
    body = service.get(path(funded, "/usage")).json()
    start, end = (datetime.fromisoformat(body[field]) for field in ("from", "to"))
    assert end - start == timedelta(days=30)
    assert body["data"] == [{"calls": 0, "credits": "0"}]
    earlier = usage(service, funded, f"from={start - timedelta(days=2):%FT%TZ}")
    assert earlier == [{"calls": 1, "credits": "1"}]
