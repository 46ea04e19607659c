"""What is outstanding on 2100, by the days until it expires (accounting rules, 8.6)."""

from collections import defaultdict
from datetime import date
from typing import Any

from billing.books.cohorts import last_day
from billing.books.reports.movements import DAY
from billing.books.reports.table import Column, Row, Table, total
from billing.books.rows import rows
from billing.charts import Chart

# A lot's expiry is that of the day which is asked: what was changed later had been another.
_OUTSTANDING = f"""
with lot as (
    select t.unit as currency, t.customer_id, t.lot_id,
        sum(case '2100' when t.credit then t.amount else -t.amount end)::bigint as deferred
    from ledger_transfer t cross join ledger_books b
    where t.unit <> 'CR' and '2100' in (t.debit, t.credit) and {DAY} <= %(end)s
    group by 1, 2, 3
), changed as (
    select distinct on (m.customer_id, m.lot_id) m.customer_id, m.lot_id, m.expires_before
    from billing_modification m cross join ledger_books b
    where (m.made_at at time zone b.time_zone)::date > %(end)s
    order by m.customer_id, m.lot_id, m.made_at, m.id
), dated as (
    select lot.*, (case when c.lot_id is null then l.expires_at else c.expires_before end
        at time zone b.time_zone)::date - %(end)s::date as days
    from lot cross join ledger_books b
        left join ledger_lot l on l.customer_id = lot.customer_id and l.id = lot.lot_id
        left join changed c on c.customer_id = lot.customer_id and c.lot_id = lot.lot_id
    where deferred <> 0
)
select currency, case when days is null then 'never' when days <= 0 then 'due'
        when days <= 30 then '30' when days <= 90 then '90' when days <= 180 then '180'
        when days <= 365 then '365' else 'later' end as bucket,
    count(*), sum(deferred)::bigint
from dated group by 1, 2 order by 1
"""
BUCKETS = {
    "due": "Due",
    "30": "Within 30 days",
    "90": "31 to 90 days",
    "180": "91 to 180 days",
    "365": "181 to 365 days",
    "later": "Later",
    "never": "Never",
}
_NON_CURRENT = ("later", "never")
_COLUMNS = (
    Column("bucket", "Expires", "text"),
    Column("lots", "Lots", "number"),
    Column("deferred", "2100", "money"),
    Column("current", "Current", "money"),
    Column("non_current", "Non-current", "money"),
)
_NOTE = (
    "By the expiry of each lot as it stood then. Current is what expires within 365 days. Customers"
    " may use credits at any time: whoever presents all of it as current finds it in column 2100."
    " Due is what has reached its last day and is still there, as credits that are held."
)


def report(month: date) -> list[Table]:
    by_currency: dict[str, dict[str, Any]] = defaultdict(dict)
    for currency, bucket, lots, deferred in rows(_OUTSTANDING, {"end": last_day(month)}):
        by_currency[currency][bucket] = (lots, deferred)
    return [_table(currency, found) for currency, found in by_currency.items()]


def _table(currency: str, found: dict[str, tuple[int, int]]) -> Table:
    rows = [_row(bucket, *found.get(bucket, (0, 0))) for bucket in BUCKETS]
    amounts = [row["deferred"] for row in rows]
    return Table(
        f"ageing-{currency}",
        f"Ageing of deferred revenue, {currency}",
        _COLUMNS,
        rows,
        currency,
        total(_COLUMNS, rows),
        _NOTE,
        Chart("bars", "Expires", currency, list(BUCKETS.values()), [("2100", amounts)]),
    )


def _row(bucket: str, lots: int, deferred: int) -> Row:
    late = bucket in _NON_CURRENT
    return {
        "bucket": BUCKETS[bucket],
        "lots": lots,
        "deferred": deferred,
        "current": 0 if late else deferred,
        "non_current": deferred if late else 0,
    }
