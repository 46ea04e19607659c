"""From which address a request comes, behind as many proxies as are trusted."""

from allauth.account.adapter import get_adapter
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest

from accounts import addresses
from accounts.addresses import Address


def address_of(request: HttpRequest) -> Address | None:
    """None where the proxies do not say it."""
    try:
        return addresses.read(get_adapter().get_client_ip(request))
    except (ValueError, ImproperlyConfigured, PermissionDenied):
        return None
