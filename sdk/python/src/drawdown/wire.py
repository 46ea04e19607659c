"""What a flow asks of whoever drives it. A flow is a generator that knows nothing of sockets,
threads or event loops: it yields one of these and is sent what came of it."""

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from drawdown.errors import Problem, Unreachable
from drawdown.problems import problem

JSON = "application/json"


def encode(body: object) -> bytes:
    """Raises TypeError and ValueError for what JSON in UTF-8 cannot say."""
    return json.dumps(body, ensure_ascii=False, allow_nan=False).encode()


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    body: object = None  # bytes: JSON already
    key: str | None = None
    content_type: str = JSON
    query: Mapping[str, Any] = field(default_factory=dict)

    def content(self) -> bytes | None:
        if self.body is None or isinstance(self.body, bytes):
            return self.body
        return encode(self.body)

    def headers(self) -> dict[str, str]:
        told = {} if self.body is None else {"Content-Type": self.content_type}
        return told | ({"Idempotency-Key": self.key} if self.key else {})


@dataclass(frozen=True, slots=True)
class Send:
    request: Request
    timeout: float  # seconds


@dataclass(frozen=True, slots=True)
class Sleep:
    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    content: bytes

    def is_error(self) -> bool:
        return self.status >= 400

    def problem(self) -> Problem:
        return problem(self.status, self._parsed(), self.headers)

    def json(self) -> Any:
        """Raises Unreachable: something else answered in its place."""
        try:
            return json.loads(self.content)
        except ValueError as error:
            raise self.is_none() from error

    def is_none(self) -> Unreachable:
        return Unreachable(f"This is no answer of Drawdown: {self.content[:80]!r}")

    def _parsed(self) -> object:
        """A proxy answers with pages."""
        try:
            return json.loads(self.content)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Failed:
    """No answer came. Or nothing was even asked: there was no connection."""

    error: Exception
    was_sent: bool = True


Result = TypeVar("Result")
Flow = Generator[Send | Sleep, Answer | Failed | None, Result]
