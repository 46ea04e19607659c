"""A process that was forked has no threads of its parent, and must not use its connections, its
locks, nor what it leased: there it begins anew."""

import logging
import os
import threading
from collections.abc import Callable, Iterable
from typing import Final, Protocol
from weakref import WeakSet


class Forked(Protocol):
    def begin_anew(self) -> None: ...


class Resting(Forked, Protocol):
    """What must not be in use while the process forks: it begins anew before it goes on."""

    def rest(self) -> None: ...
    def go_on(self) -> None: ...


_ALL: Final[WeakSet[Forked]] = WeakSet()
_RESTING: Final[WeakSet[Resting]] = WeakSet()
_LOCK: Final = threading.Lock()
_at_rest: list[Resting] = []
logger = logging.getLogger("drawdown")


def watch(one: Forked) -> None:
    with _LOCK:
        _ALL.add(one)


def watch_resting(one: Resting) -> None:
    with _LOCK:
        _RESTING.add(one)


def _before() -> None:
    _LOCK.acquire()
    _at_rest.extend(_RESTING)
    _each(one.rest for one in _at_rest)


def _after() -> None:
    _each(one.go_on for one in _at_rest)
    _at_rest.clear()
    _LOCK.release()


def _after_in_child() -> None:
    _each(one.begin_anew for one in _at_rest)
    _after()
    _each(one.begin_anew for one in list(_ALL))


def _each(calls: Iterable[Callable[[], None]]) -> None:
    """One that fails keeps none of the others from it."""
    for call in calls:
        try:
            call()
        except Exception:
            logger.exception("The process was forked, and this failed:")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_after_in_child)
