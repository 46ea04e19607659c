"""The payment providers of this installation: those that PAYMENT_PROVIDERS names. The first takes
new checkouts."""

from collections.abc import Iterator

from django.conf import settings

from billing.errors import NoProvider, UnknownProvider
from billing.providers.base import Provider
from billing.providers.sandbox.provider import Sandbox
from billing.providers.stripe.provider import Stripe

_ALL: dict[str, type[Provider]] = {"test": Sandbox, "stripe": Stripe}


def add(name: str, provider: type[Provider]) -> None:
    """One that no installation offers: scenarios have their own bank."""
    _ALL[name] = provider


def get(name: str) -> Provider:
    """Raises UnknownProvider."""
    if name not in settings.PAYMENT_PROVIDERS or name not in _ALL:
        raise UnknownProvider
    return _ALL[name]()


def names() -> list[str]:
    """Of all there are: what was sold by one that is not in use any more is still its own."""
    return [*_ALL]


def default() -> Provider:
    """For new checkouts. Raises NoProvider."""
    if not settings.PAYMENT_PROVIDERS:
        raise NoProvider
    return get(settings.PAYMENT_PROVIDERS[0])


def every() -> Iterator[Provider]:
    return (get(name) for name in settings.PAYMENT_PROVIDERS)
