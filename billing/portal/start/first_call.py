"""What a newcomer calls first: an endpoint of the provider's own API, or the balance."""

import json
from typing import Final, NamedTuple

from django.conf import settings

from accounts.ids import CUSTOMER, encode
from accounts.models import Customer
from ledger import selectors
from ledger.models import Price

JSON: Final = "application/json"
TEXT: Final = "text/plain; charset=utf-8"
_NOTHING: Final = "{}"


class FirstCall(NamedTuple):
    """`price` is None where it asks for the balance, which costs nothing."""

    method: str
    url: str
    body: str
    price: Price | None

    @property
    def media(self) -> str:
        try:
            json.loads(self.body)
        except ValueError:
            return TEXT
        return JSON


def of(customer: Customer, drawdown: str) -> FirstCall:
    """`drawdown` is where this service is reached."""
    price = _tried(customer) if settings.PROVIDER_API_URL else None
    if price is None:
        return balance(customer, drawdown)
    endpoint = price.endpoint
    body = settings.PROVIDER_API_BODY if _is_for(endpoint.code) else ""
    method = endpoint.method or ("POST" if body else "GET")
    url = f"{settings.PROVIDER_API_URL}/{endpoint.path_template.lstrip('/')}"
    if method in ("GET", "HEAD", "DELETE"):
        return FirstCall(method, url, "", price)
    return FirstCall(method, url, body or _NOTHING, price)


def balance(customer: Customer, drawdown: str) -> FirstCall:
    """What a customer's key may ask in any case."""
    of = encode(CUSTOMER, customer.id)
    return FirstCall("GET", f"{drawdown.rstrip('/')}/v1/customers/{of}/balance", "", None)


def _tried(customer: Customer) -> Price | None:
    """The one that the provider names, or the cheapest; it needs no more than a key."""
    prices = selectors.prices_of(customer.id, selectors.now())
    complete = [price for price in prices if _is_complete(price.endpoint.path_template)]
    named = [one for one in complete if one.endpoint.code == settings.PROVIDER_API_ENDPOINT]
    return min(named or complete, key=lambda one: (one.per_call, one.endpoint.code), default=None)


def _is_complete(path: str) -> bool:
    return bool(path) and "{" not in path


def _is_for(code: str) -> bool:
    return settings.PROVIDER_API_ENDPOINT in ("", code)
