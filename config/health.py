"""Whether this process is up, and whether it may be sent requests."""

from collections.abc import Iterator
from functools import cache

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse

# An answered debit has to survive a crash, which PostgreSQL can be told not to care about.
UNSAFE_SETTINGS = """
    SELECT name || ' is off' FROM pg_settings
    WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'
"""
# What is history must not be changed, whatever a fault in this service would like to do.
WRITABLE_HISTORY = """
    SELECT relid::text || ' may be changed by ' || current_user
    FROM pg_partition_tree('ledger_transfer')
    WHERE has_table_privilege(relid, 'UPDATE, DELETE, TRUNCATE')
"""


def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    try:
        problems = list(_missing_migrations()) or _found(UNSAFE_SETTINGS) + _found(WRITABLE_HISTORY)
    except DatabaseError:
        problems = ["the database does not answer"]
    body = {"status": "refused" if problems else "ok", "problems": problems}
    return JsonResponse(body, status=503 if problems else 200)


def _missing_migrations() -> Iterator[str]:
    applied = MigrationRecorder(connection).applied_migrations()
    for app, name in sorted(_known_migrations() - applied.keys()):
        yield f"{app}.{name} is not applied"


@cache
def _known_migrations() -> set[tuple[str, str]]:
    return set(MigrationLoader(None).disk_migrations)


def _found(query: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [row[0] for row in cursor.fetchall()]
