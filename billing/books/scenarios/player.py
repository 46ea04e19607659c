"""Plays a scenario's events, one after the other, each whole or not at all."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db import DataError, IntegrityError, transaction
from django.test.utils import override_settings

from accounts.errors import AccountsError
from billing import providers
from billing.books import escheat, periods, revenue
from billing.books.breakage.formula import ImpossiblePosition
from billing.books.scenarios import bank, books, clock, database, expecting, settings
from billing.books.scenarios.books import Close
from billing.books.scenarios.events import EVENTS
from billing.books.scenarios.expecting import Difference
from billing.books.scenarios.file import Event, Scenario
from billing.books.scenarios.transfers import Journal, Line
from billing.books.scenarios.world import World
from billing.errors import BillingError
from billing.outcomes import Parked, Unfit
from ledger.errors import LedgerError

# These post nothing on their own day.
_ON_ANY_DAY = {"expect", "close"}


class Refusal(NamedTuple):
    number: int
    at: datetime
    event: str
    error: str
    detail: str


class Answer(NamedTuple):
    """What came of a scenario; amounts are as they are written."""

    title: str
    closes: list[Close]
    balances: dict[str, dict[str, str]]
    functional: dict[str, dict[str, str]]
    credits: dict[str, dict[str, str]]
    transfers: list[Line]
    refused: list[Refusal]
    differences: list[Difference]


@dataclass
class Run:
    world: World
    journal: Journal = field(default_factory=Journal)
    closes: list[Close] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)


def play(scenario: Scenario, *, then: Callable[[], None] = lambda: None) -> Answer:
    """In a database of its own; `then` is done in it before it is dropped."""
    with _installation(), database.throw_away():
        settings.apply(scenario.settings)
        run = Run(World(scenario.currency, settlements=_settlements(scenario)))
        for event in scenario.events:
            _play(run, event)
        with transaction.atomic():
            _settle_what_is_due()
        run.journal.read(run.world)
        then()
        return _answer(scenario, run)


@contextmanager
def _installation() -> Iterator[None]:
    """Nothing of this one's environment changes what a scenario comes to."""
    providers.add(bank.NAME, bank.Bank)
    with override_settings(PAYMENT_PROVIDERS=[bank.NAME], REFUND_DAYS=0, TAX_BY_PROVIDER=False):
        yield


def _settlements(scenario: Scenario) -> Counter[str]:
    return Counter(
        event.fields["reservation"]
        for event in scenario.events
        if event.kind in ("commit", "release") and event.fields["reservation"]
    )


def _play(run: Run, event: Event) -> None:
    clock.move_to(event.clock)
    before = run.world.as_it_is()
    try:
        with transaction.atomic():
            _happen(run, event)
    except (BillingError, LedgerError, AccountsError) as error:
        _refuse(run, event, before, error.code, error.detail)
    except Unfit as error:
        _refuse(run, event, before, error.code, str(error))
    except Parked as error:
        _refuse(run, event, before, "not-yet", str(error))
    except (DataError, IntegrityError, ImpossiblePosition) as error:
        # The last: time went back, and what is undone had not been done yet on that day.
        _refuse(run, event, before, "not-possible", str(error))
    run.journal.read(run.world)
    if event.kind == "expect":
        run.differences += expecting.differences(event, run.world, run.journal, _errors(run))


def _happen(run: Run, event: Event) -> None:
    if event.kind not in _ON_ANY_DAY:
        periods.require_open(event.day)
    _settle_what_is_due()
    run.world.now = event.at
    if event.kind in EVENTS:
        EVENTS[event.kind](run.world, event)
    if isinstance(event.fields, dict) and event.fields.get("id"):
        run.world.made_at[event.fields["id"]] = event.at
    revenue.recognise_all()
    if event.kind == "close":
        run.closes += books.closes(event.fields, run.world.currency)


def _settle_what_is_due() -> None:
    revenue.expire_all()
    escheat.register_expired()
    revenue.recognise_all()


def _refuse(run: Run, event: Event, before: World, code: str, detail: str) -> None:
    run.world = before
    run.refused.append(Refusal(event.number, event.at, event.kind, code, detail))


def _errors(run: Run) -> list[str]:
    return [refusal.error for refusal in run.refused]


def _answer(scenario: Scenario, run: Run) -> Answer:
    return Answer(
        title=scenario.title,
        closes=run.closes,
        balances=books.balances(run.world.currency),
        functional=books.functional_of_file(),
        credits=books.credits(run.world.customers),
        transfers=run.journal.lines,
        refused=run.refused,
        differences=run.differences,
    )
