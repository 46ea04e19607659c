"""Where webhooks may go: to public addresses only, so that nobody looks into our network by them.

A name is resolved once, and what it resolves to is checked and then connected to (see
`connecting.py`): a name that leads elsewhere a moment later leads nowhere.
"""

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from billing.errors import WebhookAddressRefused
from billing.models.webhooks_out import URL_MAX

# Addresses that a name stands for. Raises OSError.
Resolver = Callable[[str, int], Sequence[str]]

PORTS: Final = {"https": 443, "http": 80}
# Below it are services that are not there for webhooks, such as mail.
_OTHER_PORTS_FROM: Final = 1024

# Of IPv6 what IANA has given out as global unicast, but for what stands for IPv4 or for nobody.
# So nothing that embeds an IPv4 address is let through: mapped, NAT64, 6to4, Teredo.
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
_REFUSED: Final[tuple[IPv4Network | IPv6Network, ...]] = tuple(
    map(
        ip_network,
        (
            "100.64.0.0/10",  # carriers' NAT
            "168.63.129.16/32",  # metadata of Azure, on a public address
            "192.0.0.0/24",
            "192.88.99.0/24",  # 6to4 relays
            "2001::/23",  # Teredo and other protocols
            "2001:db8::/32",
            "2002::/16",  # 6to4
            "3fff::/20",
        ),
    )
)


def check_url(url: str, resolve: Resolver | None = None) -> None:
    """As it is saved. Raises WebhookAddressRefused, with what to do about it."""
    host, port = _host_and_port(url)
    try:
        addresses = (resolve or resolved)(host, port)
    except (OSError, UnicodeError):
        raise WebhookAddressRefused(
            f"The name {host} leads to no address: is it right, and published?"
        ) from None
    if refused := refused_of(addresses):
        which = host if refused == host else f"{host} leads to {refused}, which"
        raise WebhookAddressRefused(
            f"{which} is not a public address: webhooks go to public ones only."
        )


def refused_of(addresses: Sequence[str]) -> str | None:
    """The first that is not public. One is enough: which of them is taken is chance."""
    if settings.WEBHOOKS_ALLOW_PRIVATE:
        return None
    return next((one for one in addresses if not is_public(one)), None)


def is_public(address: str) -> bool:
    """Whether everybody could be there, and not only somebody in this network."""
    found = ip_address(address)
    if found.version == 6 and found not in _GLOBAL_UNICAST:
        return False
    if found.is_multicast or not found.is_global:
        return False
    return not any(found in network for network in _REFUSED if network.version == found.version)


def resolved(host: str, port: int) -> list[str]:
    """Without repetition, in the order in which the system would try them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _host_and_port(url: str) -> tuple[str, int]:
    parts = _split(url)
    schemes = ["https", *(["http"] if settings.WEBHOOKS_ALLOW_HTTP else [])]
    if parts.scheme not in schemes or not parts.hostname:
        raise WebhookAddressRefused(f"The address must begin with {' or '.join(schemes)}://.")
    if parts.username is not None or parts.password is not None:
        raise WebhookAddressRefused(
            "Leave out the user and the password: each request is signed instead."
        )
    if "#" in url:
        raise WebhookAddressRefused("Leave out what follows the #: it is never sent.")
    return parts.hostname, _port(parts)


def _split(url: str) -> SplitResult:
    if len(url) > URL_MAX:
        raise WebhookAddressRefused(f"The address is longer than {URL_MAX} characters.")
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise WebhookAddressRefused(
            "The address has a character that none may have. Write a name in another script as"
            " xn--…, and anything else as %…."
        )
    try:
        return urlsplit(url)
    except ValueError:
        raise WebhookAddressRefused("This is no address.") from None


def _port(parts: SplitResult) -> int:
    try:
        port = PORTS[parts.scheme] if parts.port is None else parts.port
    except ValueError:
        port = 0
    if port != PORTS[parts.scheme] and port < _OTHER_PORTS_FROM:
        raise WebhookAddressRefused(
            f"The port must be {PORTS[parts.scheme]}, or one from {_OTHER_PORTS_FROM} to 65535."
        )
    return port
