"""A ZIP archive that is never whole anywhere: parts come as they are asked for."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, NamedTuple

_AT_ONCE: Final = 64 * 1024


class Entry(NamedTuple):
    name: str
    parts: Iterable[bytes]


class _Pipe(io.RawIOBase):
    """Takes what is written until somebody takes it; it cannot go back."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._parts.append(bytes(data))
        self.size += len(data)
        return len(data)

    def take(self) -> bytes:
        taken, self._parts, self.size = b"".join(self._parts), [], 0
        return taken


def packed(entries: Iterable[Entry], at: datetime) -> Iterator[bytes]:
    """As large as it becomes, it needs the memory of a part."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in entries:
            info = zipfile.ZipInfo(entry.name, at.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as file:
                for part in entry.parts:
                    file.write(part)
                    if pipe.size >= _AT_ONCE:
                        yield pipe.take()
    yield pipe.take()
