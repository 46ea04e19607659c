"""Every write to what endpoints cost. A published card stays as it is: holds pinned its prices.

The fast path keeps the cards in memory and polls `RateCard.changed_at`.
"""

from datetime import datetime
from itertools import chain, count

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from ledger.errors import CardEmpty, CardPublished
from ledger.models import Endpoint, Price, RateCard


def create_endpoint(
    *,
    code: str,
    name: str,
    method: str = "",
    path_template: str = "",
    bills_client_errors: bool = False,
) -> Endpoint:
    endpoint = Endpoint(
        code=code,
        name=name,
        method=method,
        path_template=path_template,
        bills_client_errors=bills_client_errors,
    )
    save_endpoint(endpoint)
    return endpoint


def save_endpoint(endpoint: Endpoint) -> None:
    """What it is called and where it is found; its prices stand on the cards."""
    endpoint.method = endpoint.method.upper()
    endpoint.save()
    RateCard.objects.filter(prices__endpoint=endpoint).update(changed_at=Now())


def create_card(*, name: str, effective_at: datetime) -> RateCard:
    return RateCard.objects.create(name=name, effective_at=effective_at)


@transaction.atomic
def copy_card(card: RateCard) -> RateCard:
    """A draft with the same prices, to be changed and published."""
    draft = create_card(name=_new_name(), effective_at=timezone.now())
    for price in card.prices.all():
        price.pk, price.rate_card = None, draft
        price.save()
    return draft


def _new_name() -> str:
    today = f"{timezone.now():%Y-%m-%d}"
    names = chain([today], (f"{today}-{number}" for number in count(2)))
    return next(name for name in names if not RateCard.objects.filter(name=name).exists())


@transaction.atomic
def set_price(
    card: RateCard,
    endpoint: Endpoint,
    *,
    per_call: int = 0,
    quantity_name: str = "",
    per_quantity: int = 0,
    quantity_size: int = 1,
) -> Price:
    """In micro-credits: so much a call, and so much for every `quantity_size` of the quantity.

    Raises CardPublished.
    """
    locked_draft(card)
    price, _ = Price.objects.update_or_create(
        rate_card=card,
        endpoint=endpoint,
        defaults={
            "per_call": per_call,
            "quantity_name": quantity_name,
            "per_quantity": per_quantity,
            "quantity_size": quantity_size,
        },
    )
    return price


@transaction.atomic
def publish(card: RateCard) -> None:
    """From `effective_at` on this card is in force, until a later one is. Raises CardPublished,
    CardEmpty."""
    locked_draft(card)
    if not card.prices.exists():
        raise CardEmpty(card.name)
    RateCard.objects.filter(id=card.id).update(published_at=Now(), changed_at=Now())
    card.refresh_from_db()


def locked_draft(card: RateCard) -> RateCard:
    """The card, which nobody publishes before our transaction ends. Raises CardPublished."""
    draft = RateCard.objects.select_for_update().get(id=card.id)
    if draft.published_at is not None:
        raise CardPublished(draft.name)
    return draft
