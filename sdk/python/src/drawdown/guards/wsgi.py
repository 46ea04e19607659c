"""For any WSGI application: Flask, Bottle, Pyramid, Django under WSGI.

The hold ends with the answer: committed with its status when all of it was taken; released when the
application raises, or when the server stops before its end, as it does when the client is gone.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from http import HTTPStatus
from typing import Any

from drawdown.charging import Reserving
from drawdown.errors import DrawdownError
from drawdown.guards.asking import Ask, Asked, Refusal, missing_key, presented_key, refusal
from drawdown.holding import Hold

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
App = Callable[[Environ, StartResponse], Iterable[bytes]]


class Gone(Exception):
    """The client hung up."""


def by_path(environ: Environ) -> Asked | None:
    """By the method and path, which Drawdown matches with its endpoints; the key pays that the
    request carries."""
    key = presented_key(environ.get("HTTP_AUTHORIZATION"), environ.get("HTTP_X_API_KEY"))
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    return Asked(api_key=key, terms={"method": environ["REQUEST_METHOD"], "path": path})


class Guard:
    """`ask` says of each request what it is charged as; None lets it pass free. Inside, the hold is
    `environ["drawdown"]`."""

    def __init__(self, app: App, credits: Reserving, ask: Ask[Environ] = by_path) -> None:
        self.app, self.credits, self.ask = app, credits, ask

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        asked = self.ask(environ)
        if asked is None:
            return self.app(environ, start_response)
        if not asked.names_somebody():
            return _answer(start_response, missing_key())
        return self._charge(asked, environ, start_response)

    def _charge(
        self, asked: Asked, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        stack = ExitStack()
        try:
            hold = stack.enter_context(self.credits.reserve(**asked.reserving()))
        except DrawdownError as error:
            return _answer(start_response, refusal(error))
        with stack:
            body = self.app({**environ, "drawdown": hold}, _watched(hold, start_response))
            return _Body(body, stack.pop_all())
        raise AssertionError("Holds let no error pass in silence.")


class _Body:
    """The answer as it is taken, and the hold that ends with it."""

    def __init__(self, body: Iterable[bytes], hold: ExitStack) -> None:
        self._body, self._hold, self._is_complete = body, hold, False

    def __iter__(self) -> Iterator[bytes]:
        yield from self._body
        self._is_complete = True

    def close(self) -> None:
        """Servers call it in any case (PEP 3333)."""
        if close := getattr(self._body, "close", None):
            self._hold.callback(close)
        if self._is_complete:
            self._hold.close()
            return
        try:
            with self._hold:
                raise Gone
        except Gone:
            return


def _watched(hold: Hold, start_response: StartResponse) -> StartResponse:
    def start(status: str, headers: Any, *rest: Any) -> Any:
        hold.answered(int(status.split(" ", 1)[0]))
        return start_response(status, headers, *rest)

    return start


def _answer(start_response: StartResponse, refused: Refusal) -> list[bytes]:
    phrase = HTTPStatus(refused.status).phrase
    start_response(f"{refused.status} {phrase}", list(refused.headers.items()))
    return [refused.body]
