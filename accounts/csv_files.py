"""Files of comma-separated values (RFC 4180): UTF-8, decimal strings, no byte order mark."""

import csv
from asyncio import Semaphore, sleep
from collections.abc import AsyncIterator, Generator, Iterable, Iterator, Sequence
from itertools import chain
from time import perf_counter
from typing import Final

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse

# What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
# Sent at once: for each line, a switch to the thread of the database would take longer.
_BYTES_AT_ONCE: Final = 64 * 1024
# A process that answers debits makes one part of one file at a time, and rests as long after it.
_TURN: Final = Semaphore(1)


class _Line:
    """A file that has only what was written last."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text = text


def lines(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Of texts that are safe already, or are meant to be what they are."""
    line = _Line()
    writer = csv.writer(line, lineterminator="\r\n")
    for row in chain([header], rows):
        writer.writerow(row)
        yield line.text.encode()


def safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe says that it is text."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def download(
    name: str, header: Sequence[str], rows: Iterable[Sequence[str]]
) -> StreamingHttpResponse:
    """As fast as it is taken, so that a million rows need no more memory than a few."""
    return streaming(name, lines(header, rows))


def streaming(
    name: str, parts: Iterator[bytes], kind: str = "text/csv; charset=utf-8"
) -> StreamingHttpResponse:
    """A file of that name, as `parts` come: a generator's end is reached, or it is closed, in the
    request's own thread, before the connection to the database is."""
    return StreamingHttpResponse(
        Streamed(parts), kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


class Streamed:
    """What a sync iterator makes, as the server asks for it: Django would take all of it at once.
    Closed with the response, also where nobody takes the rest."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while part := await self._part():
            yield part

    async def _part(self) -> bytes:
        async with _TURN:
            began = perf_counter()
            part = await sync_to_async(self._next)()
            await sleep(perf_counter() - began)
            return part

    def close(self) -> None:
        if isinstance(self._parts, Generator):
            self._parts.close()

    def _next(self) -> bytes:
        taken, size = [], 0
        for part in self._parts:
            taken.append(part)
            size += len(part)
            if size >= _BYTES_AT_ONCE:
                break
        return b"".join(taken)
