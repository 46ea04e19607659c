"""By which cards a customer pays: its group, and the card that it is pinned to. No balance is
touched, and holds keep the prices that they were made with.

The fast path keeps the terms in memory and polls `PriceTerms.changed_at`.
"""

from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import Customer
from ledger import selectors
from ledger.errors import CardNotPinnable, PinOver, PinOverlaps
from ledger.models import PriceGroup, PriceTerms, RateCard


def create_group(name: str) -> PriceGroup:
    return PriceGroup.objects.create(name=name)


@transaction.atomic
def set_group(customer: Customer, group: PriceGroup | None) -> PriceTerms:
    """None: the customer pays by everyone's card."""
    terms = _locked(customer)
    return _save(terms, group=group)


@transaction.atomic
def pin(customer: Customer, card: RateCard, *, until: datetime | None = None) -> PriceTerms:
    """The customer pays by this card, whatever comes after it, until that instant. A pin to the
    same card gets the new end.

    Raises CardNotPinnable, PinOver, PinOverlaps.
    """
    terms = _locked(customer)
    check_pin(terms, card, until)
    return _save(terms, pinned_to=card, pinned_until=until)


def check_pin(terms: PriceTerms | None, card: RateCard, until: datetime | None) -> None:
    """Raises CardNotPinnable, PinOver, PinOverlaps."""
    now = selectors.now()
    is_shared = card.published_at is not None and card.customer_id is None
    if not is_shared or card.effective_at > now:
        raise CardNotPinnable(card.name)
    if until is not None and until <= now:
        raise PinOver
    if terms is None or terms.pinned_to is None or terms.pinned_to == card:
        return
    if is_pinned(terms, now):
        raise PinOverlaps(terms.pinned_to.name, terms.pinned_until)


@transaction.atomic
def unpin(customer: Customer) -> PriceTerms:
    """From now on it pays as its group, or everyone, does."""
    return _save(_locked(customer), pinned_to=None, pinned_until=None)


def is_pinned(terms: PriceTerms, at: datetime) -> bool:
    lasts = terms.pinned_until is None or terms.pinned_until > at
    return terms.pinned_to_id is not None and lasts


def _locked(customer: Customer) -> PriceTerms:
    PriceTerms.objects.get_or_create(customer=customer)
    return PriceTerms.objects.select_for_update(of=["self"]).get(customer=customer)


def _save(terms: PriceTerms, **changes: object) -> PriceTerms:
    for name, value in changes.items():
        setattr(terms, name, value)
    terms.save()
    PriceTerms.objects.filter(pk=terms.pk).update(changed_at=Now())
    return terms
