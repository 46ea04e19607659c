"""Cohorts: lots sold in one month, in one currency, of one family of packs and one escheat class.
A lot's is fixed when it is sold (accounting rules, section 2)."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from billing.books import months
from billing.books.breakage.formula import Position
from billing.books.rows import rows

STANDARD = "standard"
# What came from another system: how it was used before that is not known here.
OPENING = "from:elsewhere"
_ESCHEAT = "escheat:"

# C is net of what a lost dispute took back; A is what expired less what was reinstated.
_POSITIONS = """
select l.cohort, l.currency,
    coalesce(-sum(p.amount) filter (where p.account in ('4100', '4310')), 0)::bigint as c,
    coalesce(-sum(p.amount) filter (where p.account = '2110'), 0)::bigint as a,
    coalesce(-sum(p.amount) filter (where p.account = '2100'), 0)::bigint as o
from ledger_posting p
    join ledger_lot l on l.customer_id = p.customer_id and l.id = p.lot_id
    cross join ledger_books b
where p.unit <> 'CR' and p.posting_date <= %(as_of)s and l.paid
    and p.account in ('2100', '2110', '4100', '4310')
    and coalesce(l.refundable_until
        <= (%(as_of)s::date + 1)::timestamp at time zone b.time_zone, true)
group by 1, 2 order by 1, 2
"""
_RECOGNISED = """
select cohort, unit, -sum(amount)::bigint from ledger_posting
where unit <> 'CR' and account = '4200' and posting_date <= %(as_of)s
group by 1, 2 order by 1, 2
"""
_EXPIRES = """
select cohort, max(expires_at), count(*) filter (where expires_at is null) from ledger_lot
where paid and cohort is not null group by 1
"""


class Cohort(NamedTuple):
    """Its name is `2025-01/USD`, and what is not the usual comes behind."""

    month: date
    currency: str
    family: str = STANDARD
    escheat_class: str = ""

    @classmethod
    def read(cls, name: str) -> "Cohort":
        """Raises ValueError."""
        month, currency, *rest = name.split("/")
        escheat = [part.removeprefix(_ESCHEAT) for part in rest if part.startswith(_ESCHEAT)]
        family = [part for part in rest if not part.startswith(_ESCHEAT)]
        return cls(
            months.read(month),
            currency,
            family[0] if family else STANDARD,
            escheat[0] if escheat else "",
        )

    @property
    def name(self) -> str:
        parts = [f"{self.month:%Y-%m}", self.currency]
        parts += [self.family] if self.family != STANDARD else []
        parts += [_ESCHEAT + self.escheat_class] if self.escheat_class else []
        return "/".join(parts)


def positions(as_of: date) -> dict[str, Position]:
    """V, C and A of each cohort at the end of a day, of lots past their refund window (R12).

    A lost dispute calls used what is held, until it is free: nobody has used less than nothing.
    """
    return {
        cohort: Position(max(c, 0) + a + o, max(c, 0), a)
        for cohort, _, c, a, o in rows(_POSITIONS, {"as_of": as_of})
    }


def recognised(as_of: date) -> dict[str, int]:
    """N posted so far: what 4200 has of each cohort at the end of a day."""
    return {cohort: n for cohort, _, n in rows(_RECOGNISED, {"as_of": as_of})}


def open_at(as_of: date) -> list[str]:
    """Those with something outstanding, in closed months too."""
    return [name for name, position in positions(as_of).items() if position.o > 0]


def last_expiries() -> dict[str, datetime | None]:
    """When the last lot of each expires; None where one never does."""
    return {name: None if never else last for name, last, never in rows(_EXPIRES)}


def age(month: date, as_of: date) -> int:
    """In months; the month of the sale is the first."""
    return (as_of.year - month.year) * 12 + as_of.month - month.month + 1


def last_day(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
