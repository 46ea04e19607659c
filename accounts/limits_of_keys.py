"""What a key is limited to, as it is typed, and as it is kept."""

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.module_loading import import_string

from accounts import addresses
from accounts.validators import check_network

ENDPOINTS_MAX: Final = 100
NETWORKS_MAX: Final = 50


def endpoint_codes() -> list[str]:
    codes: list[str] = import_string(settings.ENDPOINT_CODES)()
    return codes


def endpoint_codes_sold_to(customer_id: UUID) -> list[str]:
    codes: list[str] = import_string(settings.ENDPOINT_CODES_SOLD_TO)(customer_id)
    return codes


def endpoints(codes: Collection[str] | None) -> list[str] | None:
    """Each once, in order. None stays all of them. Raises ValidationError."""
    if codes is None:
        return None
    if not codes:
        raise ValidationError("Name an endpoint at least, or nothing for all of them.")
    if len(codes) > ENDPOINTS_MAX:
        raise ValidationError(f"These are more than {ENDPOINTS_MAX} endpoints.")
    if unknown := sorted(set(codes) - set(endpoint_codes())):
        raise ValidationError(f"There is no endpoint {', '.join(unknown)}.")
    return sorted(set(codes))


def networks(given: Sequence[str]) -> list[str]:
    """As CIDR, each once, in the order given. Raises ValidationError."""
    if len(given) > NETWORKS_MAX:
        raise ValidationError(f"These are more than {NETWORKS_MAX} networks.")
    for network in given:
        check_network(network)
    return list(dict.fromkeys(str(addresses.read_network(network)) for network in given))
