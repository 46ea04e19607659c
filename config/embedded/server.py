"""Using the server of a state folder: it is found when it is up and started when it is not."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from config import locks
from config.embedded.place import Place
from config.embedded.user import Nameless, our_name
from config.state import BASE_DIR, State

# As long as a recovery after a crash may take.
START_SECONDS = 300.0
STOP_SECONDS = 60.0
# How long a keeper may take to notice that it is alone.
PATIENCE_SECONDS = 0.2
LOG_LINES = 15

Keeper = subprocess.Popen[bytes]
# Kept for good: one that others still use outlives our interest in it, and nobody waits for it.
_keepers: list[Keeper] = []


class ServerFailed(Exception):
    """The server did not start; the message has the end of its log."""


@dataclass(frozen=True)
class Server:
    place: Place

    def is_up(self) -> bool:
        return not locks.is_free(self.place.ready_lock)


@contextmanager
def serving(state: State) -> Iterator[Server]:
    """The server is up inside of this block, and after it for as long as others use it."""
    try:
        our_name()
    except Nameless as error:
        raise ServerFailed(str(error)) from None
    place = Place.of(state)
    keeper = None
    try:
        with locks.open_lock(place.users_lock) as users:
            # Waits while the last user's server is still stopping.
            locks.share(users)
            keeper = _ensure_up(state, place)
            yield Server(place)
    finally:
        _await_stop(place)
        if keeper is not None:
            keeper.poll()


def _ensure_up(state: State, place: Place) -> Keeper | None:
    """The keeper, where it was this call that started it."""
    deadline = time.monotonic() + START_SECONDS
    keeper = None
    while not Server(place).is_up():
        has_ended = keeper is not None and keeper.poll() is not None
        if has_ended or time.monotonic() > deadline:
            raise ServerFailed(_end_of_log(place))
        keeper = keeper or _start_keeper_unless_there_is_one(state, place)
        time.sleep(0.02)
    return keeper


def _await_stop(place: Place) -> None:
    """Waits for a server that is stopping, not for one that others use."""
    now = time.monotonic()
    deadline, patience = now + STOP_SECONDS, now + PATIENCE_SECONDS
    while not locks.is_free(place.server_lock):
        # A keeper that stops its server has taken the users' lock.
        is_stopping = not locks.is_free(place.users_lock)
        if time.monotonic() > (deadline if is_stopping else patience):
            return
        time.sleep(0.01)


def _start_keeper_unless_there_is_one(state: State, place: Place) -> Keeper | None:
    with locks.open_lock(place.server_lock) as lock, place.log.open("ab") as output:
        if not locks.try_to_take(lock):
            return None
        keeper = subprocess.Popen(
            [sys.executable, "-m", "config.embedded.keeper", state.path],
            cwd=BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # The lock belongs to the open file, so the keeper holds it from its first moment.
            pass_fds=(lock.fileno(),),
            # A Ctrl-C in the terminal is for those who use the server.
            start_new_session=True,
        )
    _keepers.append(keeper)
    return keeper


def _end_of_log(place: Place) -> str:
    lines = place.log.read_text(errors="replace").splitlines()[-LOG_LINES:]
    return "\n".join([f"The embedded PostgreSQL did not start ({place.log}):", *lines])
