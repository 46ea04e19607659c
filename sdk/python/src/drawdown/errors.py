"""What goes wrong: with the way to Drawdown, or by its word."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar, Self


class DrawdownError(Exception):
    """Whatever this client raises by itself."""

    @property
    def is_absence(self) -> bool:
        """Drawdown is away: nothing answers, or what does has a fault that may pass."""
        return False


class Unreachable(DrawdownError):
    """No answer within the deadline: nobody knows whether the call was done. The same idempotency
    key may be sent again. Only where it was not even sent is it known that it was not done."""

    was_sent = True

    @classmethod
    def within(cls, seconds: float, *, was_sent: bool) -> Self:
        error = cls(f"Drawdown did not answer within {seconds:g} seconds.")
        error.was_sent = was_sent
        return error

    @property
    def is_absence(self) -> bool:
        return True


class Problem(DrawdownError):
    """A refusal (RFC 9457). Each type has a class of its own in `drawdown.problems`."""

    code: ClassVar[str] = ""

    def __init__(
        self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        self.status = status
        self.body = dict(body)
        self.headers = {name.lower(): value for name, value in (headers or {}).items()}
        super().__init__(self.detail)

    def __str__(self) -> str:
        named = f" ({self.request_id})" if self.request_id else ""
        return f"{self.type}: {self.detail}{named}"

    def __reduce__(self) -> Any:
        return type(self), (self.status, self.body, self.headers)

    @property
    def type(self) -> str:
        """The last part of the problem's address, such as insufficient-credits."""
        return str(self.body.get("type", "")).rpartition("/")[2] or "unknown"

    @property
    def title(self) -> str:
        return str(self.body.get("title", ""))

    @property
    def detail(self) -> str:
        return str(self.body.get("detail") or self.title or f"HTTP {self.status}")

    @property
    def request_id(self) -> str | None:
        return self.body.get("request_id") or self.headers.get("x-request-id")

    @property
    def retry_after(self) -> float | None:
        """Seconds. An answer of a list has no headers."""
        told = self.headers.get("retry-after", self.body.get("retry_after"))
        try:
            return float(told)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return None

    @property
    def is_absence(self) -> bool:
        return self.status >= HTTPStatus.INTERNAL_SERVER_ERROR and self.should_retry

    @property
    def should_retry(self) -> bool:
        """By the word of the service; where it says nothing (it does not in a list, and a proxy in
        front of it may answer for it), by the status."""
        told = self.headers.get("x-should-retry")
        if told is not None:
            return told == "true"
        if self.type == "request-in-progress":
            return True
        return self.status >= HTTPStatus.INTERNAL_SERVER_ERROR or self.status in (
            HTTPStatus.REQUEST_TIMEOUT,
            HTTPStatus.TOO_MANY_REQUESTS,
        )

    def __getattr__(self, name: str) -> Any:
        """The members of the problem, such as `shortfall` and `top_up_url`."""
        try:
            return self.__dict__["body"][name]
        except KeyError:
            raise AttributeError(name) from None


class BadRequest(Problem):
    pass


class Unauthenticated(Problem):
    pass


class PaymentRequired(Problem):
    """The customer cannot pay for it: answer 402 with this problem."""


class AccessDenied(Problem):
    pass


class Missing(Problem):
    pass


class Conflict(Problem):
    pass


class Unprocessable(Problem):
    pass


class TooManyRequests(Problem):
    """The customer calls too often: answer 429 with this problem."""


class ServerProblem(Problem):
    """A fault of the service, or of what stands before it."""


class NotVerified(DrawdownError):
    """A webhook that does not come from Drawdown, or that somebody sends again."""


class OverBound(DrawdownError):
    """Drawdown is unreachable, and what may be spent without it is spent."""
