"""What is asked of Stripe, in its words."""

import json
from datetime import timedelta
from hashlib import blake2b
from typing import Any

from billing.providers.base import Charge, Order

# Stripe keeps a page open for 24 hours at most, by its own clock.
EARLIER = timedelta(minutes=5)


def session(order: Order) -> dict[str, Any]:
    named = {"purchase": order.our_purchase}
    lines = [_line(order.description, order.net, order)]
    if order.tax:
        lines.append(_line(order.tax_name or "Tax", order.tax, order))
    asked: dict[str, Any] = {
        "mode": "payment",
        "client_reference_id": order.our_purchase,
        "metadata": named,
        "payment_intent_data": {"metadata": named, "description": order.description},
        "line_items": lines,
        "success_url": order.return_url,
        "cancel_url": order.cancel_url,
        "expires_at": int((order.expires_at - EARLIER).timestamp()),
    }
    asked |= _customer(order)
    if order.tax_by_provider:
        asked["automatic_tax"] = {"enabled": True}
        asked["tax_id_collection"] = {"enabled": True}
        if order.customer_ref:
            asked["customer_update"] = {"address": "auto", "name": "auto"}
    if order.save_card:
        # To be charged later without the payer.
        asked["payment_intent_data"]["setup_future_usage"] = "off_session"
    return asked


def key(order: Order, asked: dict[str, Any]) -> str:
    """Stripe refuses other parameters under a key that it knows, and some may have changed before
    one asks again: the customer that it knows by now, or the name by which we are reached."""
    said = json.dumps(asked, sort_keys=True).encode()
    return f"{order.our_purchase}-{blake2b(said, digest_size=8).hexdigest()}"


def charge(charge: Charge) -> dict[str, Any]:
    return {
        "amount": charge.amount,
        "currency": charge.currency.lower(),
        "customer": charge.customer_ref,
        "payment_method": charge.card_ref,
        "confirm": True,
        "off_session": True,
        "description": charge.description,
        "metadata": {"purchase": charge.our_purchase, "saved": "yes"},
        "expand": ["latest_charge.balance_transaction"],
    }


def _customer(order: Order) -> dict[str, Any]:
    if order.customer_ref:
        # Cards that were kept so are offered on Stripe's page only where it is asked to.
        kept = {"allow_redisplay_filters": ["always", "limited"]}
        return {"customer": order.customer_ref, "saved_payment_method_options": kept}
    email = {"customer_email": order.email} if order.email else {}
    return {"customer_creation": "always", **email}


def _line(text: str, amount: int, order: Order) -> dict[str, Any]:
    price: dict[str, Any] = {
        "currency": order.currency.lower(),
        "unit_amount": amount,
        "product_data": {"name": text},
    }
    if order.tax_by_provider:
        price["tax_behavior"] = "exclusive"
    return {"quantity": 1, "price_data": price}
