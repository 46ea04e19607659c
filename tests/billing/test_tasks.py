"""What is done by itself, whenever it is sent."""

import time
from collections.abc import Iterator

import pytest
from celery import Celery

from billing import books_checks, tasks
from billing.models import BooksCheck, Job, Purchase
from billing.providers.sandbox import acts
from config.celery import app
from ledger import outbox
from tests.billing.reports import untold
from tests.config.service import free_port
from tests.factories.billing import credits, order


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """How often the books were; the snapshot of that is not to be had within a test's own
    transaction."""
    times: list[bool] = []
    done = BooksCheck(checks=40, broken=1)
    monkeypatch.setattr(books_checks, "run_and_tell", lambda: times.append(True) or done)
    return times


def test_what_was_not_reported_is_entered(books_tie: None) -> None:
    purchase: Purchase = order()
    acts.pay(purchase.provider_ref or "")
    untold()
    assert "1 applied" in tasks.reconcile_payments()
    assert credits(purchase.customer_id) == {"U10": 1000, "U20": 1000}


def test_the_books_are_checked_when_it_is_time(
    db: None, checked: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books_checks, "is_due", lambda now: False)
    assert tasks.check_books() == "not due"
    assert checked == []
    monkeypatch.setattr(books_checks, "is_due", lambda now: True)
    assert tasks.check_books() == "40 checks, 1 broken"
    assert checked == [True]


def test_a_canary_says_how_long_it_was_under_way(db: None) -> None:
    tasks.canary(time.time() - 3)
    seconds, unit = Job.objects.get(name="canary").outcome.split()
    assert float(seconds) >= 3
    assert unit == "s"


@pytest.fixture
def away() -> Iterator[None]:
    """Nobody listens where the broker should be."""
    nowhere = Celery("nowhere", broker=f"redis://127.0.0.1:{free_port()}/0")
    nowhere.set_current()
    yield
    nowhere.close()
    app.set_current()


def test_events_are_handed_on_though_the_broker_is_away(
    db: None, away: None, caplog: pytest.LogCaptureFixture
) -> None:
    outbox.tell(order().customer_id, "test")
    assert tasks.relay_events() >= 1
    assert outbox.backlog().events == 0
    for task in ("mails", "webhooks", "top_ups"):
        assert f"{task} is done later: " in caplog.text
    assert "Connection refused" in caplog.text
