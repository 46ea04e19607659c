"""The rate cards in force, who pays by which, and every price that was asked for, in memory.

A published price is immutable, so that one read by its id stays good; an endpoint's policy may
change, and with it `changed_at` of its cards. Dates come and pins end by the database's clock, as
the last poll read it. The prices of everyone's card are always there; those of other cards are read
when somebody first pays by them.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Final, TypeVar
from uuid import UUID

import psycopg

from ledger.fastpath.database import Line
from ledger.fastpath.refusals import Unavailable
from ledger.prices import cards_in_force
from ledger.prices.cards_in_force import CardEntry, Standing, TermsEntry
from ledger.prices.pricing import Billed, Price, RateCard, units_of

# When so many customers' cards, or cards put together, are known, all are forgotten.
STANDINGS_MAX: Final = 200_000
CARDS_MAX: Final = 1_000

# What is everyone's or a group's is little, and read whole.
_STATE: Final = """
select ledger_now(), clock_timestamp(), count(*), sum(extract(epoch from changed_at))
from ledger_ratecard where customer_id is null and published_at is not null
"""
_SHARED: Final = """
select id, group_id, customer_id, effective_at, retired_at from ledger_ratecard
where published_at is not null and customer_id is null
"""
_OWN: Final = """
select changed_at, id, group_id, customer_id, effective_at, retired_at from ledger_ratecard
where published_at is not null and customer_id is not null
"""
_TERMS: Final = """
select changed_at, customer_id, group_id, pinned_to_id, pinned_until from ledger_priceterms
"""
# changed_at is set before its transaction commits: looking back further than any of our writes
# lasts finds those that were not yet visible to the poll before.
_CHANGED: Final = "changed_at > %s - interval '10 seconds'"

_PRICES: Final = """
select p.id, c.name, p.per_call, p.units, p.minimum, p.maximum,
    e.code, e.id, e.method, e.path_template,
    e.billed_success, e.billed_client_error, e.billed_server_error, e.billed_timeout,
    e.billed_partial
from ledger_price p join ledger_ratecard c on c.id = p.rate_card_id
    join ledger_endpoint e on e.id = p.endpoint_id
