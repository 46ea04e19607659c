"""What one charge buys: as many packs as close the gap."""

from bisect import bisect_right
from uuid import UUID

from billing import checkout
from billing.models import PackPrice, Purchase, TopUpSettings


def closing(
    agreement: TopUpSettings, *, gap: int, within: int, key: UUID | None = None
) -> Purchase | None:
    """A purchase to come of whole packs that close a gap of so many micro-credits; of as many as
    cost no more than `within` minor units with tax. None where not even one does. Raises
    PackUnavailable, PlaceMissing."""
    price = price_now(agreement)
    wanted = -(-gap // content(price))

    def total(quantity: int) -> int:
        return _order(agreement, price, quantity, key).total

    quantity = bisect_right(range(1, wanted + 1), within, key=total)
    return _order(agreement, price, quantity, key) if quantity else None


def expected(agreement: TopUpSettings) -> Purchase:
    """What a charge would be that begins at the threshold. Raises PackUnavailable, PlaceMissing."""
    price = price_now(agreement)
    quantity = -(-(agreement.target - agreement.threshold) // content(price))
    return _order(agreement, price, quantity)


def one_pack(agreement: TopUpSettings) -> Purchase:
    """Raises PackUnavailable, PlaceMissing."""
    return _order(agreement, price_now(agreement), 1)


def price_now(agreement: TopUpSettings) -> PackPrice:
    """Raises PackUnavailable."""
    return checkout.price_of(agreement.customer, agreement.pack, agreement.currency)


def content(price: PackPrice) -> int:
    """Micro-credits of one pack; a bonus is spent all the same."""
    return price.pack.credits + price.pack.bonus_credits


def _order(
    agreement: TopUpSettings, price: PackPrice, quantity: int, key: UUID | None = None
) -> Purchase:
    return checkout.for_saved_card(
        agreement.customer, price, quantity, provider=agreement.card.provider, key=key
    )
