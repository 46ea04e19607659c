"""What a customer pays for each endpoint now, by which card, and what changes next."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from accounts.models import Customer
from billing.portal.prices import words as price_words
from billing.portal.prices.words import Rate
from ledger import selectors
from ledger.models import Price, PriceTerms, RateCard
from ledger.prices import price_terms, pricing
from ledger.prices.months import Month

# Of dates at which something could change; so many ahead are looked at.
DATES_MAX: Final = 12


class Line(NamedTuple):
    """An endpoint. `is_own`: the price was agreed with this customer alone."""

    price: pricing.Price
    name: str
    address: str
    is_own: bool
    rates: list[Rate]
    failing: list[str]


class Standing(NamedTuple):
    """By what the customer pays. A pin without an end lasts for good."""

    card: RateCard | None
    is_of_group: bool
    is_pinned: bool
    pinned_until: datetime | None


class Changed(NamedTuple):
    """Of an endpoint. No rates: it is not sold."""

    name: str
    before: list[Rate]
    after: list[Rate]


class Change(NamedTuple):
    at: datetime
    lines: list[Changed]


def lines(customer: Customer) -> list[Line]:
    """In the order of their names."""
    month = Month(customer.id)
    prices = selectors.prices_of(customer.id, selectors.now())
    return sorted((_line(price, month) for price in prices), key=lambda line: line.name.lower())


def standing(customer: Customer) -> Standing:
    now = selectors.now()
    base = selectors.standing(customer.id, now).base
    card = RateCard.objects.filter(id=base).first() if base else None
    terms = PriceTerms.objects.filter(customer=customer).first()
    is_pinned = terms is not None and price_terms.is_pinned(terms, now)
    return Standing(
        card=card,
        is_of_group=card is not None and card.group_id is not None,
        is_pinned=is_pinned,
        pinned_until=terms.pinned_until if terms and is_pinned else None,
    )


def next_change(customer: Customer) -> Change | None:
    """The next instant at which some price is another, as far as it is published by now."""
    now = selectors.now()
    before = selectors.prices_of(customer.id, now)
    for at in sorted(_dates(customer, now))[:DATES_MAX]:
        changed = _changed(before, selectors.prices_of(customer.id, at))
        if changed:
            return Change(at, changed)
    return None


def costs(price: Price) -> str:
    return price_words.in_a_sentence(selectors.priced(price))


def _line(price: Price, month: Month) -> Line:
    priced, endpoint = selectors.priced(price), price.endpoint
    return Line(
        price=priced,
        name=endpoint.name,
        address=f"{endpoint.method} {endpoint.path_template}".strip(),
        is_own=price.rate_card.customer_id is not None,
        rates=price_words.rates(priced, month.so_far(priced)),
        failing=price_words.failing(priced.billed),
    )


def _dates(customer: Customer, now: datetime) -> set[datetime]:
    """When another card may come into force."""
    published = RateCard.objects.filter(
        published_at__isnull=False, retired_at=None, effective_at__gt=now
    )
    cards = published.filter(customer=None) | published.filter(customer=customer)
    dates = set(cards.order_by("effective_at").values_list("effective_at", flat=True)[:DATES_MAX])
    pins = PriceTerms.objects.filter(customer=customer, pinned_until__gt=now)
    return dates | {until for until in pins.values_list("pinned_until", flat=True) if until}


def _changed(before: Iterable[Price], after: Iterable[Price]) -> list[Changed]:
    old = {price.endpoint: price for price in before}
    new = {price.endpoint: price for price in after}
    found = [
        Changed(endpoint.name, _rates(old.get(endpoint)), _rates(new.get(endpoint)))
        for endpoint in {**old, **new}
    ]
    return sorted(
        (one for one in found if one.before != one.after), key=lambda one: one.name.lower()
    )


def _rates(price: Price | None) -> list[Rate]:
    return [] if price is None else price_words.rates(selectors.priced(price))
