"""IP addresses and networks as keys are limited to them. No Django here.

An IPv4 address that is written as an IPv6 one, `::ffff:203.0.113.7`, is the IPv4 address: else
whoever writes it so would pass by a rule, or be kept out by one.
"""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Whoever has IPv6 at home has so many addresses: they count as one.
_ONE_USER: Final = 64
_MAPPED: Final = IPv6Network("::ffff:0:0/96")


def read(text: str) -> Address:
    """Raises ValueError; for an address of one link only, such as fe80::1%eth0, too."""
    if "%" in text:
        raise ValueError("An address of one link only.")
    address = ip_address(text)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


@lru_cache(maxsize=10_000)
def read_network(text: str) -> Network:
    """CIDR, or one address. Raises ValueError where bits are set beyond its length."""
    if "%" in text:
        raise ValueError("A network of one link only.")
    network = ip_network(text)
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        first = network.network_address.ipv4_mapped
        return IPv4Network((int(first or 0), network.prefixlen - _MAPPED.prefixlen))
    return network


def are_within(address: Address, networks: Sequence[str]) -> bool:
    return any(address in read_network(network) for network in networks)


def as_counted(address: Address) -> str:
    """The same for all addresses that are one user's, as far as one can tell."""
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((int(address), _ONE_USER), strict=False).network_address)
