"""A database with all tables and no rows but those of migrations. To make it takes half a minute,
so it is kept in the state folder's server, as a template, until a migration changes."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.db import connections

from config.state import BASE_DIR

# What migrations run, and with what. What is not applied yet is applied to the copy, too.
MADE_OF = (
    *("*/migrations/**/*.py", "*/migrations/**/*.sql", "*/sql/**/*", "requirements.lock"),
    *("accounts/audit*.py", "accounts/roles.py", "config/background/schema.py"),
)
PREFIX = "tables_"


def name() -> str:
    made_of = sha256()
    for file in sorted({file for pattern in MADE_OF for file in BASE_DIR.glob(pattern)}):
        if file.is_file() and file.suffix != ".pyc":
            made_of.update(f"{_place(file)}\0".encode() + file.read_bytes())
    return PREFIX + made_of.hexdigest()[:16]


def _place(file: Path) -> Path:
    return file.relative_to(BASE_DIR)


def use(wanted: str) -> bool:
    """Whether the test database will be a copy of it."""
    with _server() as cursor:
        cursor.execute("select from pg_database where datname = %s", [wanted])
        if cursor.fetchone() is None:
            return False
    connections["owner"].settings_dict["TEST"]["TEMPLATE"] = wanted
    return True


def keep(wanted: str) -> None:
    """The test database as it is now, in the place of what is kept. Nobody is connected to it."""
    owner = connections["owner"]
    made = owner.settings_dict["NAME"]
    connections.close_all()
    with _server() as cursor:
        cursor.execute("select datname from pg_database where starts_with(datname, %s)", [PREFIX])
        for (old,) in cursor.fetchall():
            cursor.execute(f"drop database {owner.ops.quote_name(old)}")
        # Under its name when it is whole.
        cursor.execute(f"create database {wanted} template {owner.ops.quote_name(made)}")


@contextmanager
def _server() -> Iterator[Any]:
    with connections["owner"]._nodb_cursor() as cursor:
        yield cursor
