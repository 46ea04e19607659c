"""The rounds that reconcile by themselves."""

import pytest
from django.core.management import call_command
from django.db import OperationalError, connections

from billing import books_checks, rounds
from billing.models import BooksCheck, Purchase
from billing.providers.sandbox import acts
from tests.billing.reports import untold
from tests.factories.billing import credits, order


class Ended(BaseException):
    """As a signal ends the process."""


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses; the third never comes to its end."""
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            raise Ended

    monkeypatch.setattr("billing.rounds.time.sleep", sleep)
    return pauses


@pytest.fixture(autouse=True)
def closed(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """How often connections were let go; a test needs its own till the end."""
    times: list[bool] = []
    monkeypatch.setattr(connections, "close_all", lambda: times.append(True))
    return times


@pytest.fixture(autouse=True)
def checked(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """How often the books were; the snapshot of that is not to be had within a test's own
    transaction."""
    times: list[bool] = []
    done = BooksCheck(checks=1, broken=0)
    monkeypatch.setattr(books_checks, "run_and_tell", lambda: times.append(True) or done)
    return times


def hourly() -> None:
    with pytest.raises(Ended):
        call_command("reconcile_payments", "--hourly")


def test_at_once_and_every_hour(books_tie: None, slept: list[float], closed: list[bool]) -> None:
    purchase: Purchase = order()
    acts.pay(purchase.provider_ref or "")
    untold()
    hourly()
    assert credits(purchase.customer_id) == {"U10": 1000, "U20": 1000}
    assert slept == [3600, 3600, 3600]
    assert len(closed) == 3


def test_a_round_that_fails_is_a_line_and_not_the_end(
    db: None,
    slept: list[float],
    closed: list[bool],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def away() -> None:
        raise OperationalError("the server closed the connection\nunexpectedly")

    monkeypatch.setattr(rounds, "reconcile", away)
    hourly()
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(slept) == len(closed) == len(errors) == 3
    told = errors[0]
    assert "the server closed the connection unexpectedly" in told.getMessage()
    assert told.exc_info is None


def test_the_books_are_checked_when_it_is_time(
    db: None, slept: list[float], checked: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([False, True, False])
    monkeypatch.setattr(books_checks, "is_due", lambda now: next(times))
    hourly()
    assert checked == [True]


def test_the_books_are_checked_though_the_reconciliation_fails_and_it_though_they_cannot_be(
    db: None, slept: list[float], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away() -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(rounds, "reconcile", away)
    monkeypatch.setattr(books_checks, "run_and_tell", away)
    hourly()
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    told = [record.getMessage().partition(" failed")[0] for record in errors]
    assert told == ["The reconciliation", "The check of the books"] * 3


def test_it_is_ended_from_a_terminal_without_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rounds, "reconcile", interrupted)
    call_command("reconcile_payments", "--hourly")
