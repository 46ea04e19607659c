"""A task that is slow does not take every thread: of each, so many run at once, in all workers
together. Whoever finds no room leaves the work to those who are at it, and to the next sweep."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import InterfaceError, OperationalError, connection

AT_ONCE: Final = 2

_TRY: Final = "select pg_try_advisory_lock(hashtext('drawdown task ' || %s), %s)"
_LET_GO: Final = "select pg_advisory_unlock(hashtext('drawdown task ' || %s), %s)"


@contextmanager
def turn(task: str) -> Iterator[bool]:
    """Whether there is room. Who dies lets go, and so does a connection that is lost."""
    place = next((place for place in range(AT_ONCE) if _ask(_TRY, task, place)), None)
    try:
        yield place is not None
    finally:
        if place is not None:
            try:
                _ask(_LET_GO, task, place)
            except (OperationalError, InterfaceError):
                connection.close()


def _ask(query: str, task: str, place: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(query, [task, place])
        return bool(cursor.fetchall()[0][0])
