"""What still needs the calls of a month."""

from collections.abc import Mapping
from datetime import UTC
from typing import Final

from django.db.backends.utils import CursorWrapper

from ledger.detached.errors import MonthRefused
from ledger.detached.month import Month, is_there, months_after, refuse_strays, value

# A year of usage and of back-tests, and the month in which one begins.
LEAST_AGE: Final = 13
# Keys and reported usage are known for 30 days, windows of caps are a month long.
LEAST_AGE_EVER: Final = 3

_RECORDED: Final = """
select file || ', on ' || to_char(detached_at at time zone 'UTC', 'YYYY-MM-DD')
from ledger_detached where month = %(month)s
"""
# Counts; none must be left.
_NEEDED: Final = {
    "holds that are not newer are open": "select count(*) from ledger_hold where id < %(above)s",
    "idempotency keys are answered from its calls": (
        "select count(*) from ledger_key where answers <> 'result'"
        " and reservation_id >= %(low)s and reservation_id < %(above)s"
    ),
    "calls were made or settled in the last two months, by their customers' clocks": """
        select count(*) from {table} c join ledger_wallet w on w.customer_id = c.customer_id
        where greatest(c.created_at, c.ended_at)
            > ledger_now() + coalesce(w.clock_shift, '0') - interval '62 days'
    """,
}


def refuse_early(cursor: CursorWrapper, month: Month, least_age: int) -> None:
    """What can be said before the calls are looked at. Raises MonthRefused."""
    cursor.execute(_RECORDED, month.asked)
    for (told,) in cursor.fetchall():
        raise MonthRefused(f"Calls of {month} were detached before: they are in {told}.")
    if least_age < LEAST_AGE_EVER:
        raise MonthRefused(f"The least age cannot be under {LEAST_AGE_EVER} months.")
    now = value(cursor, "select least(ledger_now(), clock_timestamp())").astimezone(UTC)
    if months_after(month.ends, least_age) > now:
        raise MonthRefused(f"{month} is not old enough: it must have ended {least_age} months ago.")
    if not is_there(cursor, month):
        raise MonthRefused(f"There are no calls of {month}: it has no table of its own.")
    refuse_strays(cursor, month)


def refuse_needed(cursor: CursorWrapper, month: Month, more: Mapping[str, str]) -> None:
    """`more`: what other rooms need, as here. Raises MonthRefused."""
    for told, statement in {**_NEEDED, **more}.items():
        if found := value(cursor, statement.format(table=month.table), month.asked):
            raise MonthRefused(f"Calls of {month} stay: {found} {told}.")
