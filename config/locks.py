"""File locks that end with the process that holds them."""

import fcntl
from pathlib import Path
from typing import IO


def open_lock(path: Path) -> IO[bytes]:
    return path.open("ab")


def share(lock: IO[bytes]) -> None:
    fcntl.flock(lock, fcntl.LOCK_SH)


def take(lock: IO[bytes]) -> None:
    fcntl.flock(lock, fcntl.LOCK_EX)


def try_to_take(lock: IO[bytes]) -> bool:
    return _try(lock, fcntl.LOCK_EX)


def try_to_share(lock: IO[bytes]) -> bool:
    return _try(lock, fcntl.LOCK_SH)


def is_free(path: Path) -> bool:
    with open_lock(path) as lock:
        return try_to_share(lock)


def _try(lock: IO[bytes], kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
