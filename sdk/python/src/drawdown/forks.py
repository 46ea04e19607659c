"""A process that was forked has no threads of its parent, and must not use its connections, its
locks, nor what it leased: there it begins anew."""

import os
from typing import Protocol
from weakref import WeakSet


class Forked(Protocol):
    def begin_anew(self) -> None: ...


_ALL: WeakSet[Forked] = WeakSet()


def watch(one: Forked) -> None:
    _ALL.add(one)


def _begin_anew() -> None:
    for one in list(_ALL):
        one.begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
