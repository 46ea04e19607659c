"""A month of fifteen months ago, and what there is of it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management import call_command
from django.db import connections

from accounts.ids import uuid7
from ledger import checks, seals, selectors, statements, usage
from ledger.detached.month import Month, months_after
from ledger.models import DetachedMonth
from ledger.periods import Period
from ledger.usage import Dimension
from tests.factories.ledger import Book

TODAY = datetime.now(UTC)
MONTH = Month(months_after(TODAY.replace(day=1), -15).date())
WHEN = MONTH.begins + timedelta(days=10)


def then(days: float = 0) -> datetime:
    return WHEN + timedelta(days=days)


def old_key(days: float = 0) -> UUID:
    """One of then."""
    return UUID(int=selectors.lowest_id(then(days)).int | (uuid7().int & (1 << 80) - 1))


def old(days: float = 0, **fields: Any) -> dict[str, Any]:
    return {"key": old_key(days), "key_is_id": True, "request": 1} | fields


def execute(sql: str, *asked: Any) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(sql, asked)


def rows(sql: str, *asked: Any) -> list[tuple[Any, ...]]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(sql, asked)
        return cursor.fetchall()


def broken() -> list[str]:
    return [f"{one.check.name} {one.first}" for one in checks.verify() if one.broken]


def calls() -> list[tuple[Any, ...]]:
    return rows("select c::text from ledger_call c order by customer_id, id")


def of_the_month() -> int:
    return rows(
        "select count(*) from ledger_call where id >= %s and id < %s", MONTH.low, MONTH.above
    )[0][0]


def told(book: Book) -> list[Any]:
    """What must be the same whether calls are here or in a file."""
    whole = Period(then(-20), TODAY + timedelta(days=1))
    return [
        selectors.balance(book.customer_id),
        book.lots(),
        book.transfers(),
        statements.statement(book.customer_id, Period(then(0.5), then(40))).sums,
        [statements.balance_at(book.customer_id, then(day)).balance for day in (0.5, 1.5, 3, 40)],
        [(head.version, head.digest) for head in seals.heads()],
        usage.sums(book.customer_id, days_of(whole), [Dimension.DAY, Dimension.KEY]),
        usage.unbilled(book.customer_id, days_of(whole)),
    ]


def days_of(period: Period) -> Period:
    return Period(*(at.replace(hour=0, minute=0, second=0, microsecond=0) for at in period))


def detach(folder: Path, **options: Any) -> Path:
    call_command("detach_calls", str(MONTH), to=folder, **options)
    return folder / DetachedMonth.objects.get(month=MONTH.first).file
