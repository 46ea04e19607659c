"""The API as an outside program calls it: HTTP on one kept connection."""

import http.client
import json
from email.message import Message
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from accounts.ids import uuid7

JSON = ("application/json", "application/problem+json")
NO_KEY = "(no header)"
TIMEOUT_SECONDS = 60


class Lost(Exception):
    """No answer came, so nobody knows whether the request was done."""


class Answer(NamedTuple):
    status: int
    headers: Message
    body: bytes

    def json(self) -> Any:
        assert self.headers["Content-Type"] in JSON, (self.status, self.body)
        return json.loads(self.body)

    @property
    def is_replayed(self) -> bool:
        return self.headers["Idempotent-Replayed"] == "true"

    @property
    def problem(self) -> tuple[int, str]:
        """The status and the code of a refusal."""
        assert self.status >= 400, self
        return self.status, self.json()["type"].rsplit("/", 1)[-1]


class Api:
    """A write has an idempotency key of its own unless it is given one."""

    def __init__(
        self,
        base_url: str,
        secret: str | None,
        connection: http.client.HTTPConnection | None = None,
    ) -> None:
        self.base_url, self.secret = base_url, secret
        self._connection = connection or _connection(base_url)

    def __enter__(self) -> "Api":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def another(self) -> "Api":
        """The same caller on a connection of its own."""
        return Api(self.base_url, self.secret)

    def as_caller(self, secret: str | None) -> "Api":
        """Another caller on the same connection."""
        return Api(self.base_url, secret, self._connection)

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def post(self, path: str, body: Any = None, key: str | None = None, **headers: str) -> Answer:
        return self.send("POST", path, body, key, **headers)

    def send(
        self, method: str, path: str, body: Any = None, key: str | None = None, **headers: str
    ) -> Answer:
        """Raises Lost."""
        request = self._request(method, path, body, key, headers)
        # The server closes what was idle for a while; nothing is lost by asking again.
        if self._connection.sock is not None:
            try:
                return self._exchange(*request)
            except Lost:
                pass
        return self._exchange(*request)

    def send_and_leave(self, path: str, body: Any, key: str) -> None:
        """Send a write and hang up before it is answered. Raises Lost when it cannot be sent."""
        try:
            self._connection.request(*self._request("POST", path, body, key, {}))
        except (OSError, http.client.HTTPException) as error:
            raise Lost from error
        finally:
            self._connection.close()

    def local_port(self) -> int:
        """Of the connection, which tells the process that serves it."""
        if self._connection.sock is None:
            self._connection.connect()
        port: int = self._connection.sock.getsockname()[1]
        return port

    def _request(
        self, method: str, path: str, body: Any, key: str | None, more: dict[str, str]
    ) -> tuple[str, str, bytes, dict[str, str]]:
        content = body if isinstance(body, bytes) else b"" if body is None else _encode(body)
        headers = {"Content-Type": "application/json"}
        if self.secret is not None:
            headers["Authorization"] = f"Bearer {self.secret}"
        if method != "GET" and key != NO_KEY:
            headers["Idempotency-Key"] = str(uuid7()) if key is None else key
        headers |= {name.replace("_", "-"): value for name, value in more.items()}
        prefix = "/v1" if path.startswith("/") else "/"
        return method, prefix + path, content, headers

    def _exchange(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        try:
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise Lost from error


def _connection(base_url: str) -> http.client.HTTPConnection:
    address = urlsplit(base_url)
    return http.client.HTTPConnection(address.hostname or "", address.port, timeout=TIMEOUT_SECONDS)


def _encode(body: Any) -> bytes:
    return json.dumps(body).encode()
