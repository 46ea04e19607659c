"""Which card a customer pays by at an instant. No Django here: the fast path asks it too."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class CardEntry(NamedTuple):
    """A published card. One without group and customer is everyone's."""

    id: int
    group_id: int | None
    customer_id: UUID | None
    effective_at: datetime
    retired_at: datetime | None


class TermsEntry(NamedTuple):
    """What a customer has instead of everyone's card."""

    customer_id: UUID
    group_id: int | None
    pinned_to: int | None
    pinned_until: datetime | None


class Standing(NamedTuple):
    """The card whose prices go before those of the other, and the other one."""

    override: int | None
    base: int | None


def last(cards: Iterable[CardEntry], at: datetime) -> int | None:
    """The one with the last date that has come."""
    come = [card for card in cards if card.effective_at <= at and not _is_retired(card, at)]
    return max(come, key=lambda card: (card.effective_at, card.id)).id if come else None


def standing(
    terms: TermsEntry | None,
    shared: Iterable[CardEntry],
    own: Iterable[CardEntry],
    at: datetime,
) -> Standing:
    """A pin goes before the group, whose card goes before everyone's. Who is pinned to a card keeps
    it though it is retired."""
    override = last(own, at)
    if terms is None:
        return Standing(override, of_group(shared, None, at))
    if terms.pinned_to is not None and _lasts(terms.pinned_until, at):
        return Standing(override, terms.pinned_to)
    return Standing(override, of_group(shared, terms.group_id, at))


def of_group(shared: Iterable[CardEntry], group_id: int | None, at: datetime) -> int | None:
    """A group without a card in force pays by everyone's."""
    cards = tuple(shared)
    found = last((card for card in cards if card.group_id == group_id), at)
    if found is None and group_id is not None:
        return of_group(cards, None, at)
    return found


def _is_retired(card: CardEntry, at: datetime) -> bool:
    return card.retired_at is not None and card.retired_at <= at


def _lasts(until: datetime | None, at: datetime) -> bool:
    return until is None or until > at
