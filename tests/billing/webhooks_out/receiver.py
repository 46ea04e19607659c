"""A real HTTP server on loopback, which answers as it is told and remembers what it got."""

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, NamedTuple


class Got(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes
    at: float


# Writes an answer to a request, or none.
Behaviour = Callable[["Handler"], None]


@dataclass
class Receiver:
    url: str
    got: list[Got] = field(default_factory=list)
    behave: dict[str, Behaviour] = field(default_factory=dict)
    ended: Event = field(default_factory=Event)

    def at(self, path: str) -> list[Got]:
        return [one for one in self.got if one.path == path]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.receiver.got.append(Got(self.path, headers, body, time.monotonic()))
        self.receiver.behave.get(self.path, answering(200))(self)

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 200

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who hangs up on us is what is tested."""


def answering(status: int, body: bytes = b"", **headers: str) -> Behaviour:
    def answer(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def saying(raw: bytes) -> Behaviour:
    """Whatever this is, and then nothing more."""

    def answer(handler: Handler) -> None:
        handler.wfile.write(raw)
        handler.close_connection = True

    return answer


def hanging(handler: Handler) -> None:
    handler.receiver.ended.wait(30)
    handler.close_connection = True


def dripping(handler: Handler) -> None:
    """A line that never ends, a byte at a time: no read waits for long."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    while not handler.receiver.ended.wait(0.2):
        handler.wfile.write(b"x")
        handler.wfile.flush()


@contextmanager
def receiving(
    certificate: tuple[str, str] | None = None, host: str = "127.0.0.1"
) -> Iterator[Receiver]:
    handler = type("Handler", (Handler,), {})
    server = Server((host, 0), handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    scheme = "https" if certificate else "http"
    handler.receiver = receiver = Receiver(f"{scheme}://{host}:{server.server_port}")
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        receiver.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
