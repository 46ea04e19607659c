"""Where a lot came from, in words, where no purchase says it."""

from typing import Final

from billing import shown
from ledger.models import Lot, LotKind

GRANTED: Final = "Granted by the provider as paid"


def kind(lot: Lot) -> str:
    return "Paid" if _is_granted_as_paid(lot) else shown.LOT_KINDS.get(lot.kind, lot.kind)


def origin(lot: Lot) -> str:
    """Empty, where nothing is known."""
    if _is_granted_as_paid(lot):
        price = f", {shown.money(lot.price, lot.currency)}" if lot.currency else ""
        return f"{GRANTED}{price}" + (f": {lot.reason}" if lot.reason else "")
    return lot.reason or ("Moved here" if (lot.document or "").startswith("move:") else "")


def _is_granted_as_paid(lot: Lot) -> bool:
    """What was bought, or moved here, names that."""
    return lot.kind == LotKind.PAID and not lot.document
