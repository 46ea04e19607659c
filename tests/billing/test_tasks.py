"""What is done by itself, whenever it is sent."""

import time

import pytest
from kombu.exceptions import OperationalError

from billing import books_checks, tasks
from billing.models import BooksCheck, Job, Purchase
from billing.providers.sandbox import acts
from ledger import outbox
from tests.billing.reports import untold
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
    assert 3 <= float(Job.objects.get(name="canary").outcome) < 4


def test_events_are_handed_on_though_the_broker_is_away(
    db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(**options: object) -> None:
        raise OperationalError("Connection refused")

    monkeypatch.setattr(tasks.send_mails, "apply_async", away)
    outbox.tell(order().customer_id, "test")
    assert tasks.relay_events() >= 1
    assert outbox.backlog().events == 0
    assert "mails is done later: Connection refused" in caplog.text
