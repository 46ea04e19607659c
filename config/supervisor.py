"""The foreground process and its children: when one of them ends, all of them do."""

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


class Ended(Exception):
    """Something that everything else needs is gone; the message says what."""


class Children:
    def __init__(self) -> None:
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def start(
        self,
        name: str,
        command: Sequence[str],
        descriptors: Sequence[int] = (),
        defaults: Mapping[str, str] | None = None,
    ) -> None:
        """`defaults` are for what our own environment does not say."""
        self._children[name] = subprocess.Popen(
            command,
            cwd=BASE_DIR,
            env={**(defaults or {}), **os.environ},
            stdin=subprocess.DEVNULL,
            pass_fds=descriptors,
            # A Ctrl-C in the terminal is for the supervisor, which tells its children.
            start_new_session=True,
            preexec_fn=dying_with_parent(signal.SIGKILL),
        )

    def check(self) -> None:
        for name, child in self._children.items():
            if child.poll() is not None:
                raise Ended(f"{name} ended ({_outcome(child.returncode)})")

    def stop(self) -> None:
        for child in self._children.values():
            child.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for child in self._children.values():
            _await_end(child, deadline)


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
