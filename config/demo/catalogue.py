"""What Northwind AI sells, and for how much."""

from datetime import datetime
from typing import NamedTuple

from ledger import models, selectors
from ledger.models import RateCard
from ledger.prices import rate_cards
from ledger.prices.pricing import Price, Unit

CREDIT = 1_000_000
CARD = "launch"


class Offer(NamedTuple):
    code: str
    path: str
    per_call: int
    units: tuple[Unit, ...] = ()


OFFERS = (
    Offer("classify", "/v1/classify", 1 * CREDIT),
    Offer("summarize", "/v1/files/{id}/summary", 4 * CREDIT),
    Offer("extract-pdf", "/v1/files/{id}/text", 12 * CREDIT),
    Offer("generate", "/v1/generate", 2 * CREDIT, (Unit("tokens", 1000, 350_000),)),
)


def publish(effective_at: datetime) -> None:
    if RateCard.objects.filter(name=CARD).exists():
        return
    card = rate_cards.create_card(name=CARD, effective_at=effective_at)
    for offer in OFFERS:
        _price(card, offer)
    rate_cards.publish(card)


def _price(card: RateCard, offer: Offer) -> None:
    endpoint = rate_cards.create_endpoint(
        code=offer.code,
        name=offer.code.capitalize(),
        method="POST",
        path_template=offer.path,
    )
    rate_cards.set_price(card, endpoint, per_call=offer.per_call, units=offer.units)


def prices() -> list[Price]:
    """As the service reads them."""
    found = models.Price.objects.filter(rate_card__name=CARD)
    return [selectors.priced(price) for price in found.select_related("endpoint", "rate_card")]
