"""The way to a service, which a test can close, or on which answers are lost."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

CHUNK = 65536


class Road:
    def __init__(self, url: str) -> None:
        self._home = self._to = _address(url)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.is_closed = False
        self.answers_to_lose = self.answers_to_swallow = 0
        self._answers_go = threading.Event()
        self._answers_go.set()
        self.is_silent = False  # what is sent is lost, and nobody is thrown off
        self.requests = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Whoever is on it is thrown off, and nobody comes through."""
        self.is_closed = True
        with self._lock:
            ended, self._open = self._open, set()
        for each in ended:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def open(self) -> None:
        self._lead_to(self._home)

    def lead_to(self, url: str) -> None:
        """Another that answers in its place, until it is opened again."""
        self._lead_to(_address(url))

    def lose_answers(self, number: int) -> None:
        """What is asked next is done, and nobody hears of it."""
        self.answers_to_lose = number

    def swallow_answers(self, number: int) -> None:
        """What is asked next is done, and its connection hangs."""
        self.answers_to_swallow = number

    def keep_answers(self) -> None:
        """Until they go."""
        self._answers_go.clear()

    def let_answers_go(self) -> None:
        self._answers_go.set()

    def end(self) -> None:
        self.let_answers_go()
        self.close()
        self._listener.close()

    def _lead_to(self, address: tuple[str, int]) -> None:
        self.close()
        self._to = address
        self.is_closed = False

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if self.is_closed:
                    near.close()
                    continue
                far = socket.create_connection(self._to)
                with self._lock:
                    self._open |= {near, far}
                for work in (self._forth, self._back):
                    threading.Thread(target=work, args=(near, far), daemon=True).start()

    def _forth(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while part := near.recv(CHUNK):
                self.requests += part.count(b" HTTP/1.1\r\n")
                if not self.is_silent:
                    far.sendall(part)
        _end(far)

    def _back(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while part := far.recv(CHUNK):
                self._answers_go.wait()
                if self.answers_to_swallow:
                    self.answers_to_swallow -= 1
                    continue
                if self.answers_to_lose:
                    self.answers_to_lose -= 1
                    break
                near.sendall(part)
        _end(near)
        _end(far)


def _address(url: str) -> tuple[str, int]:
    address = urlsplit(url)
    return address.hostname or "127.0.0.1", address.port or 80


def _end(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


@contextmanager
def road_to(url: str) -> Iterator[Road]:
    road = Road(url)
    try:
        yield road
    finally:
        road.end()
