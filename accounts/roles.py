"""The application's database role: what migrations give to it.

The owner role migrates. The application role owns nothing: it reads and writes the ordinary
tables, and the ledger's migrations take back what history must be safe from.
"""

from django.conf import settings
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from psycopg import sql

_CREATE = """
DO $do$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = {name}) THEN
        RETURN;
    END IF;
    IF NOT (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user) THEN
        RAISE EXCEPTION 'The role % does not exist, and % may not create it.', {name}, current_user
            USING HINT = 'As a superuser: '
                || format('CREATE ROLE %I NOLOGIN; GRANT %I TO %I;', {name}, {name}, current_user);
    END IF;
    CREATE ROLE {role} NOLOGIN;
    -- Whoever has one database URL only connects as the owner and acts as this role.
    GRANT {role} TO CURRENT_USER WITH SET TRUE, INHERIT FALSE;
EXCEPTION
    -- Another database of this server is being migrated at the same time.
    WHEN duplicate_object OR unique_violation THEN NULL;
END
$do$
"""

# Django's own apps may have made tables before this runs, and make more afterwards: the grants are
# for the one, the default privileges for the other.
_GRANT = """
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role};
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role};
"""

_REVOKE = """
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON SEQUENCES FROM {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM {role};
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {role};
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role};
REVOKE USAGE ON SCHEMA public FROM {role};
"""


def create_application_role(_apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Create the role where it is missing. Raises when it is and the owner may not create it."""
    _execute(schema_editor, _CREATE)


def grant_to_application_role(_apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    _execute(schema_editor, _GRANT)


def revoke_from_application_role(_apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    _execute(schema_editor, _REVOKE)


def _execute(schema_editor: BaseDatabaseSchemaEditor, statements: str) -> None:
    name = settings.APPLICATION_ROLE
    query = sql.SQL(statements).format(role=sql.Identifier(name), name=sql.Literal(name))
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(query)
