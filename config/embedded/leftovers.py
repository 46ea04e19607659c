"""Processes of a server whose keeper is gone, told by their titles and never by a pid file.

A pid file outlives its process: after a crash of the machine its number may be anybody's.
"""

import os
import re
import signal
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from config.embedded.place import SOCKETS, Place

PATIENCE_SECONDS = 5.0
# A server that is just starting has made its folder, and listens in it a moment later.
OLD_SECONDS = 300.0
SOCKET_FOLDER = re.compile("drawdown-[0-9a-f]{16}")
SOCKET = ".s.PGSQL.5432"


def clear(place: Place) -> None:
    """Waits for the old server's last processes, then takes away the files that speak of it."""
    await_end(place)
    (place.data / "postmaster.pid").unlink(missing_ok=True)
    for file in place.sockets.glob(".s.PGSQL.*"):
        file.unlink()


def clear_others(place: Place) -> None:
    """Takes away the socket folders that killed servers of other state folders left."""
    ours = {os.getuid(), place.user.uid}
    for folder in SOCKETS.iterdir():
        # Of somebody else's, and of what is gone meanwhile, we know nothing.
        with suppress(OSError):
            if SOCKET_FOLDER.fullmatch(folder.name) and _is_left(folder, ours):
                for name in (SOCKET, f"{SOCKET}.lock"):
                    (folder / name).unlink(missing_ok=True)
                # Only an empty one goes.
                folder.rmdir()


def _is_left(folder: Path, ours: set[int]) -> bool:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours:
        return False
    return time.time() - found.st_mtime > OLD_SECONDS and not _listens(folder / SOCKET)


def _listens(address: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(address))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except OSError:
            pass
    return True


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
