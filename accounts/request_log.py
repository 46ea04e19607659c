"""What the log says of one request, whoever answers it. No Django here."""

from collections.abc import Callable
from datetime import UTC, datetime
from time import perf_counter
from typing import Final

from msgspec import Struct

PATH_MAX: Final = 200
# As much of what a caller calls an object as there is room for: longer than any id.
NAME_MAX: Final = 100
_SERVER_ERROR: Final = 500


class RequestLine(Struct, omit_defaults=True, gc=False):
    """What a request does not have is left out."""

    timestamp: datetime  # when it came
    level: str
    event: str
    request_id: str
    method: str
    path: str  # without the query, which may name people
    route: str = ""
    status: int = 0
    duration_ms: float = 0
    service: int = 0
    customer: str = ""
    reservation: str = ""
    code: str = ""  # a refusal's, or what became of the reservation
    operations: int = 0  # of a batch
    codes: dict[str, int] | None = None  # how many of them ended how
    is_test: bool = False  # of a sandbox


Log = Callable[[RequestLine], None]


def begin(request_id: str, method: str, path: str) -> RequestLine:
    now = datetime.now(UTC)
    return RequestLine(now, "info", "request", request_id, method, path[:PATH_MAX])


def finish(line: RequestLine, *, status: int, began: float) -> None:
    """`began` is of `perf_counter`."""
    line.status = status
    line.duration_ms = round((perf_counter() - began) * 1000, 3)
    if status >= _SERVER_ERROR:
        line.level = "error"
