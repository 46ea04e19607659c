from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.module_loading import import_string

Row = dict[str, Any]

SNAPSHOT = "set transaction isolation level repeatable read, read only"
# For this transaction: sorts and hashes of a million rows stay in memory.
MEMORY = "set local work_mem = '64MB'"
KEPT_ROWS: Final = 20


@dataclass(frozen=True)
class Check:
    name: str
    title: str
    why: str
    sql: str
    of_company: bool = False  # true of all customers together only


@dataclass(frozen=True)
class Suite:
    """Checks, and the sources that they read: a WITH clause, in which `{scope}` is the condition
    on a `customer_id`."""

    sources: str
    checks: Sequence[Check]


@dataclass(frozen=True)
class Finding:
    """How many rows break a check, and the first of them."""

    check: Check
    broken: int
    rows: Sequence[Row] = ()

    @property
    def first(self) -> Row | None:
        return self.rows[0] if self.rows else None


def verify(customers: Sequence[UUID] | None = None) -> list[Finding]:
    """Of these customers, or of all: one consistent answer from a live system."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(SNAPSHOT)
            cursor.execute(MEMORY)
        return list(run(connection, customers))


def run(
    connection: BaseDatabaseWrapper, customers: Sequence[UUID] | None = None
) -> Iterator[Finding]:
    """In whatever transaction the caller is."""
    for suite in _suites(tuple(settings.CHECKS)):
        for check in suite.checks:
            if customers is None or not check.of_company:
                yield _find(connection, suite, check, customers)


@cache
def _suites(names: tuple[str, ...]) -> list[Suite]:
    return [import_string(name) for name in names]


def _find(
    connection: BaseDatabaseWrapper,
    suite: Suite,
    check: Check,
    customers: Sequence[UUID] | None,
) -> Finding:
    scope = "true" if customers is None else "customer_id = any(%(customers)s)"
    sources = suite.sources.format(scope=scope)
    parameters = {"customers": list(customers or [])}
    counted = f"""
        select count(*) over () as broken, x.* from ({check.sql}) x order by 2, 3 limit {KEPT_ROWS}
    """
    with connection.cursor() as cursor:
        cursor.execute(sources + counted, parameters)
        found = cursor.fetchall()
        names = [column.name for column in cursor.description][1:]
    rows = [dict(zip(names, row[1:], strict=True)) for row in found]
    return Finding(check, found[0][0] if found else 0, rows)
