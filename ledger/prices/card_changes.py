"""What a rate card changes, and for whom, before anybody decides on it."""

from typing import NamedTuple

from accounts.models import HOUSE_ID, Customer
from ledger import selectors
from ledger.models import Price, PriceTerms, RateCard


class Change(NamedTuple):
    """Of an endpoint: its price before and after. None: it is not sold."""

    endpoint: str
    before: Price | None
    after: Price | None

    @property
    def is_none(self) -> bool:
        if self.before is None or self.after is None:
            return False
        return _terms(self.before) == _terms(self.after)


class Payers(NamedTuple):
    """How many pay by a card when it is in force, and how many stay pinned to another."""

    paying: int
    pinned: int


def changes(before: RateCard | None, after: RateCard | None) -> list[Change]:
    old, new = _by_endpoint(before), _by_endpoint(after)
    return [Change(code, old.get(code), new.get(code)) for code in sorted({*old, *new})]


def changes_for_its_customer(card: RateCard) -> list[Change]:
    """Of one customer's own card: what the customer pays now, and would. Of own prices that it
    has now and the card does not name, what everyone pays takes the place."""
    assert card.customer_id is not None
    at = max(card.effective_at, selectors.now())
    override, base = selectors.standing(card.customer_id, at)
    paid = {one.endpoint.code: one for one in selectors.prices_of(card.customer_id, at)}
    shared = _by_endpoint(_card(base))
    own, new = _by_endpoint(_card(override)), _by_endpoint(card)
    codes = sorted({*own, *new})
    return [Change(code, paid.get(code), new.get(code) or shared.get(code)) for code in codes]


def payers(card: RateCard) -> Payers:
    if card.customer_id is not None:
        return Payers(1, 0)
    terms = PriceTerms.objects.filter(group=card.group_id)
    now = selectors.now()
    pinned = terms.filter(pinned_to__isnull=False).exclude(pinned_until__lte=now).count()
    if card.group_id is not None:
        return Payers(terms.count() - pinned, pinned)
    grouped = PriceTerms.objects.filter(group__isnull=False).count()
    everyone = Customer.objects.exclude(id=HOUSE_ID).count()
    return Payers(everyone - grouped - pinned, pinned)


def pinned_to(card: RateCard) -> int:
    terms = PriceTerms.objects.filter(pinned_to=card)
    return terms.exclude(pinned_until__lte=selectors.now()).count()


def _card(id: int | None) -> RateCard | None:
    return None if id is None else RateCard.objects.get(id=id)


def _by_endpoint(card: RateCard | None) -> dict[str, Price]:
    if card is None:
        return {}
    prices = card.prices.select_related("endpoint", "rate_card")
    return {price.endpoint.code: price for price in prices}


def _terms(price: Price) -> tuple[object, ...]:
    return price.per_call, price.units, price.minimum, price.maximum
