"""One line in the log for each request."""

import asyncio
import atexit
import logging
from functools import cache
from typing import BinaryIO, Final

import msgspec
from django.conf import settings

from accounts.request_log import RequestLine

STDERR: Final = 2
GATHER_SECONDS: Final = 0.05

logger = logging.getLogger(__name__)


class RequestLog:
    """For people: through the same door as everything else that is logged."""

    def write(self, line: RequestLine) -> None:
        level = logging.getLevelNamesMapping()[line.level.upper()]
        if logger.isEnabledFor(level):
            fields = msgspec.to_builtins(line)
            told = {name: fields[name] for name in fields if name not in _SAID}
            logger.log(level, "%s %s %d", line.method, line.path, line.status, extra=told)

    write_soon = write


_SAID: Final = {"timestamp", "level", "event", "method", "path", "status"}


class JsonRequestLog(RequestLog):
    """The fast path answers thousands of requests a second: its lines wait for each other a moment,
    since a system call costs as much as all the rest of a line."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lines: list[bytes] = []
        self._encode = msgspec.json.Encoder().encode
        self._errors_only = not logger.isEnabledFor(logging.INFO)
        atexit.register(self._flush)

    def write(self, line: RequestLine) -> None:
        if not self._is_left_out(line):
            self._out([self._encode(line)])

    def write_soon(self, line: RequestLine) -> None:
        """In the event loop only."""
        if self._is_left_out(line):
            return
        if not self._lines:
            asyncio.get_running_loop().call_later(GATHER_SECONDS, self._flush)
        self._lines.append(self._encode(line))

    def _is_left_out(self, line: RequestLine) -> bool:
        return self._errors_only and line.level != "error"

    def _flush(self) -> None:
        lines, self._lines = self._lines, []
        self._out(lines)

    def _out(self, lines: list[bytes]) -> None:
        """Whole lines in one go, so that those of several threads and processes stay apart."""
        self._stream.write(b"".join(line + b"\n" for line in lines))
        self._stream.flush()


@cache
def request_log() -> RequestLog:
    if not settings.LOG_AS_JSON:
        return RequestLog()
    return JsonRequestLog(open(STDERR, "wb", closefd=False))
