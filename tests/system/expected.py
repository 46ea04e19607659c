"""What calls cost by the demo company's rate card, told from its published prices alone."""

from decimal import Decimal
from typing import Any

from tests.system.calls import CREDIT, micro
from tests.system.journal import Exchange

PRICES = {"classify": 1 * CREDIT, "summarize": 4 * CREDIT, "extract-pdf": 12 * CREDIT}
CALL = 2 * CREDIT
TOKEN = 350  # 0.35 credits per 1,000


def reserved_by(asked: dict[str, Any]) -> int:
    if "amount" in asked:
        return micro(str(asked["amount"]))
    if "path" in asked:
        assert asked["path"].endswith("/summary")
        return PRICES["summarize"]
    if asked["endpoint"] == "generate":
        return _generate(asked["quantity"])
    return PRICES[asked["endpoint"]]


def committed_by(exchange: Exchange, hold: dict[str, Any], left: int) -> int:
    """What a commit takes of a hold that has so much left."""
    wanted = _wanted(exchange.asked, left)
    return min(wanted, left) if hold.get("overrun") == "cap" else wanted


def _wanted(asked: dict[str, Any], left: int) -> int:
    if asked.get("outcome") == "server_error":
        return 0
    if "amount" in asked:
        return micro(asked["amount"])
    return _generate(asked["quantity"]) if "quantity" in asked else left


def _generate(quantity: Any) -> int:
    tokens = quantity["tokens"] if isinstance(quantity, dict) else quantity
    return CALL + int(Decimal(tokens) * TOKEN)
