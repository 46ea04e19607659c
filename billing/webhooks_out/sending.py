"""One request, and what came of it. Nothing here knows the database.

httpcore and not httpx: it follows no redirects, asks no proxy, keeps no cookies and unpacks no
answers, so that nothing of the kind has to be turned off.
"""

import logging
import os
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from http.client import responses
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import anyio
import httpcore

from billing.webhooks_out.addresses import Resolver
from billing.webhooks_out.connecting import AddressRefused, CheckedBackend, NameUnknown

CONNECT_SECONDS: Final = 5.0
WHOLE_SECONDS: Final = 15.0
READ_MAX: Final = 64 * 1024
# Of the answer, as much is kept.
BODY_KEPT: Final = 4 * 1024
_HEADERS_KEPT, _HEADER_KEPT = 40, 500

# Connections are kept for what comes next, and for no longer than most servers keep theirs.
_IDLE_SECONDS: Final = 2.0
_CONNECTIONS_MAX: Final = 1000

logger = logging.getLogger(__name__)


class Request(NamedTuple):
    url: str
    headers: dict[str, str]
    body: bytes


class Answer(NamedTuple):
    """`error` says why it is none that will do; `status` is None where there was no answer."""

    seconds: float
    status: int | None = None
    headers: dict[str, str] = {}
    body: str = ""
    error: str = ""

    @property
    def is_delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@asynccontextmanager
async def pool(
    resolve: Resolver, trusted: ssl.SSLContext | None = None
) -> AsyncIterator[httpcore.AsyncConnectionPool]:
    async with httpcore.AsyncConnectionPool(
        ssl_context=trusted or _trusted(),
        network_backend=CheckedBackend(resolve),
        keepalive_expiry=_IDLE_SECONDS,
        max_connections=_CONNECTIONS_MAX,
    ) as connections:
        yield connections


@cache
def _trusted() -> ssl.SSLContext:
    """Whom TLS trusts is much to read, for every round."""
    return ssl.create_default_context()


async def send(connections: httpcore.AsyncConnectionPool, request: Request) -> Answer:
    """Within WHOLE_SECONDS. Raises nothing for what others do."""
    began = time.monotonic()
    try:
        with anyio.fail_after(WHOLE_SECONDS):
            answer = await _exchange(connections, request)
    except (httpcore.ConnectTimeout, httpcore.PoolTimeout):
        answer = Answer(0, error=f"There was no connection within {CONNECT_SECONDS:.0f} seconds.")
    except TimeoutError:
        answer = Answer(0, error=f"There was no answer within {WHOLE_SECONDS:.0f} seconds.")
    except (AddressRefused, NameUnknown) as error:
        answer = Answer(0, error=str(error))
    except httpcore.ConnectError as error:
        answer = Answer(0, error=_not_connected(error))
    except (httpcore.RemoteProtocolError, httpcore.LocalProtocolError) as error:
        answer = Answer(0, error=f"What came back is no HTTP answer: {error}")
    except httpcore.NetworkError:
        answer = Answer(0, error="The connection ended before there was an answer.")
    except Exception as error:
        # One that nobody has thought of must not hold up all others.
        logger.exception("A webhook could not be sent to %s", request.url)
        answer = Answer(0, error=f"It could not be sent: {type(error).__name__}.")
    return answer._replace(seconds=round(time.monotonic() - began, 3))


async def _exchange(connections: httpcore.AsyncConnectionPool, request: Request) -> Answer:
    host = ("Host", urlsplit(request.url).netloc)
    async with connections.stream(
        "POST",
        request.url,
        headers=[host, *request.headers.items()],
        content=request.body,
        extensions={"timeout": {"connect": CONNECT_SECONDS}},
    ) as response:
        headers = _shown(response.headers)
        body = await _beginning(response)
    error = _why(response.status, headers)
    return Answer(0, status=response.status, headers=headers, body=body, error=error)


async def _beginning(response: httpcore.Response) -> str:
    """What an answer says counts from its first line on: that the rest does not come, is cut off or
    never ends is no failure."""
    read = b""
    try:
        with anyio.move_on_after(CONNECT_SECONDS):
            async for part in response.aiter_stream():
                read += part
                if len(read) >= READ_MAX:
                    break
    except (httpcore.NetworkError, httpcore.ProtocolError):
        pass
    # PostgreSQL keeps no NUL.
    return read[:BODY_KEPT].decode(errors="replace").replace("\0", "\ufffd")


def _shown(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    return {
        name.decode("latin-1").lower(): value.decode("latin-1").replace("\0", "")[:_HEADER_KEPT]
        for name, value in headers[:_HEADERS_KEPT]
    }


def _why(status: int, headers: dict[str, str]) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        where = f", to {headers['location']}" if headers.get("location") else ""
        return f"It leads elsewhere ({status}{where}). Redirects are not followed."
    return f"It was answered with {status} {responses.get(status, '')}".strip() + "."


def _not_connected(error: BaseException) -> str:
    """With the system's own words, which are at the root."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The TLS certificate is not trusted: {error.verify_message}."
    if isinstance(error, ssl.SSLError):
        return f"There was no TLS connection: {error.reason or error}."
    words = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
    return f"There was no connection: {words or type(error).__name__}."
