"""The kinds of adjustments: what each does, and what must be said of it."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from billing.models import AdjustmentKind as Kind


class Shape(NamedTuple):
    """`needs` and `may` are names of columns of `Adjustment`, beside reason and note. The purchase
    of a lot that was bought is found without being said."""

    does: str
    needs: tuple[str, ...]
    may: tuple[str, ...] = ()


SHAPES: Final[Mapping[str, Shape]] = {
    Kind.ADD: Shape(
        "Too few were issued: a new lot without a price. No money is entered.",
        ("credits",),
        ("expires_at", "lot_id", "reservation_id", "transaction_id", "purchase"),
    ),
    Kind.VOID: Shape(
        "Credits that nobody paid for were issued in error: they are taken out of their lot.",
        ("lot_id", "credits"),
        ("purchase",),
    ),
    Kind.FORFEIT: Shape(
        "Terms were breached and no refund is due: credits are taken out of a lot as if they had"
        " expired, and what was paid for them becomes breakage.",
        ("lot_id", "credits"),
        ("purchase",),
    ),
    Kind.GOODWILL: Shape(
        "Credits for nothing, as the accounting policy has it: a lot without a price, or more"
        " credits for the price of an open paid lot.",
        ("credits",),
        ("expires_at", "lot_id", "reservation_id", "transaction_id", "purchase"),
    ),
    Kind.EXTEND: Shape(
        "An open lot expires later, or never. Nobody's credits are cut short.",
        ("lot_id",),
        ("expires_at", "purchase"),
    ),
    Kind.REINSTATE: Shape(
        "Credits that expired or were forfeited come back to their lot until a new expiry, and"
        " their deferred revenue with them.",
        ("lot_id", "credits", "expires_at"),
        ("purchase",),
    ),
    Kind.MOVE: Shape(
        "Credits go to another customer with their cost and their expiry: out of one lot, or in"
        " the order of use.",
        ("receiver", "credits"),
        ("lot_id", "purchase"),
    ),
    Kind.REVERSE: Shape(
        "What a call was charged comes back to its lots, all of it or a part.",
        ("reservation_id", "credits"),
    ),
}
FIELDS: Final = (
    *("credits", "expires_at", "receiver", "lot_id", "reservation_id", "transaction_id"),
    "purchase",
)
