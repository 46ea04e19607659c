"""What the fast path refuses by itself, beside what the other files do.

LedgerError
├── Unavailable      unavailable: the database does not answer, or too much is waiting
├── Limited          spend-cap-reached, rate-limited
├── Failed           internal-error
├── MalformedJson    malformed-json
├── MalformedRequest malformed-request
├── TooLarge         request-too-large
├── TooMany          too-many-operations
├── UnsupportedMediaType  unsupported-media-type
├── EventTooOld      event-too-old
├── EventInFuture    event-in-future
└── WrongMethod      method-not-allowed
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.errors import LedgerError


class Unavailable(LedgerError):
    def __init__(self, detail: str = "The database does not answer now.") -> None:
        super().__init__("unavailable", detail)


class Limited(LedgerError):
    """A limit refused it: `retry_after` seconds from now it may not, where that is soon."""

    def __init__(
        self,
        code: str,
        detail: str,
        members: Mapping[str, Any],
        headers: Sequence[tuple[bytes, bytes]] = (),
        *,
        retry_after: int | None,
    ) -> None:
        super().__init__(code, detail, members)
        self.headers = headers
        self.retry_after = retry_after


class Failed(LedgerError):
    def __init__(self) -> None:
        super().__init__("internal-error", "")


class MalformedJson(LedgerError):
    def __init__(self, why: object) -> None:
        super().__init__("malformed-json", f"The body is not JSON: {why}")


class MalformedRequest(LedgerError):
    def __init__(self, why: str = "") -> None:
        super().__init__("malformed-request", why)


class TooLarge(LedgerError):
    def __init__(self, limit: int) -> None:
        super().__init__("request-too-large", f"A body here has at most {limit} bytes.")


class TooMany(LedgerError):
    def __init__(self, number: int) -> None:
        super().__init__(
            "too-many-operations", f"A batch has 1 to 1,000 operations, this one has {number}."
        )


class UnsupportedMediaType(LedgerError):
    def __init__(self, detail: str) -> None:
        super().__init__("unsupported-media-type", detail)


class EventTooOld(LedgerError):
    def __init__(self) -> None:
        super().__init__("event-too-old", "Its time is more than 30 days ago.")


class EventInFuture(LedgerError):
    def __init__(self) -> None:
        super().__init__("event-in-future", "Its time is more than 5 minutes ahead.")


class WrongMethod(LedgerError):
    def __init__(self) -> None:
        super().__init__("method-not-allowed", "This address takes POST.")
