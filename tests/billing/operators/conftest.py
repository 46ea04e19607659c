import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from typing import Any

import pytest
from django.conf import LazySettings
from standardwebhooks import Webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Receiver(ThreadingHTTPServer):
    """Somebody's own server, which keeps what was rightly signed."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 204
        self.calls: list[dict[str, Any]] = []
        self.ids: list[str] = []
        self.came = Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/notices"

    def told(self) -> list[tuple[str, str]]:
        return [(call["type"], call["data"]["kind"]) for call in self.calls]

    def await_calls(self, number: int, seconds: float = 30) -> None:
        with self.came:
            assert self.came.wait_for(lambda: len(self.calls) >= number, seconds), self.told()


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Webhook(SECRET).verify(body, dict(self.headers))
        with self.server.came:
            self.server.calls.append(json.loads(body))
            self.server.ids.append(self.headers["webhook-id"])
            self.server.came.notify_all()
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def operators(settings: LazySettings, receiver: Receiver) -> Receiver:
    settings.OPERATORS = ["ops@example.com"]
    settings.OPERATORS_WEBHOOK_URL = receiver.url
    settings.OPERATORS_WEBHOOK_SECRET = SECRET
    settings.PUBLIC_URL = "https://credits.example.com"
    return receiver
