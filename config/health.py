"""Whether this process is up, and whether it may be sent requests: if not, what to do about it."""

from collections.abc import Iterator
from functools import cache

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse

from config.exceptions import reading

# An answered debit has to survive a crash, which PostgreSQL can be told not to care about.
UNSAFE_SETTINGS = """
    SELECT format('%s is off, so a crash may lose what was answered: '
        'turn it on for the server and for the role %s.', name, current_user)
    FROM pg_settings
    WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'
    ORDER BY name
"""
# What is history must not be changed, whatever a fault in this service would like to do.
WRITABLE_HISTORY = """
    SELECT format('%1$s may change what is history. As the owner: '
        'REVOKE UPDATE, DELETE, TRUNCATE ON %2$s FROM %1$s.',
        current_user, string_agg(relid::text, ', ' ORDER BY relid::text))
    FROM pg_partition_tree('ledger_transfer')
    WHERE has_table_privilege(relid, 'UPDATE, DELETE, TRUNCATE')
        OR has_any_column_privilege(relid, 'UPDATE')
    HAVING count(*) > 0
"""
# An owner gives itself any right.
OWNED_TABLES = r"""
    SELECT format('%s owns %s. Let DATABASE_URL name a role that owns no table.',
        current_user, string_agg(oid::regclass::text, ', ' ORDER BY oid::regclass::text))
    FROM pg_class
    WHERE relname LIKE 'ledger\_%' AND relkind IN ('r', 'p', 'v')
        AND pg_has_role(relowner, 'USAGE')
    HAVING count(*) > 0
"""


@reading
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@reading
def readyz(request: HttpRequest) -> JsonResponse:
    problems = _problems()
    body = {"status": "refused" if problems else "ok", "problems": problems}
    return JsonResponse(body, status=503 if problems else 200)


def _problems() -> list[str]:
    try:
        # Without its tables the rest cannot be asked.
        return list(_missing_migrations()) or [
            problem
            for query in (UNSAFE_SETTINGS, WRITABLE_HISTORY, OWNED_TABLES)
            for problem in _found(query)
        ]
    except DatabaseError:
        return ["The database does not answer: see that it runs and that DATABASE_URL is right."]


def _missing_migrations() -> Iterator[str]:
    applied = MigrationRecorder(connection).applied_migrations()
    missing = sorted(_known_migrations() - applied.keys())
    if missing:
        names = ", ".join(f"{app}.{name}" for app, name in missing)
        yield f"Not applied: {names}. Run manage.py migrate."


@cache
def _known_migrations() -> set[tuple[str, str]]:
    return set(MigrationLoader(None).disk_migrations)


def _found(query: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [row[0] for row in cursor.fetchall()]
