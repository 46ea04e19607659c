"""The queues' schema, as a migration makes it."""

from django.conf import settings
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from pgmq.install import get_embedded_install_sql
from psycopg import sql

_EXISTS = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'pgmq')"
_MAY_CREATE = """
DO $do$
BEGIN
    IF NOT has_database_privilege(current_database(), 'CREATE') THEN
        RAISE EXCEPTION 'Tasks wait in the schema pgmq, which % may not create.', current_user
            USING HINT = 'As a superuser: '
                || format('GRANT CREATE ON DATABASE %I TO %I;', current_database(), current_user);
    END IF;
END
$do$
"""
# The service makes its queues itself, for only their owner may let them notify.
_GRANT = """
GRANT USAGE, CREATE ON SCHEMA pgmq TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pgmq TO {role};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA pgmq TO {role};
"""


def install(_apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Where somebody has installed it already, its rights are theirs to give."""
    role = sql.Identifier(settings.APPLICATION_ROLE)
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(_EXISTS)
        if cursor.fetchall() == [(True,)]:
            return
        cursor.execute(_MAY_CREATE)
        cursor.execute(get_embedded_install_sql())
        cursor.execute(sql.SQL(_GRANT).format(role=role))
