"""Processes of a server whose keeper is gone, told by their titles and never by a pid file.

A pid file outlives its process: after a crash of the machine its number may be anybody's.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from config.embedded.place import Place

PATIENCE_SECONDS = 5.0


def clear(place: Place) -> None:
    """Waits for the old server's last processes, then takes away the files that speak of it."""
    await_end(place)
    (place.data / "postmaster.pid").unlink(missing_ok=True)
    for file in place.sockets.glob(".s.PGSQL.*"):
        file.unlink()


def await_end(place: Place) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while processes := list(_processes(place)):
        if time.monotonic() > deadline:
            # Backends that lost their server: two servers on one folder would ruin it.
            for process in processes:
                _kill(process)
        time.sleep(0.02)


def _processes(place: Place) -> Iterator[int]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            ours = folder.stat().st_uid == place.user.uid
            title = (folder / "cmdline").read_bytes() if ours else b""
        except OSError:
            continue
        if is_of(place, title):
            yield int(folder.name)


def is_of(place: Place, title: bytes) -> bool:
    """The server is known by its arguments, its children by the cluster's name in their titles."""
    arguments = title.split(b"\0")
    name = place.name.encode()
    is_server = arguments[0].endswith(b"/postgres") and b"cluster_name=" + name in arguments
    return is_server or title.startswith(b"postgres: " + name + b":")


def _kill(process: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
