"""A back-test is answered: its calls are gone through once, and its lines are written as customers
are done with, so that what is in memory does not grow with them."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import HOUSE_ID
from billing.backtest import calls, lot_costs, months, repricing, terms, zones
from billing.backtest.calls import Call
from billing.backtest.lines import OfCustomer
from billing.backtest.months import Months
from billing.backtest.repricing import KEPT, UNPRICED, Past, Repricing
from billing.backtest.terms import Card, Concern, Concerns
from billing.models import BackTest, BackTestLine, BackTestState
from ledger import selectors
from ledger.models import Endpoint
from ledger.periods import Period

# Whoever gave no sign for so long is dead, and its work is begun anew.
PATIENCE: Final = timedelta(minutes=10)
BEAT_EVERY: Final = 20_000
CUSTOMERS_AT_ONCE: Final = 200
ERROR_MAX: Final = 2000

logger = logging.getLogger(__name__)


def run_waiting() -> int:
    """Answers what was asked, one after the other."""
    done = 0
    while (asked := claim()) is not None:
        run_and_keep(asked)
        done += 1
    return done


@transaction.atomic
def claim() -> BackTest | None:
    """The next that waits, or that somebody has died over."""
    waits = Q(state=BackTestState.WAITING)
    dead = Q(state=BackTestState.RUNNING, beat_at__lt=Now() - PATIENCE)
    found = BackTest.objects.select_for_update(skip_locked=True).filter(waits | dead)
    asked = found.order_by("id").first()
    if asked is not None:
        begin(asked)
    return asked


def begin(asked: BackTest) -> None:
    now = selectors.now()
    asked.state, asked.started_at, asked.calls_done = BackTestState.RUNNING, now, 0
    asked.save(update_fields=["state", "started_at", "calls_done"])
    _beat(asked, 0)
    asked.lines.all().delete()


def run_and_keep(asked: BackTest, told: Callable[[int], None] = lambda calls: None) -> None:
    """What goes wrong stands with it, too. `told` hears how many calls were gone through."""
    try:
        run(asked, told)
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:ERROR_MAX]
        _end(asked, BackTestState.FAILED, error=reason)
        raise


def run(asked: BackTest, told: Callable[[int], None]) -> None:
    answer = _Answer(asked, told)
    answer.find()
    _end(asked, BackTestState.DONE, facts=answer.facts(), calls_done=answer.seen)


def _end(asked: BackTest, state: BackTestState, **values: object) -> None:
    told = {"state": state, "finished_at": Now(), **values}
    BackTest.objects.filter(pk=asked.pk).update(**told)
    asked.refresh_from_db()


def _beat(asked: BackTest, seen: int) -> None:
    BackTest.objects.filter(pk=asked.pk).update(beat_at=Now(), calls_done=seen)


class _Answer:
    def __init__(self, asked: BackTest, told: Callable[[int], None]) -> None:
        self._asked = asked
        self._told = told
        self._card: Card = terms.card(asked.rate_card)
        self._concerns = Concerns(
            asked.rate_card, heeds_terms=asked.heeds_terms, at=selectors.now()
        )
        self._zones = zones.every()
        self._repricing = Repricing(self._card)
        self._waiting: list[OfCustomer] = []
        self.seen = 0
        self._facts: Counter[str] = Counter()
        self._of_endpoint: dict[str, Counter[int]] = {
            name: Counter() for name in ("unpriced", "lacking", "ignored")
        }

    def find(self) -> None:
        period = Period(self._first(), self._asked.until)
        without = [HOUSE_ID, *zones.sandboxes()]
        BackTest.objects.filter(pk=self._asked.pk).update(calls_total=calls.count(period, without))
        current: OfCustomer | None = None
        for call in calls.stream(period, without):
            if current is None or call.customer_id != current.customer_id:
                self._leave(current)
                current = self._meet(call.customer_id)
            self._take(call, current)
            self.seen += 1
            if self.seen % BEAT_EVERY == 0:
                _beat(self._asked, self.seen)
                self._told(self.seen)
        self._leave(current)
        self._write()

    def facts(self) -> dict[str, object]:
        codes = dict(Endpoint.objects.values_list("id", "code"))
        by_code = {
            name: {codes[id]: calls for id, calls in sorted(counted.items())}
            for name, counted in self._of_endpoint.items()
        }
        open_lines = sorted(codes[id] for id in self._card.open_lines)
        return {"calls": dict(self._facts), **by_code, "open_lines": open_lines}

    def _first(self) -> datetime:
        """Where a price depends on the month, the whole of it is counted."""
        if not self._card.depends_on_month:
            return self._asked.since
        known = {*self._zones.values(), zones.UTC}
        return min(months.start_of(self._asked.since, zone) for zone in known)

    def _meet(self, customer_id: UUID) -> OfCustomer:
        self._concern: Concern = self._concerns.of(customer_id)
        self._months = Months(self._zones.get(customer_id, zones.UTC))
        return OfCustomer.new(customer_id)

    def _take(self, call: Call, customer: OfCustomer) -> None:
        past = self._repricing.past(call.terms)
        is_counted = call.created_at >= self._asked.since
        fact = self._fact(past)
        before = past.before
        after = before if fact else self._after(call, past)
        if not is_counted:
            return
        customer.sums[past.endpoint].add(past.terms.calls, before, after, call.lots, call.used)
        self._note(past, fact)

    def _fact(self, past: Past) -> str:
        """Why it stays as it was; empty where it is priced anew."""
        if past.fact and past.fact != UNPRICED:
            return past.fact
        concern = self._concern
        is_of_others = past.fact == UNPRICED and not concern.whole
        if not concern.some or past.endpoint in concern.kept or is_of_others:
            return KEPT
        return past.fact

    def _after(self, call: Call, past: Past) -> int:
        if past.after is not None:
            return past.after
        assert past.endpoint is not None
        month = past.month or self._months.of(call.created_at)
        had = self._months.had(past.endpoint, month, len(past.counts))
        return repricing.after_in_month(past, had)

    def _note(self, past: Past, fact: str) -> None:
        calls = past.terms.calls
        self._facts[fact or "repriced"] += calls
        endpoint = past.endpoint
        if endpoint is None:
            return
        if fact == UNPRICED:
            self._of_endpoint["unpriced"][endpoint] += calls
        elif not fact:
            if past.lacks:
                self._of_endpoint["lacking"][endpoint] += calls
            if past.ignores:
                self._of_endpoint["ignored"][endpoint] += calls

    def _leave(self, customer: OfCustomer | None) -> None:
        if customer is not None and customer.sums:
            self._waiting.append(customer)
        if len(self._waiting) >= CUSTOMERS_AT_ONCE:
            self._write()

    def _write(self) -> None:
        waiting, self._waiting = self._waiting, []
        BackTestLine.objects.bulk_create(self._lines(waiting), batch_size=1000)

    def _lines(self, customers: list[OfCustomer]) -> Iterator[BackTestLine]:
        costs = lot_costs.of(customers)
        for customer in customers:
            of_it = costs[customer.customer_id]
            average = lot_costs.average(customer.sums.values(), of_it)
            for endpoint, one in customer.sums.items():
                yield BackTestLine(
                    back_test=self._asked,
                    customer_id=customer.customer_id,
                    endpoint_id=endpoint,
                    calls=one.calls,
                    before=one.before,
                    after=one.after,
                    money=lot_costs.money(one, of_it, average),
                )
