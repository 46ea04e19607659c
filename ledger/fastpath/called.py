"""Which endpoint a call is of."""

from ledger.fastpath.calls import invalid
from ledger.fastpath.requests import PricedCall
from ledger.prices.pricing import Price, RateCard


def check(fields: PricedCall) -> None:
    """Raises InvalidRequest."""
    if (fields.method is None) != (fields.path is None):
        raise invalid("path", "method and path go together.")
    if fields.endpoint is not None and fields.path is not None:
        raise invalid("endpoint", "Name an endpoint, or give method and path, not both.")


def price(card: RateCard, fields: PricedCall) -> Price | None:
    """None: the call names no endpoint. Raises UnknownEndpoint."""
    if fields.endpoint is not None:
        return card.by_code(fields.endpoint)
    if fields.method is not None and fields.path is not None:
        return card.by_path(fields.method, fields.path)
    return None
