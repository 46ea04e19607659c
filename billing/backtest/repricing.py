"""What a past call would have cost. What decides it is few things (`calls.Terms`), and calls with
the same of them cost the same: the answer is remembered."""

import json
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final, NamedTuple, cast

from billing.backtest.calls import Terms
from billing.backtest.months import Amounts, Bounds
from billing.backtest.terms import Card
from ledger import selectors
from ledger.models import Price
from ledger.prices import pricing
from ledger.prices.pricing import Outcome
from ledger.prices.pricing import Price as Priced

# Calls that are all different would fill the memory.
REMEMBERED_MAX: Final = 100_000

# Why a call stays as it was.
WITHOUT_ENDPOINT: Final = "without_endpoint"
UNPRICED: Final = "unpriced"
EXPLICIT: Final = "explicit_amount"
IN_PARTS: Final = "in_parts"
KEPT: Final = "kept_by_terms"

# What a hold keeps of the month beside its units.
_MONTH: Final = "month"
_PARTS: Final = "parts"
_CAP: Final = "cap"
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_NO_BOUNDS: Final = Bounds((), ())
_NONE_KNOWN: Final[dict[tuple[int, ...], int]] = {}


class Past(NamedTuple):
    """What is known of a call. `fact` says why it is not priced anew; empty where it is. `after` is
    what it would have cost, or None where that depends on its month."""

    terms: Terms
    endpoint: int | None
    fact: str = ""
    after: int | None = None
    percent: int = pricing.ALL
    price: Priced | None = None  # on the card in question
    quantities: Mapping[str, str] = _NOTHING
    reserved: Mapping[str, str] = _NOTHING
    hold: int | None = None  # what was held for it, where that was not its price
    month: date | None = None  # in which it was counted
    lacks: bool = False
    ignores: bool = False
    bounds: Bounds = _NO_BOUNDS
    counts: Amounts = ()  # what the month has of it
    known: dict[tuple[int, ...], int] = _NONE_KNOWN  # what it costs between which bounds

    @property
    def is_alike(self) -> bool:
        """Whether only what was used decides. A hold that caps it may cross other bounds."""
        caps = self.terms.overrun == _CAP and self.hold is None
        return not caps or self.reserved == self.quantities

    @property
    def before(self) -> int:
        return self.terms.committed - self.terms.reversed


class Repricing:
    def __init__(self, card: Card) -> None:
        self._card = card
        self._prices: dict[int, Priced | None] = {}
        self._pasts: dict[tuple[Any, ...], Past] = {}

    def past(self, row: tuple[Any, ...]) -> Past:
        known = self._pasts.get(row)
        if known is None:
            if len(self._pasts) >= REMEMBERED_MAX:
                self._pasts.clear()
            known = self._pasts[row] = self._read(Terms(*row))
        return known

    def _read(self, terms: Terms) -> Past:
        old = self._price(terms.price_id)
        if old is None:
            return Past(terms, None, WITHOUT_ENDPOINT)
        past = _as_it_was(terms, old)
        new = self._card.prices.get(old.endpoint_id)
        if past.fact or new is None:
            return past if past.fact else past._replace(fact=UNPRICED)
        if terms.calls > 1 and pricing.depends_on_each(new, terms.calls):
            return past._replace(fact=EXPLICIT)
        known = {name for name in new.measured if name in past.quantities}
        past = past._replace(
            price=new,
            quantities=_only(past.quantities, new),
            reserved=_only(past.reserved, new),
            lacks=len(known) < len(new.measured),
            ignores=len(known) < len(past.quantities),
        )
        if not new.depends_on_month:
            return past._replace(after=after(past, None))
        bounds = Bounds.of(new)
        return past._replace(bounds=bounds, counts=bounds.amounts(past.quantities), known={})

    def _price(self, id: int | None) -> Priced | None:
        if id is None:
            return None
        if id not in self._prices:
            row = Price.objects.filter(id=id).select_related("endpoint", "rate_card").first()
            self._prices[id] = selectors.priced(row) if row else None
        return self._prices[id]


def after(past: Past, so_far: Mapping[str, str] | None) -> int:
    """What is taken for it in the end, net of what was given back: of that the same part."""
    terms, price = past.terms, past.price
    assert price is not None
    price = pricing.together(price, terms.calls)
    taken = pricing.share(_gross(price, past.quantities, so_far), past.percent)
    if terms.overrun == _CAP:
        held = past.hold
        taken = min(taken, _gross(price, past.reserved, so_far) if held is None else held)
    elif terms.uncollected:
        taken = min(taken, terms.committed)
    if not terms.reversed:
        return taken
    return taken - half_even(terms.reversed * taken, terms.committed)


def after_in_month(past: Past, had: list[int]) -> int:
    """The same, after what the month has had; which then has this call too, if it was billed."""
    place = past.bounds.between(had, past.counts) if past.is_alike else None
    amount = past.known.get(place) if place is not None else None
    if amount is None:
        amount = after(past, past.bounds.so_far(had))
        if place is not None:
            past.known[place] = amount
    if past.percent:
        for unit, count in enumerate(past.counts):
            had[unit] += count
    return amount


def half_even(numerator: int, denominator: int) -> int:
    return round(Fraction(numerator, denominator))


def _as_it_was(terms: Terms, old: Priced) -> Past:
    """By what its own price says, whether that is what was asked for it."""
    reserved = json.loads(terms.quantities or "{}")
    used = json.loads(terms.used_quantities) if terms.used_quantities else reserved
    so_far = json.loads(terms.so_far or "{}")
    month = date.fromisoformat(so_far[_MONTH]) if _MONTH in so_far else None
    past = Past(terms, old.endpoint_id, quantities=used, reserved=reserved, month=month)
    if _PARTS in so_far:
        return past._replace(fact=IN_PARTS)
    if terms.calls > 1 and pricing.depends_on_each(old, terms.calls):
        return past._replace(fact=EXPLICIT)
    old = pricing.together(old, terms.calls)
    percent = _percent(terms, old, used, so_far)
    if percent is None:
        return past._replace(fact=EXPLICIT)
    is_priced = terms.amount == _gross(old, reserved, so_far)
    return past._replace(percent=percent, hold=None if is_priced else terms.amount)


def _percent(
    terms: Terms, old: Priced, used: Mapping[str, str], so_far: Mapping[str, str]
) -> int | None:
    """The part of its price that was asked: what the endpoint says for how it ended, or all of it.
    None: neither, so that the amount was said."""
    gross = _gross(old, used, so_far)
    asked = terms.committed + terms.uncollected
    outcome = cast(Outcome | None, terms.outcome)
    for percent in (pricing.percent(outcome, old), pricing.ALL):
        if pricing.share(gross, percent) == asked:
            return percent
    return None


def _gross(price: Priced, quantities: Mapping[str, str], so_far: Mapping[str, str] | None) -> int:
    return pricing.charge(price, quantities or None, so_far).amount


def _only(quantities: Mapping[str, str], price: Priced) -> Mapping[str, str]:
    names = price.measured
    return {name: text for name, text in quantities.items() if name in names}
