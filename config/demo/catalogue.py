"""What Northwind AI sells, and for how much."""

from datetime import datetime
from typing import NamedTuple

from ledger import models, rate_cards
from ledger.models import RateCard
from ledger.pricing import Price

CREDIT = 1_000_000
CARD = "launch"


class Offer(NamedTuple):
    code: str
    path: str
    per_call: int
    quantity_name: str = ""
    per_quantity: int = 0
    quantity_size: int = 1


OFFERS = (
    Offer("classify", "/v1/classify", 1 * CREDIT),
    Offer("summarize", "/v1/files/{id}/summary", 4 * CREDIT),
    Offer("extract-pdf", "/v1/files/{id}/text", 12 * CREDIT),
    Offer("generate", "/v1/generate", 2 * CREDIT, "tokens", 350_000, 1000),
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
    rate_cards.set_price(
        card,
        endpoint,
        per_call=offer.per_call,
        quantity_name=offer.quantity_name,
        per_quantity=offer.per_quantity,
        quantity_size=offer.quantity_size,
    )


def prices() -> list[Price]:
    """As the service reads them."""
    found = models.Price.objects.filter(rate_card__name=CARD)
    return [
        Price(*row)
        for row in found.values_list(
            "id",
            "rate_card__name",
            "per_call",
            "quantity_name",
            "per_quantity",
            "quantity_size",
            "endpoint__code",
            "endpoint__method",
            "endpoint__path_template",
            "endpoint__bills_client_errors",
        )
    ]
