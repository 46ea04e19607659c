"""A database that lives as long as one scenario, on the server that all commands use.

Who plays has a connection named after its database from before it is made until it is gone: a
database without one was left by a run that was killed, and the next run drops it. Our own server
keeps an empty, migrated database to copy, for a copy takes a fortieth of the time that migrations
take; on others nothing stays.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

RUN = "drawdown_scenario_run_"
TEMPLATE = "drawdown_scenario_empty_"

_SETTINGS = {"synchronous_commit": "off", "jit": "off", "max_parallel_workers_per_gather": "0"}
_LEFT = """
select datname from pg_database d where starts_with(datname, %s)
    and not exists (select from pg_stat_activity a where a.application_name = d.datname)
"""


@contextmanager
def throw_away() -> Iterator[None]:
    """In this block the service works in a database of its own, empty and migrated. Raises
    DatabaseError where the server lets us make none."""
    name = RUN + secrets.token_hex(8)
    with _connected_as(name) as keeper:
        _drop_left(keeper)
        try:
            _make(keeper, name)
            with _working_in(name):
                yield
        finally:
            _drop(keeper, name)


@contextmanager
def _connected_as(name: str) -> Iterator[BaseDatabaseWrapper]:
    keeper = connections["owner"].copy()
    try:
        _do(keeper, "set application_name = %s", [name])
        yield keeper
    finally:
        keeper.close()


def _drop_left(keeper: BaseDatabaseWrapper) -> None:
    with keeper.cursor() as cursor:
        cursor.execute(_LEFT, [RUN])
        names = [name for (name,) in cursor.fetchall()]
    for name in names:
        # Another run that begins now may be dropping it too.
        with suppress(DatabaseError):
            _drop(keeper, name)


def _make(keeper: BaseDatabaseWrapper, name: str) -> None:
    template = TEMPLATE + _version() if settings.EMBEDDED else None
    if template is None:
        _migrated(keeper, name)
    elif not _copied(keeper, template, name):
        _migrated(keeper, name)
        _keep_as(keeper, template, name)
        if not _copied(keeper, template, name):
            _migrated(keeper, name)
    # Nobody misses what a crash would lose, and nothing here is worth a second process.
    for setting, value in _SETTINGS.items():
        _do(keeper, f'alter database "{name}" set {setting} = {value}')


def _copied(keeper: BaseDatabaseWrapper, template: str, name: str) -> bool:
    with suppress(DatabaseError):
        _do(keeper, f'create database "{name}" template "{template}"')
        return True
    return False


def _migrated(keeper: BaseDatabaseWrapper, name: str) -> None:
    _do(keeper, f'create database "{name}"')
    with _working_in(name):
        call_command("migrate", verbosity=0, database="owner")


def _keep_as(keeper: BaseDatabaseWrapper, template: str, name: str) -> None:
    """Instead of those of other versions. Where another run was first, its own is as good."""
    with keeper.cursor() as cursor:
        cursor.execute("select datname from pg_database where starts_with(datname, %s)", [TEMPLATE])
        others = [other for (other,) in cursor.fetchall() if other != template]
    for other in others:
        with suppress(DatabaseError):
            _do(keeper, f'drop database if exists "{other}"')
    try:
        _do(keeper, f'alter database "{name}" rename to "{template}"')
    except DatabaseError:
        _drop(keeper, name)


def _drop(keeper: BaseDatabaseWrapper, name: str) -> None:
    _do(keeper, f'drop database if exists "{name}"')


@contextmanager
def _working_in(name: str) -> Iterator[None]:
    usual = {alias: connections[alias].settings_dict["NAME"] for alias in ("default", "owner")}
    try:
        _point(dict.fromkeys(usual, name))
        yield
    finally:
        _point(usual)


def _point(names: dict[str, Any]) -> None:
    for alias, name in names.items():
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name


def _do(keeper: BaseDatabaseWrapper, sql: str, parameters: list[str] | None = None) -> None:
    with keeper.cursor() as cursor:
        cursor.execute(sql, parameters)


def _version() -> str:
    """Of all that migrations do."""
    digest = sha256()
    for folder in sorted(Path(app.path) for app in apps.get_app_configs()):
        files = [*folder.glob("migrations/*.py"), *folder.glob("sql/**/*.*")]
        for file in sorted(files):
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]
