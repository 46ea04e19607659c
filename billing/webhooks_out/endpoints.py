"""Where a customer wants to be told: added, changed, rotated, disabled, removed."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, NamedTuple
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from accounts.models import Customer, User
from billing.errors import SecretIsRotating, TooManyEndpoints
from billing.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from billing.webhooks_out import addresses, signing

ENDPOINTS_MAX: Final = 10
# For so long the secret before signs too.
ROTATION: Final = timedelta(hours=24)


class NewSecret(NamedTuple):
    endpoint: WebhookEndpoint
    secret: str


def of(customer: Customer) -> QuerySet[WebhookEndpoint]:
    """The first first."""
    return WebhookEndpoint.objects.filter(customer=customer, removed_at=None).order_by("id")


def add(
    id: UUID,
    *,
    customer: Customer,
    url: str,
    description: str = "",
    types: Sequence[str] = (),
    created_by: User | None = None,
) -> NewSecret | None:
    """None where this one was added before. Raises WebhookAddressRefused, TooManyEndpoints."""
    addresses.check_url(url)
    secret = signing.new_secret()
    try:
        with transaction.atomic():
            _check_number(customer)
            endpoint = WebhookEndpoint.objects.create(
                id=id,
                customer=customer,
                url=url,
                description=description,
                types=list(types),
                secret=signing.encipher(secret),
                created_by=created_by,
            )
    except IntegrityError:
        return None
    return NewSecret(endpoint, secret)


def change(endpoint: WebhookEndpoint, *, url: str, description: str, types: Sequence[str]) -> None:
    """Raises WebhookAddressRefused."""
    addresses.check_url(url)
    _same(endpoint).update(url=url, description=description, types=list(types))


def rotate(endpoint: WebhookEndpoint) -> NewSecret:
    """From now on both sign, and after ROTATION the new one alone. Raises SecretIsRotating: there
    is room for two, and a program may have either."""
    secret = signing.new_secret()
    with transaction.atomic():
        locked = _same(endpoint).select_for_update(no_key=True).get()
        if locked.is_rotating:
            raise SecretIsRotating
        _same(endpoint).update(
            secret=signing.encipher(secret),
            previous_secret=locked.secret,
            previous_until=Now() + ROTATION,
        )
    endpoint.refresh_from_db()
    return NewSecret(endpoint, secret)


def end_previous_secret(endpoint: WebhookEndpoint) -> None:
    """Ahead of its time: the new one alone signs from now on."""
    _same(endpoint).update(previous_secret="", previous_until=None)


def enable(endpoint: WebhookEndpoint) -> None:
    """What happened meanwhile is not sent, but for what is asked for again."""
    with transaction.atomic():
        disabled = _same(endpoint).filter(enabled=False, removed_at=None)
        if disabled.update(enabled=True, disabled_reason="", failures=0, failing_since=None):
            _skip(endpoint)


def disable(endpoint: WebhookEndpoint, reason: str) -> bool:
    """Whether it was enabled. What was due is not sent."""
    with transaction.atomic():
        enabled = _same(endpoint).filter(enabled=True)
        was_enabled = bool(enabled.update(enabled=False, disabled_reason=reason))
        if was_enabled:
            _skip(endpoint)
    return was_enabled


def remove(endpoint: WebhookEndpoint) -> None:
    """Its log stays as long as any; its secrets do not."""
    with transaction.atomic():
        disable(endpoint, "Removed.")
        _same(endpoint).update(removed_at=Now(), secret="", previous_secret="", previous_until=None)


def _check_number(customer: Customer) -> None:
    """Under a lock, so that two at once are not one too many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"webhooks {customer.id}"]
        )
    if of(customer).count() >= ENDPOINTS_MAX:
        raise TooManyEndpoints


def _same(endpoint: WebhookEndpoint) -> QuerySet[WebhookEndpoint]:
    return WebhookEndpoint.objects.filter(pk=endpoint.pk)


def _skip(endpoint: WebhookEndpoint) -> None:
    due = WebhookDelivery.objects.filter(endpoint=endpoint, state=DeliveryState.DUE)
    due.update(state=DeliveryState.SKIPPED)
