"""How Stripe's API is asked, and what its refusals mean here."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import stripe
from django.conf import settings

from billing.errors import CardDeclined, ProviderDeclined, ProviderFailed

# Of one try; there are two more after one that failed by the network or by Stripe's fault.
TIMEOUT_SECONDS = 10
RETRIES = 2
# The bank's word on a card that will not work again without its owner.
FINAL = frozenset(
    {
        "authentication_required",
        "card_not_supported",
        "currency_not_supported",
        "do_not_try_again",
        "expired_card",
        "fraudulent",
        "incorrect_number",
        "invalid_account",
        "invalid_expiry_month",
        "invalid_expiry_year",
        "invalid_number",
        "lost_card",
        "merchant_blacklist",
        "new_account_information_available",
        "pickup_card",
        "restricted_card",
        "revocation_of_all_authorizations",
        "revocation_of_authorization",
        "stolen_card",
        "stop_payment_order",
        "transaction_not_allowed",
    }
)


def client() -> stripe.StripeClient:
    return _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)


@contextmanager
def asking() -> Iterator[None]:
    """Raises ProviderFailed, ProviderDeclined, CardDeclined."""
    try:
        yield
    except stripe.CardError as error:
        raise CardDeclined(_told(error), is_final=_is_final(error)) from error
    except stripe.InvalidRequestError as error:
        raise ProviderDeclined(_told(error)) from error
    except stripe.StripeError as error:
        raise ProviderFailed(str(error)) from error


@lru_cache
def _client(key: str, base: str) -> stripe.StripeClient:
    """Kept, with its connections."""
    return stripe.StripeClient(
        # Without a key the library raises an error that is none of its own.
        key or "none",
        base_addresses={"api": base},
        max_network_retries=RETRIES,
        http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS),
    )


def _told(error: stripe.StripeError) -> str:
    return error.user_message or str(error)


def _is_final(error: stripe.CardError) -> bool:
    body: Any = error.json_body or {}
    said = body.get("error", {})
    codes = {said.get(name) for name in ("code", "decline_code", "advice_code")}
    return not FINAL.isdisjoint(codes)
