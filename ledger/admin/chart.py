"""Accounts by what the chart calls them."""

from functools import cache

from django.db import connection


def account(code: str) -> str:
    return f"{code} {_names().get(code, '')}".strip()


@cache
def _names() -> dict[str, str]:
    """The chart comes with a migration and stays."""
    with connection.cursor() as cursor:
        cursor.execute("select code, name from ledger_account")
        return dict(cursor.fetchall())
