"""Who changed what: rows by triggers, everything else by `record`. See docs/audit.md.

Triggers write what a person or a service changes while the session says that they act. While nobody
does they are not even called.
"""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.db.migrations import RunSQL

from accounts.acting import CURRENT, acting

__all__ = ["acting", "audited", "functions", "record"]

SECRETS: Final = ("digest", "password", "secret")
# What changes along with everything, or by the mere use of a row.
QUIET: Final = ("changed_at", "updated_at", "last_used_at", "last_login")

_FUNCTIONS: Final = Path(__file__).parent / "sql" / "audit.sql"
_PINNED: Final = (
    "select set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true)"
)
_TRIGGER: Final = """
create or replace trigger audited after insert or update or delete on {table}
for each row when (current_setting('drawdown.acting', true) <> '')
execute function accounts_audit_row({arguments})
"""
_RECORD: Final = "select accounts_audit_record(%s, %s, %s, %s, %s, %s)"


def functions() -> list[RunSQL]:
    """As `accounts/sql` has them now: for a migration."""
    return [RunSQL(_PINNED, RunSQL.noop), RunSQL(_FUNCTIONS.read_text(), RunSQL.noop)]


def audited(
    table: str,
    *,
    customer: str = "customer_id",
    row: str = "id",
    noun: str = "",
    hidden: Collection[str] = (),
    quiet: Collection[str] = (),
) -> RunSQL:
    """For a migration: what people and services change in this table is entered, as `noun.added`,
    `.changed` and `.removed`.

    `customer` names the column of whose it is, "" where it is nobody's, and `row` that of its id.
    Of what is hidden no value is told, and what is quiet is left out; both beside the usual ones.
    """
    called = noun or table.partition("_")[2]
    given = (called, row, customer, ",".join([*SECRETS, *hidden]), ",".join([*QUIET, *quiet]))
    arguments = ", ".join(f"'{argument}'" for argument in given)
    return RunSQL(
        _TRIGGER.format(table=table, arguments=arguments),
        f"drop trigger if exists audited on {table}",
    )


def record(
    action: str,
    about: models.Model | tuple[str, str],
    *,
    customer_id: UUID | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """An act that is no change of a row, such as `customer.exported`: about a model's object, or
    about a table and the id of its row."""
    current = CURRENT.get()
    if current is not None:
        current.tell()
    table, row = (about._meta.db_table, about.pk) if isinstance(about, models.Model) else about
    with connection.cursor() as cursor:
        given = [action, table, str(row), customer_id, _json(before), _json(after)]
        cursor.execute(_RECORD, given)


def _json(values: Mapping[str, Any] | None) -> str | None:
    return None if values is None else json.dumps(values, cls=DjangoJSONEncoder)
