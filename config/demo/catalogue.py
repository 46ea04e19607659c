"""What Northwind AI sells, and for how much."""

from datetime import timedelta
from typing import NamedTuple

from django.utils import timezone

from ledger import rate_cards
from ledger.models import RateCard

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


def publish() -> None:
    if RateCard.objects.filter(name=CARD).exists():
        return
    # Prices are found by the database's clock, which may be behind ours.
    yesterday = timezone.now() - timedelta(days=1)
    card = rate_cards.create_card(name=CARD, effective_at=yesterday)
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
