"""The stand-in for Stripe over HTTP: forms in, JSON out, errors as Stripe writes them."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.billing.stripe.account import KEY, ApiError, Object, Params, Stripe


@contextmanager
def serving() -> Iterator[Stripe]:
    account = Stripe()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(account))
    server.daemon_threads = True
    account.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield account
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(account: Stripe) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body in one packet, for which nobody waits.
        wbufsize = -1

        def do_GET(self) -> None:
            self._answer(urlsplit(self.path).query)

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self._answer(self.rfile.read(length).decode())

        def _answer(self, form: str) -> None:
            try:
                status, body = self._asked(form)
            except ApiError as error:
                status, body = error.status, error.body
            except ConnectionAbortedError:
                self.close_connection = True
                return
            content = json.dumps(body).encode()
            with suppress(ConnectionError):  # Who asked may be gone.
                self._send(status, content)

        def _send(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Request-Id", "req_stand_in")
            self.end_headers()
            self.wfile.write(content)

        def _asked(self, form: str) -> tuple[int, Object]:
            if self.headers.get("Authorization") != f"Bearer {KEY}":
                raise ApiError(401, "invalid_request_error", "Invalid API Key provided.")
            path, key = urlsplit(self.path).path, self.headers.get("Idempotency-Key")
            time.sleep(account.delay)
            return account.answer(self.command, path, _nested(form), key)

        def log_message(self, *args: Any) -> None:
            """Nobody reads it."""

    return Handler


def _nested(form: str) -> Params:
    """`line_items[0][price_data][currency]=usd` as objects and lists."""
    found: Params = {}
    for name, value in parse_qsl(form, keep_blank_values=True):
        *outer, last = [part.rstrip("]") for part in name.split("[")]
        place = found
        for part in outer:
            place = place.setdefault(part, {})
        place[last] = value
    return {name: _listed(value) for name, value in found.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(one) for name, one in value.items()}
    return list(inner.values()) if all(name.isdecimal() for name in inner) else inner
