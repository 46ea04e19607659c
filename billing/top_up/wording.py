"""Top-ups as people are told of them."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from billing import shown
from billing.models import Obstacle, PaymentMethod, Purchase, TopUpSettings

credits = shown.credits
money = shown.money


class Told(NamedTuple):
    """Why it is paused, and where that is mended."""

    why: str
    action: str
    page: str


_OBSTACLES: Final[Mapping[Obstacle, Told]] = {
    Obstacle.CAP: Told(
        "This month's limit does not allow another charge.", "Raise the limit", "top-up"
    ),
    Obstacle.DECLINED: Told("The card was declined.", "Choose another card", "top-up"),
    Obstacle.DISPUTED: Told(
        "A payment is disputed, and the card is left alone.", "Choose another card", "top-up"
    ),
    Obstacle.CARD: Told("The card is not saved any more.", "Choose another card", "top-up"),
    Obstacle.PACK: Told("The pack is not on sale any more.", "Choose another pack", "top-up"),
    Obstacle.PRICE: Told(
        "The pack costs more, or has fewer credits, than you agreed to.",
        "See the price and agree",
        "top-up",
    ),
    Obstacle.PLACE: Told(
        "Your billing details do not say where tax is due.", "Fill them in", "billing-profile"
    ),
    Obstacle.TAX: Told(
        "Tax is found out at the checkout now, which a saved card does not pass.",
        "Buy by hand",
        "buy",
    ),
    Obstacle.PROVIDER: Told(
        "The card's payment provider is not in use any more.", "Save another card", "buy"
    ),
}


def obstacle(obstacle: Obstacle) -> Told:
    return _OBSTACLES[obstacle]


def card(card: PaymentMethod) -> str:
    return f"{card.brand.capitalize()} {card.last4}".strip() or "your card"


def summary(agreement: TopUpSettings, expected: Purchase) -> str:
    """What is agreed to, in one sentence."""
    currency = agreement.currency
    return (
        f"When you fall to {credits(agreement.threshold)} credits, we charge {card(agreement.card)}"
        f" about {money(expected.total, currency)} to bring you back to"
        f" {credits(agreement.target)}; at most {money(agreement.cap, currency)} a month."
    )
