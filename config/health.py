"""Whether this process is up, and whether it may be sent requests."""

from collections.abc import Iterator

from django.db import DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse

DURABILITY = ("fsync", "full_page_writes", "synchronous_commit")


def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    try:
        problems = [*_unsafe_settings(), *_missing_migrations()]
    except DatabaseError:
        problems = ["the database does not answer"]
    body = {"status": "refused" if problems else "ok", "problems": problems}
    return JsonResponse(body, status=503 if problems else 200)


def _unsafe_settings() -> Iterator[str]:
    """An answered debit has to survive a crash, which PostgreSQL can be told not to care about."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM pg_settings WHERE name = ANY(%s) AND setting = 'off'",
            [list(DURABILITY)],
        )
        for (name,) in cursor.fetchall():
            yield f"{name} is off"


def _missing_migrations() -> Iterator[str]:
    executor = MigrationExecutor(connections["default"])
    for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes()):
        yield f"{migration} is not applied"
