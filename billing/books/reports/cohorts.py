"""What was used and what expired of each cohort, and what its estimate says (8.3)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from billing.books.breakage.chain_ladder import by_chain_ladder, differs, factors
from billing.books.cohorts import last_day
from billing.books.expected import expected
from billing.books.history import curve
from billing.books.reports import back_test
from billing.books.reports.movements import DAY, LINE
from billing.books.reports.projection import Standing, histories, standings
from billing.books.reports.table import Column, Table, total
from billing.books.rows import rows

_COLUMNS = (
    Column("cohort", "Cohort", "text"),
    Column("v", "V", "money"),
    Column("c", "C: used", "money"),
    Column("a", "A: expired", "money"),
    Column("o", "O: outstanding", "money"),
    Column("refunds", "Refunds", "money"),
    Column("in_window", "Refundable still", "money"),
    Column("redeemed", "Redeemed", "percent"),
    Column("broken", "Expired", "percent"),
    Column("method", "Method", "text"),
    Column("version", "Estimate", "text"),
    Column("constrained_rate", "Rate used", "percent"),
    Column("unconstrained_rate", "Unconstrained rate", "percent"),
    Column("expected", "Estimate, as used", "money"),
    Column("by_curve", "By the curve", "money"),
    Column("by_ladder", "By chain ladder", "money"),
    Column("review", "Review", "text"),
    Column("n", "N: recognised", "money"),
    Column("advance", "2110", "money"),
)
_NOTE = (
    "V = C + A + O, of lots past their refund window; what is refundable still is outside of it."
    " Refunds are with chargebacks, from deferred revenue. 2110 is N less A. Review: the curve and"
    " the chain ladder are more than a tenth apart."
)
# By cohort: what went back, and what is outstanding of lots whose refund window is open.
_BACK = f"""
select coalesce(l.cohort, t.cohort, '') as cohort,
    coalesce(sum(case '2100' when t.debit then t.amount else -t.amount end)
        filter (where {LINE} in ('refunds', 'chargebacks')), 0)::bigint,
    coalesce(sum(case '2100' when t.credit then t.amount else -t.amount end) filter (
        where l.refundable_until > (%(end)s::date + 1)::timestamp at time zone b.time_zone
    ), 0)::bigint
from ledger_transfer t cross join ledger_books b
    left join ledger_lot l on l.customer_id = t.customer_id and l.id = t.lot_id
where t.unit <> 'CR' and '2100' in (t.debit, t.credit) and {DAY} <= %(end)s
group by 1
"""
_EMPTY = (0, 0)


def report(month: date) -> list[Table]:
    """Of each currency, and then how the estimates of those that have matured stood the test."""
    end = last_day(month)
    back = {name: figures for name, *figures in rows(_BACK, {"end": end})}
    ladders = _ladders(end)
    by_currency = defaultdict(list)
    for one in standings(end):
        row = _row(one, back.get(one.name, _EMPTY), ladders.get(one.name))
        by_currency[one.cohort.currency].append(row)
    tables = [_table(currency, its) for currency, its in sorted(by_currency.items())]
    return [*tables, *back_test.tables(end)]


def _table(currency: str, found: list[dict[str, Any]]) -> Table:
    return Table(
        f"cohorts-{currency}",
        f"Breakage by cohort, {currency}",
        _COLUMNS,
        found,
        currency,
        total(_COLUMNS, found),
        _NOTE,
    )


def _row(one: Standing, back: Sequence[int], ladder: Decimal | None) -> dict[str, Any]:
    v, c, a = one.position
    refunds, in_window = back
    return {
        "cohort": one.name,
        "v": v,
        "c": c,
        "a": a,
        "o": one.position.o,
        "refunds": refunds,
        "in_window": in_window,
        "redeemed": Decimal(c) / v if v else None,
        "broken": Decimal(a) / v if v else None,
        **_estimate(one),
        "by_curve": _whole(one.by_curve),
        "by_ladder": _whole(ladder),
        "review": "yes" if one.by_curve is not None and differs(one.by_curve, ladder) else "",
        "n": one.recognised,
        "advance": one.recognised - a,
    }


def _estimate(one: Standing) -> dict[str, Any]:
    estimate = one.estimate
    if estimate is None:
        empty = ("constrained_rate", "unconstrained_rate", "expected")
        return {"method": "remote", "version": "", **dict.fromkeys(empty)}
    amount = expected(one.name, estimate, one.position, one.as_of)
    return {
        "method": estimate.method,
        "version": str(estimate),
        "constrained_rate": estimate.rate,
        "unconstrained_rate": estimate.unconstrained_rate,
        "expected": round(amount),
    }


def _ladders(end: date) -> dict[str, Decimal | None]:
    """A second opinion on each cohort from those of its currency (2.5)."""
    found: dict[str, Decimal | None] = {}
    for its in histories(curve(end)).values():
        growth = factors([one.history for one in its], max(one.months for one in its))
        found |= {one.cohort: by_chain_ladder(one.history, growth) for one in its}
    return found


def _whole(amount: Decimal | None) -> int | None:
    return None if amount is None else round(amount)
