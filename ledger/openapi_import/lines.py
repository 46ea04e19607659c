"""What becomes of an endpoint's line on the draft card."""

from enum import StrEnum

from ledger.models import Endpoint, Price, RateCard
from ledger.openapi_import.costs import Cost
from ledger.prices import rate_cards


class Line(StrEnum):
    KEPT = "kept"
    FROM_FILE = "from file"
    TO_FILL_IN = "to fill in"


def line_of(price: Price | None, cost: Cost | None) -> Line:
    """A cost that the file says goes before the card's. Where the file says none, what staff have
    filled in stays."""
    if cost is None:
        return Line.KEPT if price else Line.TO_FILL_IN
    return Line.KEPT if price and _costs(price, cost) else Line.FROM_FILE


def _costs(price: Price, cost: Cost) -> bool:
    columns = rate_cards.checked(**cost._asdict())
    return all(getattr(price, name) == value for name, value in columns.items())


def write(card: RateCard, endpoint: Endpoint, line: Line, cost: Cost | None) -> None:
    if line == Line.FROM_FILE and cost is not None:
        rate_cards.set_price(card, endpoint, **cost._asdict())
    elif line == Line.TO_FILL_IN:
        rate_cards.leave_open(card, endpoint)
