"""A month of calls goes to a file. One transaction, so that it ends with the file safe and the
month detached, or with the month where it was: a file that nothing names may be left."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from django.db.backends.utils import CursorWrapper

from ledger.detached import files, sums
from ledger.detached.errors import FileRefused, MonthRefused
from ledger.detached.month import Month, at_work, columns, value
from ledger.detached.obstacles import LEAST_AGE, refuse_early, refuse_needed
from ledger.models import DetachedMonth

_COPY: Final = "copy (select {columns} from {table} order by customer_id, id) to stdout"
_SUMS: Final = """
select count(*), coalesce(sum(committed), 0)::bigint, coalesce(sum(reversed), 0)::bigint
from {table}
"""
# Row by row, whatever else the digests say.
_DIFFERENT: Final = """
select count(*) from (select {columns} from {table}) a
    full join (select {columns} from {read}) b using (customer_id, id)
where a is distinct from b
"""
_RECORD: Final = """
insert into ledger_detached (month, low, above, file, sha256, calls, committed, reversed,
    detached_at)
values (%(month)s, %(low)s, %(above)s, %(file)s, %(sha256)s, %(calls)s, %(committed)s,
    %(reversed)s, ledger_now())
"""
_READ: Final = "ledger_call_read_back"


def detach(
    first: date, folder: Path, *, least_age: int = LEAST_AGE, needed: Mapping[str, str]
) -> DetachedMonth:
    """`first` is the month's first day, `least_age` months since it ended; `needed` are counts of
    what other rooms need of it. Raises DetachedError."""
    month = Month(first)
    with at_work() as cursor:
        refuse_early(cursor, month, least_age)
        # Calls are reversed and erased no more; they can be read.
        cursor.execute(f"lock table {month.table} in share mode")
        refuse_needed(cursor, month, needed)
        path = write(cursor, month, folder)
        compare(cursor, month, path)
        sums.add_usage(cursor, month)
        sums.keep(cursor, month)
        digest = files.digest(path)
        path = files.name(path, f"calls-{month}-{digest[:12]}.gz")
        record(cursor, month, path, digest)
        drop(cursor, month)
    return DetachedMonth.objects.get(month=first)


def write(cursor: CursorWrapper, month: Month, folder: Path) -> Path:
    path = folder / f"calls-{month}.part"
    named = columns(cursor)
    counted, committed, reversed_ = _sums(cursor, month.table)
    head = {"month": str(month), "columns": named}
    foot = {"calls": counted, "committed": committed, "reversed": reversed_}
    try:
        files.write(path, head, _rows(cursor, month, named), foot)
    except OSError as error:
        raise FileRefused(f"{path} cannot be written: {error.strerror}.") from None
    return path


def compare(cursor: CursorWrapper, month: Month, path: Path) -> None:
    """With what is read of the file. Raises FileRefused."""
    named = ", ".join(columns(cursor))
    cursor.execute(f"create temporary table {_READ} (like {month.table}) on commit drop")
    with cursor.copy(f"copy pg_temp.{_READ} ({named}) from stdin") as copy:
        for row in files.rows(path):
            copy.write(row)
    cursor.execute(f"analyze pg_temp.{_READ}")
    asked = _DIFFERENT.format(columns=named, table=month.table, read=f"pg_temp.{_READ}")
    if value(cursor, asked) or _sums(cursor, month.table) != _sums(cursor, f"pg_temp.{_READ}"):
        raise FileRefused(f"{path} is not what was written to it: is the disk sound?")


def record(cursor: CursorWrapper, month: Month, path: Path, digest: str) -> None:
    counted, committed, reversed_ = _sums(cursor, month.table)
    given: dict[str, Any] = {"file": path.name, "sha256": digest}
    given |= {"calls": counted, "committed": committed, "reversed": reversed_}
    cursor.execute(_RECORD, month.asked | given)
    kept = value(
        cursor,
        "select coalesce(sum(rows), 0) from ledger_detached_sum where month = %(month)s",
        month.asked,
    )
    if kept != counted:
        raise MonthRefused(f"The sums of {month} are of {kept} calls and not of {counted}.")


def drop(cursor: CursorWrapper, month: Month) -> None:
    cursor.execute(f"alter table ledger_call detach partition {month.table}")
    cursor.execute(f"drop table {month.table}")


def _rows(cursor: CursorWrapper, month: Month, named: list[str]) -> Iterator[bytes]:
    with cursor.copy(_COPY.format(columns=", ".join(named), table=month.table)) as copy:
        for piece in copy:
            yield bytes(piece)


def _sums(cursor: CursorWrapper, table: str) -> tuple[int, int, int]:
    cursor.execute(_SUMS.format(table=table))
    found: tuple[int, int, int] = cursor.fetchall()[0]
    return found
