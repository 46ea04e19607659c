"""Closing, estimating and the engine go one after the other."""

from django.db import connection


def books() -> None:
    """Until the end of the database transaction."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('drawdown books'))")
