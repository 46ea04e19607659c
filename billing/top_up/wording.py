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
    how: str = ""


BUY_AND_KEEP: Final = Told(
    "",
    "Buy with another card and keep it",
    "buy",
    "Buy credits with another card and tick “Keep my card for later”: after that you are asked"
    " whether it is charged from now on. Or buy with the same card: once it pays, it is charged"
    " again.",
)


_OBSTACLES: Final[Mapping[Obstacle, Told]] = {
    Obstacle.CAP: Told(
        "This month's limit does not allow another charge.", "Raise the limit", "top-up"
    ),
    Obstacle.DECLINED: BUY_AND_KEEP._replace(why="The card is not charged any more."),
    Obstacle.DISPUTED: BUY_AND_KEEP._replace(
        why="A payment is disputed, and the card is left alone."
    ),
    Obstacle.CARD: BUY_AND_KEEP._replace(why="The card is not saved any more."),
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
    Obstacle.PROVIDER: BUY_AND_KEEP._replace(
        why="The card's payment provider is not in use any more."
    ),
}


def obstacle(obstacle: Obstacle) -> Told:
    return _OBSTACLES[obstacle]


def card(card: PaymentMethod) -> str:
    return f"{card.brand.capitalize()} {card.last4}".strip() or "your card"


def summary(agreement: TopUpSettings, one: Purchase, expected: Purchase) -> str:
    """What is agreed to: `one` pack costs so much, and so many are `expected` at the threshold."""
    currency = agreement.currency
    tax = ", tax included" if one.tax else ""
    told = (
        f"When you fall to {credits(agreement.threshold)} credits, we charge {card(agreement.card)}"
        f" for as many packs of {agreement.pack.name} ({money(one.total, currency)} each{tax}) as"
        f" bring you back to {credits(agreement.target)}: {money(expected.total, currency)}, or"
        f" more if you have fallen further; at most {money(agreement.cap, currency)} a month."
    )
    if agreement.suspend_keys:
        told += (
            " If a charge fails and no credits are left, your keys are suspended until it is paid."
        )
    return told


def at_once(purchase: Purchase, *, is_put_off: bool) -> str:
    """Of a threshold that is reached already."""
    when = "as soon as a charge is tried again" if is_put_off else "at once"
    amount = money(purchase.total, purchase.currency)
    return f"You have fallen to that already: {amount} is charged {when}."
