"""Child processes that end with us, whatever kills us."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1

# Loaded before any fork: a child between fork and exec must not load libraries.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def send_when_parent_dies(number: signal.Signals) -> None:
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def dying_with_parent(number: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn`: it is called after the change of user, which would clear the signal."""
    parent = os.getpid()

    def arrange() -> None:
        send_when_parent_dies(number)
        if os.getppid() != parent:
            os._exit(1)

    return arrange


def end_with_make() -> None:
    """`make` may be killed too, and would leave us behind."""
    if "MAKELEVEL" in os.environ:
        send_when_parent_dies(signal.SIGTERM)
