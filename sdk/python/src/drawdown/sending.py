"""One request and its answer, within so many seconds in all."""

import re
from collections.abc import Mapping
from time import monotonic
from typing import Any, Final

import httpx

from drawdown.wire import Answer, Failed, Send

# What a header can carry (RFC 9110, 5.5) and a key has.
_KEY: Final = re.compile(r"[!-~]+")
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class _Left(dict[str, Any]):
    """The timeouts of a request's phases, each of which asks for its own when it begins: what the
    ones before have left."""

    def __init__(self, ends_at: float) -> None:
        self._ends_at = ends_at
        super().__init__(httpx.Timeout(self.get("")).as_dict())

    def get(self, phase: str, default: Any = None) -> float:
        return max(self._ends_at - monotonic(), 0.001)


def base(url: str) -> str:
    """Raises ValueError."""
    if not re.match(r"https?://[^/]", url):
        raise ValueError(f"{url!r} is no address such as https://credits.example.com.")
    return url.rstrip("/")


def authorization(key: str) -> dict[str, str]:
    """Raises ValueError, which does not show the key."""
    if not _KEY.fullmatch(key):
        raise ValueError("This is no service key: it is empty, or has a space or a line break.")
    return {"Authorization": f"Bearer {key}"}


def send(http: httpx.Client, url: str, headers: Mapping[str, str], step: Send) -> Answer | Failed:
    request, ends_at = step.request, monotonic() + step.timeout
    try:
        with http.stream(
            request.method,
            url + request.path,
            content=request.content(),
            params=request.query or None,
            headers={**headers, **request.headers()},
            extensions={"timeout": _Left(ends_at)},
        ) as answer:
            content = _read(answer, ends_at)
    except httpx.HTTPError as error:
        return failed(error)
    return Answer(answer.status_code, dict(answer.headers), content)


def failed(error: Exception) -> Failed:
    return Failed(error, was_sent=not isinstance(error, _NOT_SENT))


def _read(answer: httpx.Response, ends_at: float) -> bytes:
    """However slowly it comes. Raises httpx.ReadTimeout."""
    parts = []
    for part in answer.iter_bytes():
        parts.append(part)
        if monotonic() > ends_at:
            raise httpx.ReadTimeout("The answer came too slowly.", request=answer.request)
    return b"".join(parts)
