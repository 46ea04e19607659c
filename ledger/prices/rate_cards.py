"""Every write to what endpoints cost. A published card stays as it is: holds pinned its prices.

The fast path keeps the cards in memory and polls `RateCard.changed_at`. Who pays by which card is
written in `prices/price_terms.py`.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import chain, count
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Customer
from ledger import selectors
from ledger.errors import (
    CardClashes,
    CardEmpty,
    CardLacks,
    CardNeeded,
    CardNotPublished,
    CardOpen,
    CardPublished,
)
from ledger.models import Endpoint, OpenLine, Price, PriceGroup, RateCard
from ledger.prices import cards_in_force, price_checks, pricing
from ledger.prices.pricing import Unit


def create_endpoint(
    *,
    code: str,
    name: str,
    method: str = "",
    path_template: str = "",
    **billed: int,
) -> Endpoint:
    """`billed_client_error` and its like are per cent of the price."""
    endpoint = Endpoint(code=code, name=name, method=method, path_template=path_template, **billed)
    save_endpoint(endpoint)
    return endpoint


def save_endpoint(endpoint: Endpoint) -> None:
    """What it is called, where it is found and what of it is billed; its prices stand on the
    cards."""
    endpoint.method = endpoint.method.upper()
    endpoint.save()
    RateCard.objects.filter(prices__endpoint=endpoint).update(changed_at=Now())


def create_card(
    *,
    name: str,
    effective_at: datetime,
    group: PriceGroup | None = None,
    customer: Customer | None = None,
) -> RateCard:
    """A draft: of everyone, of a group, or one customer's own prices."""
    return RateCard.objects.create(
        name=name, effective_at=effective_at, group=group, customer=customer
    )


@transaction.atomic
def copy_card(
    card: RateCard,
    *,
    name: str = "",
    effective_at: datetime | None = None,
) -> RateCard:
    """A draft with the same prices for the same customers, to be changed and published."""
    draft = create_card(
        name=name or new_name(),
        effective_at=effective_at or timezone.now(),
        group=card.group,
        customer=card.customer,
    )
    for price in card.prices.order_by("id"):
        price.pk, price.rate_card = None, draft
        price.save()
    for endpoint in open_endpoints(card):
        leave_open(draft, endpoint)
    return draft


def new_name() -> str:
    today = f"{timezone.now():%Y-%m-%d}"
    names = chain([today], (f"{today}-{number}" for number in count(2)))
    return next(name for name in names if not RateCard.objects.filter(name=name).exists())


@transaction.atomic
def set_price(
    card: RateCard,
    endpoint: Endpoint,
    *,
    per_call: int = 0,
    units: Iterable[Unit] = (),
    minimum: int | None = None,
    maximum: int | None = None,
) -> Price:
    """In micro-credits: so much a call, and what its units come to; at least and at most so much.

    Raises CardPublished, PriceMalformed.
    """
    locked_draft(card)
    price, _ = Price.objects.update_or_create(
        rate_card=card,
        endpoint=endpoint,
        defaults=checked(per_call=per_call, units=units, minimum=minimum, maximum=maximum),
    )
    forget_filled(card)
    return price


def checked(
    *, per_call: int, units: Iterable[Unit], minimum: int | None, maximum: int | None
) -> dict[str, Any]:
    """The columns of a price. Raises PriceMalformed."""
    price_checks.check_amount("Per call", per_call)
    price_checks.check_bounds(minimum, maximum)
    kept = [pricing.as_json(unit) for unit in price_checks.checked_units(units)]
    return {"per_call": per_call, "units": kept, "minimum": minimum, "maximum": maximum}


@transaction.atomic
def leave_open(card: RateCard, endpoint: Endpoint) -> None:
    """The draft is to sell it, at a price that is to be filled in first. Raises CardPublished."""
    locked_draft(card)
    OpenLine.objects.get_or_create(rate_card=card, endpoint=endpoint)


def forget_filled(card: RateCard) -> None:
    """Open lines that have a price by now. Whoever takes that away again takes the endpoint off."""
    OpenLine.objects.filter(rate_card=card, endpoint__in=card.prices.values("endpoint")).delete()


def open_endpoints(card: RateCard) -> list[Endpoint]:
    """Those that the card is to sell, and has no price of."""
    found = Endpoint.objects.filter(id__in=card.open_lines.values("endpoint"))
    return list(found.exclude(prices__rate_card=card).order_by("code"))


@transaction.atomic
def drop_price(card: RateCard, endpoint: Endpoint) -> None:
    """The draft does not sell it. Raises CardPublished."""
    locked_draft(card)
    Price.objects.filter(rate_card=card, endpoint=endpoint).delete()
    OpenLine.objects.filter(rate_card=card, endpoint=endpoint).delete()


