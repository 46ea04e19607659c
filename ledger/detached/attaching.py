"""A month of calls is read back. One transaction: all of it is there again, or nothing of it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.db import DataError, IntegrityError
from django.db.backends.utils import CursorWrapper

from ledger.detached import files, sums
from ledger.detached.errors import FileRefused, MonthRefused
from ledger.detached.month import Month, at_work, columns, is_there, refuse_strays, value

_RECORD: Final = "select month, calls from ledger_detached where sha256 = %s"
_MAKE: Final = """
create table {table} (like ledger_call including defaults including constraints);
alter table {table} add constraint {table}_of check (id >= '{low}' and id < '{above}');
revoke all on {table} from drawdown_app
"""
# With its indexes and bounds proved, attaching it takes a moment.
_ATTACH: Final = """
alter table {table} add primary key (customer_id, id);
create index on {table} (id);
alter table ledger_call attach partition {table} for values from ('{low}') to ('{above}');
alter table {table} drop constraint {table}_of;
analyze {table}
"""
# As ledger_erase does.
_ERASE: Final = """
update {table} set address = null, metadata = null, request_id = null, ended_request_id = null
where customer_id = any(%s) and num_nonnulls(address, metadata, request_id, ended_request_id) > 0
"""
# What is kept of a month against what was read: of each customer.
_DIFFERENT: Final = """
select count(*) from (
    select customer_id from (
        select customer_id, count(*) as rows, sum(committed) as committed, sum(reversed) as reversed
        from {table} group by 1
        union all
        select customer_id, -sum(rows), -sum(committed), -sum(reversed)
        from ledger_detached_sum where month = %(month)s group by 1
    ) x group by 1 having sum(rows) <> 0 or sum(committed) <> 0 or sum(reversed) <> 0
) y
"""


def attach(path: Path, *, erased: Callable[[], Sequence[UUID]]) -> tuple[Month, int]:
    """The month and how many calls; `erased` tells of which customers personal data is
    gone: asked while nobody is being erased. Raises DetachedError."""
    digest, head = files.digest(path), files.head(path)
    with at_work() as cursor:
        month, calls = _recorded(cursor, path, digest)
        _refuse(cursor, month)
        fill(cursor, month, path, head)
        _compare(cursor, month, path, calls)
        cursor.execute(_ERASE.format(table=month.table), [list(erased())])
        _on(cursor, _ATTACH, month)
        sums.forget(cursor, month)
    return month, calls


def fill(cursor: CursorWrapper, month: Month, path: Path, head: dict[str, Any]) -> None:
    """Columns that came since are as they are for rows of before. Raises FileRefused."""
    if unknown := set(head["columns"]) - set(columns(cursor)):
        raise FileRefused(f"{path} has columns that are not known here: {', '.join(unknown)}.")
    _on(cursor, _MAKE, month)
    try:
        with cursor.copy(f"copy {month.table} ({', '.join(head['columns'])}) from stdin") as copy:
            for row in files.rows(path):
                copy.write(row)
    except (DataError, IntegrityError) as error:
        raise FileRefused(f"{path} is damaged: {error}") from error


def _recorded(cursor: CursorWrapper, path: Path, digest: str) -> tuple[Month, int]:
    cursor.execute(_RECORD, [digest])
    for first, calls in cursor.fetchall():
        return Month(first), calls
    raise FileRefused(
        f"{path} is not a file of a month that is detached here, or it is damaged. Its SHA-256 is"
        f" {digest}; those that are detached are in the table ledger_detached."
    )


def _refuse(cursor: CursorWrapper, month: Month) -> None:
    if is_there(cursor, month):
        raise MonthRefused(f"{month} has a table already: {month.table}.")
    refuse_strays(cursor, month)


def _compare(cursor: CursorWrapper, month: Month, path: Path, calls: int) -> None:
    found = value(cursor, f"select count(*) from {month.table}")
    different = value(cursor, _DIFFERENT.format(table=month.table), month.asked)
    if found != calls or different:
        raise FileRefused(
            f"{path} has {found} calls, and {calls} were detached; {different} customers' sums"
            " are other ones."
        )


def _on(cursor: CursorWrapper, statements: str, month: Month) -> None:
    cursor.execute(statements.format(table=month.table, low=month.low, above=month.above))
