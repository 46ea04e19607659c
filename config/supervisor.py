"""The foreground process and its children: when one of them ends, all of them do, or it is started
again."""

import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

from config.processes import dying_with_parent
from config.state import BASE_DIR

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
POLL_SECONDS = 0.1
STOP_SECONDS = 5.0
# Before a child is started again; each pause is twice as long as the one before it.
FIRST_PAUSE_SECONDS = 1.0
LAST_PAUSE_SECONDS = 30.0
# After so long it has not failed again, but anew.
WELL_SECONDS = 60.0

logger = logging.getLogger(__name__)


class Ended(Exception):
    """Something that everything else needs is gone; the message says what."""


class _Child:
    def __init__(
        self,
        name: str,
        command: Sequence[str],
        descriptors: Sequence[int],
        defaults: Mapping[str, str] | None,
    ) -> None:
        self._name = name
        self._command = command
        self._descriptors = descriptors
        self._defaults = defaults or {}
        self.process = self._start()

    def check(self) -> None:
        if self.process.poll() is not None:
            raise Ended(self._told())

    def _told(self) -> str:
        return f"{self._name} ended ({_outcome(self.process.returncode)})"

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command,
            cwd=BASE_DIR,
            env={**self._defaults, **os.environ},
            stdin=subprocess.DEVNULL,
            pass_fds=self._descriptors,
            # A Ctrl-C in the terminal is for the supervisor, which tells its children.
            start_new_session=True,
            preexec_fn=dying_with_parent(signal.SIGKILL),
        )


class _KeptChild(_Child):
    _started_at = _due_at = 0.0
    _pause = FIRST_PAUSE_SECONDS

    def check(self) -> None:
        if self.process.poll() is None:
            return
        now = time.monotonic()
        if not self._due_at:
            self._put_off(now)
        elif now >= self._due_at:
            self.process = self._start()
            self._started_at, self._due_at = now, 0.0

    def _put_off(self, now: float) -> None:
        if now - self._started_at > WELL_SECONDS:
            self._pause = FIRST_PAUSE_SECONDS
        logger.warning("%s, and is started again in %.0f s", self._told(), self._pause)
        self._due_at = now + self._pause
        self._pause = min(2 * self._pause, LAST_PAUSE_SECONDS)


class Children:
    def __init__(self) -> None:
        self._children: list[_Child] = []

    def start(
        self,
        name: str,
        command: Sequence[str],
        descriptors: Sequence[int] = (),
        defaults: Mapping[str, str] | None = None,
    ) -> None:
        """`defaults` are for what our own environment does not say."""
        self._children.append(_Child(name, command, descriptors, defaults))

    def keep(
        self, name: str, command: Sequence[str], defaults: Mapping[str, str] | None = None
    ) -> None:
        """It is started again whenever it ends, after a pause that grows while it does not last."""
        self._children.append(_KeptChild(name, command, (), defaults))

    def check(self) -> None:
        for child in self._children:
            child.check()

    def stop(self) -> None:
        for child in self._children:
            child.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for child in self._children:
            _await_end(child.process, deadline)


def watch(
    checks: Sequence[Callable[[], None]], *, until: Callable[[], bool] = lambda: False
) -> None:
    """Waits; a check that fails and a signal raise."""
    while not until():
        for check in checks:
            check()
        time.sleep(POLL_SECONDS)


@contextmanager
def interruptible() -> Iterator[None]:
    """The first signal that asks for an end raises KeyboardInterrupt, later ones wait for it."""
    before = {number: signal.signal(number, _interrupt) for number in ENDING_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    for ending in ENDING_SIGNALS:
        signal.signal(ending, signal.SIG_IGN)
    raise KeyboardInterrupt


def _await_end(child: subprocess.Popen[bytes], deadline: float) -> None:
    try:
        child.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _outcome(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
