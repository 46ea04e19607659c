"""A month of calls as a file: gzip; a line of JSON that names the columns, rows as COPY writes
them, and a line of JSON that says what they come to."""

import gzip
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, cast

from ledger.detached.errors import FileRefused

KIND: Final = "drawdown-calls"
VERSION: Final = 1
_LEVEL: Final = 6
_PIECE: Final = 1 << 20
# No gzip (OSError), cut off, a stream that cannot be unpacked, no JSON, other JSON.
_NOT_OURS: Final = (OSError, EOFError, zlib.error, ValueError, LookupError, TypeError)


def write(path: Path, head: dict[str, Any], rows: Iterable[bytes], foot: dict[str, Any]) -> None:
    """On the disk when it returns; nobody else may read it."""
    with path.open("wb") as raw:
        os.fchmod(raw.fileno(), 0o600)
        with gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as file:
            file.write(_line({"kind": KIND, "version": VERSION} | head))
            digest = sha256()
            for piece in rows:
                file.write(piece)
                digest.update(piece)
            file.write(_line(foot | {"rows_sha256": digest.hexdigest()}))
        raw.flush()
        os.fsync(raw.fileno())


def name(path: Path, own: str) -> Path:
    """Under its own name, on the disk when it returns."""
    named = path.with_name(own)
    path.replace(named)
    folder = os.open(named.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return named


def digest(path: Path) -> str:
    """Raises FileRefused."""
    try:
        with path.open("rb") as file:
            found = sha256()
            while piece := file.read(_PIECE):
                found.update(piece)
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror}.") from None
    return found.hexdigest()


def head(path: Path) -> dict[str, Any]:
    """Raises FileRefused."""
    with _opened(path, f"{path} is no file of calls.") as file:
        return _head(path, file)


def rows(path: Path) -> Iterator[bytes]:
    """As COPY reads them. Raises FileRefused, at the latest after the last."""
    damaged = f"{path} is damaged."
    with _opened(path, damaged) as file:
        _head(path, file)
        found = sha256()
        for line in file:
            if line.startswith(b"{"):
                if json.loads(line)["rows_sha256"] != found.hexdigest() or file.read(1):
                    break
                return
            found.update(line)
            yield line
    raise FileRefused(damaged)


@contextmanager
def _opened(path: Path, otherwise: str) -> Iterator[gzip.GzipFile]:
    """Raises FileRefused; with `otherwise` where the bytes are not what `write` leaves."""
    try:
        raw = path.open("rb")
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror}.") from None
    with raw, gzip.GzipFile(fileobj=raw) as file:
        try:
            yield file
        except _NOT_OURS:
            raise FileRefused(otherwise) from None


def _head(path: Path, file: gzip.GzipFile) -> dict[str, Any]:
    found = json.loads(file.readline())
    if found["kind"] != KIND:
        raise FileRefused(f"{path} is no file of calls.")
    if found["version"] != VERSION:
        raise FileRefused(f"{path} was made by another version of Drawdown.")
    return cast("dict[str, Any]", found)


def _line(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True).encode() + b"\n"
