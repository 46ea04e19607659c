"""Connections to addresses that were checked: the name is resolved here, once, and nowhere after.

The name stays in the request and in the TLS handshake as it was written.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

import anyio
import anyio.to_thread
import httpcore

from billing.webhooks_out import addresses
from billing.webhooks_out.addresses import Resolver

# Lookups at once. Each has a thread, for the system's resolver may hang.
_LOOKUPS: Final = 200


class AddressRefused(httpcore.ConnectError):
    """The name leads to an address that is not public."""


class NameUnknown(httpcore.ConnectError):
    """The name leads to no address."""


class CheckedBackend(httpcore.AsyncNetworkBackend):
    def __init__(self, resolve: Resolver) -> None:
        self._resolve = resolve
        self._lookups = anyio.CapacityLimiter(_LOOKUPS)
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """`timeout` is for the lookup and all that it finds together."""
        try:
            with anyio.fail_after(timeout):
                return await self._connect(await self._checked(host, port), port, socket_options)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error

    async def _checked(self, host: str, port: int) -> Sequence[str]:
        try:
            found = await anyio.to_thread.run_sync(
                self._resolve, host, port, abandon_on_cancel=True, limiter=self._lookups
            )
        except (OSError, UnicodeError) as error:
            raise NameUnknown(f"The name {host} leads to no address.") from error
        if refused := addresses.refused_of(found):
            raise AddressRefused(f"{host} leads to {refused}, which is not a public address.")
        return found

    async def _connect(
        self,
        found: Sequence[str],
        port: int,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> httpcore.AsyncNetworkStream:
        *others, last = found
        for address in others:
            with suppress(httpcore.ConnectError):
                return await self._network.connect_tcp(address, port, socket_options=socket_options)
        return await self._network.connect_tcp(last, port, socket_options=socket_options)
