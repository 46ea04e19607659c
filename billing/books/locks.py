"""Closing, estimating and the engine go one after the other."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_BOOKS = "hashtext('drawdown books')"
_CLOSE = "hashtext('drawdown close')"
_PARTNERS = "hashtext('drawdown partners')"


def books() -> None:
    """Until the end of the database transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f"select pg_advisory_xact_lock({_BOOKS})")


def partners() -> None:
    """Accruing, and agreeing to what is accrued, until the end of the database transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f"select pg_advisory_xact_lock({_PARTNERS})")


@contextmanager
def close() -> Iterator[bool]:
    """Whether nobody else is closing just now; who dies lets go."""
    with connection.cursor() as cursor:
        cursor.execute(f"select pg_try_advisory_lock({_CLOSE})")
        is_ours: bool = cursor.fetchall()[0][0]
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute(f"select pg_advisory_unlock({_CLOSE})")
