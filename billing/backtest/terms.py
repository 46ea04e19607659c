"""Whom a card concerns, and with which of its prices. Groups, pins and customers' own prices are
taken as they stand now, for all of the time."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from ledger import selectors
from ledger.models import OpenLine, Price, PriceTerms, RateCard
from ledger.prices import cards_in_force
from ledger.prices.cards_in_force import CardEntry, TermsEntry
from ledger.prices.pricing import Price as Priced


class Card(NamedTuple):
    """The card in question, by endpoint; `open_lines` are endpoints without a price yet."""

    prices: Mapping[int, Priced]
    open_lines: frozenset[int]

    @property
    def depends_on_month(self) -> bool:
        return any(price.depends_on_month for price in self.prices.values())


class Concern(NamedTuple):
    """What of a customer's calls the card prices: those of no endpoint in `kept`, and where it is
    not the customer's `whole` card, those of its own endpoints only."""

    whole: bool
    some: bool
    kept: frozenset[int] = frozenset()


ALL = Concern(whole=True, some=True)
SOME = Concern(whole=False, some=True)
NONE = Concern(whole=False, some=False)


class Concerns:
    def __init__(self, card: RateCard, *, heeds_terms: bool, at: datetime) -> None:
        self._card = card
        self._heeds_terms = heeds_terms
        self._at = at
        entry = CardEntry(card.id, card.group_id, card.customer_id, at, None)
        self._shared = _with(entry, selectors.shared_cards(), is_one=card.customer_id is None)
        self._terms = {
            row[0]: TermsEntry(*row) for row in PriceTerms.objects.values_list(*TermsEntry._fields)
        }
        self._own = _own_cards(entry)
        self._endpoints = _endpoints(self._own, self._at)

    def of(self, customer_id: UUID) -> Concern:
        if self._card.customer_id is not None:
            return SOME if customer_id == self._card.customer_id else NONE
        if not self._heeds_terms:
            return ALL
        own = self._own.get(customer_id, [])
        terms = self._terms.get(customer_id)
        override, base = cards_in_force.standing(terms, self._shared, own, self._at)
        if base != self._card.id:
            return NONE
        return ALL if override is None else ALL._replace(kept=self._endpoints[override])


def card(asked: RateCard) -> Card:
    found = Price.objects.filter(rate_card=asked).select_related("endpoint", "rate_card")
    prices = {price.endpoint_id: selectors.priced(price) for price in found}
    open_lines = OpenLine.objects.filter(rate_card=asked).values_list("endpoint_id", flat=True)
    return Card(prices, frozenset(open_lines) - prices.keys())


def _with(entry: CardEntry, cards: list[CardEntry], *, is_one: bool) -> list[CardEntry]:
    """As if it were in force."""
    others = [card for card in cards if card.id != entry.id]
    return [*others, entry] if is_one else others


def _own_cards(entry: CardEntry) -> Mapping[UUID, list[CardEntry]]:
    cards = RateCard.objects.filter(customer__isnull=False, published_at__isnull=False)
    found: dict[UUID, list[CardEntry]] = defaultdict(list)
    for row in cards.exclude(id=entry.id).values_list(*CardEntry._fields):
        own = CardEntry(*row)
        if own.customer_id is not None:
            found[own.customer_id].append(own)
    return found


def _endpoints(own: Mapping[UUID, list[CardEntry]], at: datetime) -> Mapping[int, frozenset[int]]:
    """What each of the customers' own cards has prices of."""
    found: dict[int, set[int]] = {card.id: set() for cards in own.values() for card in cards}
    lines = Price.objects.filter(rate_card__in=found).values_list("rate_card_id", "endpoint_id")
    for card_id, endpoint_id in lines:
        found[card_id].add(endpoint_id)
    return {card_id: frozenset(endpoints) for card_id, endpoints in found.items()}
