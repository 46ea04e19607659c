"""The secret of operators' webhook, as the settings are read."""

from binascii import Error

import environ
from django.core.exceptions import ImproperlyConfigured
from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError


def webhook_secret(env: environ.Env, url: str) -> str:
    """Raises ImproperlyConfigured where calls could not be signed."""
    secret: str = env("OPERATORS_WEBHOOK_SECRET", default="")
    if not url:
        return secret
    try:
        Webhook(secret)
    except (EmptyWebhookSecretError, Error):
        raise ImproperlyConfigured(
            "OPERATORS_WEBHOOK_URL is set: set OPERATORS_WEBHOOK_SECRET to `whsec_` and 24 to 64"
            " random bytes in base64."
        ) from None
    return secret