"""
_PRICES_OF_CARD: Final = f"{_PRICES} where c.id = %s"
_PRICE_BY_ID: Final = f"{_PRICES} where p.id = %s and c.published_at is not null"

_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)

_Name = TypeVar("_Name")
_Value = TypeVar("_Value")


class Catalogue:
    def __init__(self, reads: Line) -> None:
        self._reads = reads
        self._state: Sequence[Any] | None = None  # of the shared cards
        self._as_of: datetime | None = None  # the database's time at the last poll
        self._now = _BEGINNING  # and the ledger's
        self._next: datetime | None = None  # when the next date comes, or the next pin ends
        self._is_outdated = True
        self._shared: list[CardEntry] = []
        self._shared_dates: list[datetime] = []
        self._everyones: dict[int, int | None] = {}  # after so many of those dates
        self._own: dict[UUID, dict[int, CardEntry]] = defaultdict(dict)
        self._terms: dict[UUID, TermsEntry] = {}
        self._changed_at: dict[int | UUID, datetime] = {}  # of a customer's cards, and its terms
        self._standings: dict[UUID, Standing] = {}
        self._cards: dict[int, RateCard] = {}
        self._joined: dict[tuple[int, int], RateCard] = {}
        self._prices: dict[int, Price] = {}
        self._forgotten = 0  # so many times: what was being read meanwhile is not remembered
        self.card = RateCard()  # everyone's

    async def refresh(self, polls: Line) -> None:
        """Raises psycopg.Error."""
        ((now, as_of, *state),) = await polls.rows(_STATE)
        own, terms = await self._read_own(polls)
        if state != self._state:
            self._shared = [CardEntry(*row) for row in await polls.rows(_SHARED)]
            self._shared_dates = sorted(_dates_of(self._shared))
            self._everyones = {}
            self._is_outdated = True
        for customer_card in own:
            self._note_card(*customer_card)
        for customer_terms in terms:
            self._note_terms(*customer_terms)
        is_due = self._next is not None and now >= self._next
        if self._is_outdated or is_due or now < self._now:
            self._now, self._next = now, _next_date(self._dates(), now)
            self._forget()
            await self._read_everyones(polls)
        self._now, self._as_of, self._state, self._is_outdated = now, as_of, state, False

    async def card_of(self, customer_id: UUID) -> RateCard:
        """The prices that a customer pays now. Raises Unavailable."""
        if customer_id not in self._terms and customer_id not in self._own:
            return self.card
        override, base = self._standing(customer_id)
        if override is None:
            return await self._card(base)
        return await self._joined_card(override, base)

    def _everyones_at(self, at: datetime) -> int | None:
        """It is the same between two dates."""
        place = bisect_right(self._shared_dates, at)
        if place not in self._everyones:
            self._everyones[place] = cards_in_force.of_group(self._shared, None, at)
        return self._everyones[place]

    async def _joined_card(self, override: int, base: int | None) -> RateCard:
        if base is None:
            return await self._card(override)
        found = self._joined.get((override, base))
        if found is None:
            forgotten = self._forgotten
            found = (await self._card(base)).under(await self._card(override))
            if forgotten == self._forgotten:
                _keep(self._joined, (override, base), found, CARDS_MAX)
        return found

    async def card_at(self, customer_id: UUID, at: datetime) -> RateCard:
        """The prices that a customer's work of that time costs, by its group and pin of today.
        Raises Unavailable."""
        if customer_id not in self._terms and customer_id not in self._own:
            return await self._card(self._everyones_at(at))
        terms, own = self._terms.get(customer_id), self._own.get(customer_id, {})
        override, base = cards_in_force.standing(terms, self._shared, own.values(), at)
        if override is None:
            return await self._card(base)
        return await self._joined_card(override, base)

    async def price(self, id: int) -> Price | None:
        """The price with this id, of whatever card. Raises Unavailable."""
        found = self._prices.get(id)
        if found is None:
            forgotten, rows = self._forgotten, await self._read(_PRICE_BY_ID, id)
            if rows:
                found = _price(rows[0])
                if forgotten == self._forgotten:
                    self._prices[id] = found
        return found

    def _standing(self, customer_id: UUID) -> Standing:
        found = self._standings.get(customer_id)
        if found is None:
            terms, own = self._terms.get(customer_id), self._own.get(customer_id, {})
            found = cards_in_force.standing(terms, self._shared, own.values(), self._now)
            _keep(self._standings, customer_id, found, STANDINGS_MAX)
        return found

    async def _card(self, id: int | None) -> RateCard:
        if id is None:
            return RateCard()
        found = self._cards.get(id)
        if found is None:
            forgotten, rows = self._forgotten, await self._read(_PRICES_OF_CARD, id)
            found = RateCard(map(_price, rows))
            if forgotten == self._forgotten:
                self._remember(id, found)
        return found

    async def _read(self, query: str, id: int) -> list[tuple[Any, ...]]:
        try:
            return await self._reads.rows(query, [id])
        except psycopg.Error as error:
            raise Unavailable from error

    def _remember(self, id: int, card: RateCard) -> None:
        _keep(self._cards, id, card, CARDS_MAX)
        self._prices.update({price.id: price for price in card.prices})

    async def _read_everyones(self, polls: Line) -> None:
        id = cards_in_force.of_group(self._shared, None, self._now)
        card = RateCard(map(_price, await polls.rows(_PRICES_OF_CARD, [id])))
        if id is not None:
            self._remember(id, card)
        self.card = card

    async def _read_own(self, polls: Line) -> tuple[list[Any], list[Any]]:
        """What single customers have: all of it at first, then what changed."""
        if self._as_of is None:
            return await polls.rows(_OWN), await polls.rows(_TERMS)
        since = [self._as_of]
        own = await polls.rows(f"{_OWN} and {_CHANGED}", since)
        return own, await polls.rows(f"{_TERMS} where {_CHANGED}", since)

    def _note_card(self, changed_at: datetime, *row: Any) -> None:
        card = CardEntry(*row)
        if card.customer_id is not None and self._changed_at.get(card.id) != changed_at:
            self._own[card.customer_id][card.id] = card
            self._changed_at[card.id] = changed_at
            self._is_outdated = True

    def _note_terms(self, changed_at: datetime, *row: Any) -> None:
        terms = TermsEntry(*row)
        if self._changed_at.get(terms.customer_id) == changed_at:
            return
        self._terms[terms.customer_id] = terms
        self._changed_at[terms.customer_id] = changed_at
        self._standings.pop(terms.customer_id, None)
        if terms.pinned_until is not None:
            self._next = min(self._next or terms.pinned_until, terms.pinned_until)

    def _dates(self) -> Iterator[datetime]:
        """When something begins or ends."""
        own = (card for cards in self._own.values() for card in cards.values())
        yield from _dates_of(chain(self._shared, own))
        for terms in self._terms.values():
            if terms.pinned_until is not None:
                yield terms.pinned_until

    def _forget(self) -> None:
        self._forgotten += 1
        for known in (self._standings, self._cards, self._joined, self._prices):
            known.clear()


def _dates_of(cards: Iterable[CardEntry]) -> Iterator[datetime]:
    for card in cards:
        yield card.effective_at
        if card.retired_at is not None:
            yield card.retired_at


def _next_date(dates: Iterable[datetime], now: datetime) -> datetime | None:
    return min((date for date in dates if date > now), default=None)


def _price(row: tuple[Any, ...]) -> Price:
    id, card, per_call, units, minimum, maximum, code, endpoint_id, method, path, *billed = row
    return Price(
        *(id, card, per_call, units_of(units), minimum, maximum),
        *(code, endpoint_id, method, path, Billed(*billed)),
    )


def _keep(known: dict[_Name, _Value], name: _Name, value: _Value, limit: int) -> None:
    if len(known) >= limit:
        known.clear()
    known[name] = value
