"""What must tie before a month is closed, each with the rows that break it (accounting rules,
sections 6 and 8.1)."""

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from billing.books.cohorts import last_day
from billing.books.rows import named_rows

ROWS_SHOWN = 20


class TieOut(NamedTuple):
    name: str
    title: str
    why: str
    sql: str


class Finding(NamedTuple):
    tie_out: TieOut
    broken: int
    rows: list[dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.tie_out.name,
            "title": self.tie_out.title,
            "why": self.tie_out.why,
            "broken": self.broken,
            "rows": [{name: str(value) for name, value in row.items()} for row in self.rows],
        }


def run(month: date) -> Iterator[Finding]:
    parameters = {"start": month, "end": last_day(month), "rows": ROWS_SHOWN}
    for tie_out in TIE_OUTS:
        found = named_rows(
            f"select x.*, count(*) over () as broken from ({tie_out.sql}) x limit %(rows)s",
            parameters,
        )
        broken = found[0]["broken"] if found else 0
        yield Finding(
            tie_out, broken, [{k: v for k, v in row.items() if k != "broken"} for row in found]
        )


# Money by lot, where the lot has a price.
_BY_LOT = """
with lot as (
    select l.*, coalesce(d.version, 0) as recognised
    from ledger_lot_state l left join ledger_recognised d using (customer_id)
    where l.price > 0
), money as (
    select customer_id, lot_id as id, sum(-amount) as deferred
    from ledger_posting where account = '2100' and lot_id is not null group by 1, 2
), since as (
    select t.customer_id, t.lot_id as id,
        sum(case 'U20' when t.credit then t.amount when t.debit then -t.amount else 0 end)
            filter (where t.unit = 'CR') as units,
        sum(case '2100' when t.credit then t.amount when t.debit then -t.amount else 0 end)
            filter (where t.unit <> 'CR' and t.kind not in ('usage', 'usage-back')) as money
    from ledger_transfer t left join ledger_recognised d using (customer_id)
    where t.lot_id is not null and t.version > coalesce(d.version, 0) group by 1, 2
)
"""

TIE_OUTS = [
    TieOut(
        "deferred-by-lot",
        "2100 of each lot is its carrying value",
        "Deferred revenue is the price of the credits that are left, lot by lot (R2).",
        _BY_LOT
        + """
        select customer_id, id as lot_id, currency, coalesce(m.deferred, 0) as deferred,
            ledger_carrying(price, units, (remaining - coalesce(s.units, 0))::bigint)
                + coalesce(s.money, 0) as carrying
        from lot left join money m using (customer_id, id)
            left join (select customer_id, id, units as units, money from since) s(
                customer_id, id, moved, money) using (customer_id, id)
        where false
        """,
    ),
]
