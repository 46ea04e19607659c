"""The books in the functional currency (accounting rules, E19): a report at stored rates, beside
the books of each currency, which it never changes.

Advance receipts are not money, so what is deferred of a lot, and the revenue that comes of it, keep
the rate of the day of the sale (IFRIC 22). Money takes the rate of the day of its posting. What is
between them in a transaction is exchange gain or loss.
"""

from datetime import date
from decimal import Decimal

from moneyed import get_currency

from billing.books.errors import RateMissing
from billing.books.rows import rows
from billing.models import ExchangeRate, Policy

GAIN_OR_LOSS = "7000"

# Of a currency on a day: minor units of the functional currency for one of its own.
_FACTORS = """
factor as materialized (
    select r.currency, d.day::date as day, r.rate * s.scale as factor
    from (
        select currency, rate, day, lead(day) over (partition by currency order by day) as next
        from billing_exchangerate where "to" = %(to)s and day <= %(as_of)s
    ) r
    join unnest(%(currencies)s::text[], %(scales)s::numeric[]) s(currency, scale) using (currency)
    cross join lateral generate_series(
        r.day::timestamp, coalesce(r.next - 1, %(as_of)s)::timestamp, interval '1 day') d(day)
)"""
# The mean of what was sold of a cohort up to each day: the house's entries of a day are of the lots
# that had been sold by then.
_COHORTS = """
sold as (
    select p.cohort, p.unit, p.posting_date as day, sum(p.amount) as amount,
        sum(p.amount * f.factor) as worth
    from ledger_posting p join factor f on f.currency = p.unit and f.day = p.posting_date
    where p.account = '2100' and p.kind = 'grant' and p.cohort is not null
    group by 1, 2, 3
), cohort as materialized (
    select cohort, unit, day, sum(worth) over so_far / sum(amount) over so_far as factor
    from sold window so_far as (partition by cohort, unit order by day)
)"""
_BALANCES = f"""
with {_FACTORS},
{_COHORTS},
posting as not materialized (
    select *, lot_id is null and cohort is not null and account in ('2110', '4200') as of_cohort
    from ledger_posting where unit not in ('CR', %(to)s) and posting_date <= %(as_of)s
), converted as (
    select p.transaction_id, p.account, p.unit, x.day, p.amount, f.factor
    from posting p
        cross join ledger_books b
        left join ledger_lot l on l.customer_id = p.customer_id and l.id = p.lot_id
            and p.account in ('2100', '2110', '2190', '4100', '4200', '4300', '4310')
        cross join lateral (
            select coalesce((l.issued_at at time zone b.time_zone)::date, p.posting_date) as day
        ) x
        left join factor f on f.currency = p.unit and f.day = x.day
    where not p.of_cohort
    union all
    select p.transaction_id, p.account, p.unit, p.posting_date, p.amount,
        coalesce(c.factor, f.factor)
    from posting p
        left join lateral (
            select factor from cohort c
            where c.cohort = p.cohort and c.unit = p.unit and c.day <= p.posting_date
            order by c.day desc limit 1
        ) c on true
        left join factor f on f.currency = p.unit and f.day = p.posting_date
    where p.of_cohort
), rounded as (
    select account, round(sum(amount * factor)) as amount,
        min((unit, day)::text) filter (where factor is null) as missing
    from converted group by transaction_id, account
    union all
    select account, sum(amount), null from ledger_posting
    where unit = %(to)s and posting_date <= %(as_of)s group by account
), total as (
    select account, coalesce(sum(amount), 0)::bigint as amount, min(missing) as missing
    from rounded group by account
), balanced as (
    select * from total
    union all
    select %(gain)s, -coalesce(sum(amount), 0), null from total
)
select account, case a.normal when 'credit' then -sum(amount) else sum(amount) end::bigint,
    min(missing)
from balanced join ledger_account a on a.code = account
group by account, a.normal order by account
"""


def balances(as_of: date) -> dict[str, int]:
    """What stands on each account at the end of a day, all currencies together, in minor units of
    `Policy.functional_currency` and in the account's normal direction. Each account of a
    transaction is rounded once; with account 7000 they sum to zero. Raises RateMissing."""
    to = Policy.current().functional_currency
    known = ExchangeRate.objects.filter(to=to, day__lte=as_of).values_list("currency", flat=True)
    currencies = sorted(set(known))
    found = rows(
        _BALANCES,
        {
            "to": to,
            "as_of": as_of,
            "currencies": currencies,
            "scales": [_scale(currency, to) for currency in currencies],
            "gain": GAIN_OR_LOSS,
        },
    )
    missing = min((named for _, _, named in found if named), default=None)
    if missing is not None:
        currency, day = missing.strip("()").split(",")
        raise RateMissing(f"There is no rate from {currency} to {to} of {day} or before.")
    return {account: amount for account, amount, _ in found if amount}


def _scale(currency: str, to: str) -> Decimal:
    """Yen have no cents, dinars have thousandths."""
    return Decimal(get_currency(to).sub_unit) / get_currency(currency).sub_unit