@transaction.atomic
def publish(card: RateCard, *, withdrawing: Collection[str] = ()) -> None:
    """From `effective_at` on this card is in force, until a later one is. What the card before it
    sells and this one does not must be named by its endpoint's code.

    Raises CardPublished, CardOpen, CardEmpty, CardClashes, CardLacks.
    """
    _lock_publishing()
    draft = locked_draft(card)
    still_open = [endpoint.code for endpoint in open_endpoints(draft)]
    if still_open:
        raise CardOpen(draft.name, still_open)
    if not draft.prices.exists():
        raise CardEmpty(draft.name)
    _check_date(draft)
    _check_nothing_is_lost(draft, withdrawing)
    RateCard.objects.filter(id=card.id).update(published_at=Now(), changed_at=Now())
    card.refresh_from_db()


@transaction.atomic
def publish_from_now(card: RateCard, *, withdrawing: Collection[str] = ()) -> None:
    """The same, where a date that has passed becomes this instant: what was done before is priced
    by the card of then, also when it is reported later.

    Raises as `publish` does, and the date stays.
    """
    _lock_publishing()
    now = selectors.now()
    if locked_draft(card).effective_at < now:
        RateCard.objects.filter(id=card.id).update(effective_at=now)
    publish(card, withdrawing=withdrawing)


@transaction.atomic
def retire(card: RateCard) -> None:
    """From now on it is nobody's but of those who are pinned to it; what is in force then is the
    card before it. Raises CardNotPublished, CardNeeded."""
    _lock_publishing()
    published = RateCard.objects.select_for_update().get(id=card.id)
    if published.published_at is None or published.retired_at is not None:
        raise CardNotPublished(published.name)
    now = selectors.now()
    is_everyones = published.group_id is None and published.customer_id is None
    if is_everyones and in_force(None, now) == published and after_retiring(published) is None:
        raise CardNeeded(published.name)
    RateCard.objects.filter(id=card.id).update(retired_at=now, changed_at=Now())
    card.refresh_from_db()


def locked_draft(card: RateCard) -> RateCard:
    """The card, which nobody publishes before our transaction ends. Raises CardPublished."""
    draft = RateCard.objects.select_for_update().get(id=card.id)
    if draft.published_at is not None:
        raise CardPublished(draft.name)
    return draft


def card_of(customer_id: UUID | None, at: datetime) -> pricing.RateCard:
    """The prices that a customer pays at an instant, to be found by endpoint or path."""
    return pricing.RateCard(map(selectors.priced, selectors.prices_of(customer_id, at)))


def in_force(group: PriceGroup | None, at: datetime) -> RateCard | None:
    """The card of the group, or everyone's."""
    shared = selectors.shared_cards()
    found = cards_in_force.of_group(shared, group.id if group else None, at)
    return None if found is None else RateCard.objects.get(id=found)


def is_in_force(card: RateCard, at: datetime) -> bool:
    """For those whose card it is, who are not pinned to another."""
    if card.customer_id is not None:
        return selectors.standing(card.customer_id, at).override == card.id
    return in_force(card.group, at) == card


def before(card: RateCard) -> RateCard | None:
    """The card that it takes the place of when it is published. One customer's own prices take no
    card's place."""
    if card.customer_id is not None:
        return None
    return in_force(card.group, max(card.effective_at, selectors.now()))


def missing(card: RateCard) -> list[Endpoint]:
    """What the card before it sells, and this one does not."""
    sold_before = before(card)
    if sold_before is None:
        return []
    found = Endpoint.objects.filter(prices__rate_card=sold_before)
    return list(found.exclude(prices__rate_card=card).order_by("code"))


def after_retiring(card: RateCard) -> RateCard | None:
    """What its customers pay by once it is retired."""
    shared = [entry for entry in selectors.shared_cards() if entry.id != card.id]
    found = cards_in_force.of_group(shared, card.group_id, selectors.now())
    return None if found is None else RateCard.objects.get(id=found)


def _check_date(draft: RateCard) -> None:
    other = _published_beside(draft).filter(effective_at=draft.effective_at).first()
    if other is not None:
        raise CardClashes(draft.name, other.name, draft.effective_at)


def _published_beside(card: RateCard) -> "QuerySet[RateCard]":
    """Those of the same customers."""
    same = Q(group=card.group_id, customer=card.customer_id)
    return RateCard.objects.filter(same, published_at__isnull=False, retired_at__isnull=True)


def _check_nothing_is_lost(draft: RateCard, withdrawing: Collection[str]) -> None:
    lost = [endpoint.code for endpoint in missing(draft) if endpoint.code not in withdrawing]
    if lost:
        raise CardLacks(draft.name, str(before(draft)), lost)


def _lock_publishing() -> None:
    """One at a time: each compares itself with what the others made."""
    with connection.cursor() as cursor:
        cursor.execute("lock table ledger_ratecard in share row exclusive mode")
