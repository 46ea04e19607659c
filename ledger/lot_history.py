"""What became of lots. Everything but their use has an index; their use is what is missing, found
day by day between marks (marks.py) where there was any."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import OuterRef, Subquery

from ledger.models import Lot, Wallet

# Days of use on a page, and stretches between marks that are read for them.
DAYS: Final = 31
STRETCHES: Final = 3

_SUMS: Final = """
select lot_id, kind, sum(case credit when 'U20' then amount else -amount end)::bigint
from ledger_transfer
where customer_id = %s and lot_id = any(%s) and unit = 'CR'
    and (debit <> 'U20' or credit <> 'U30')
    and 'U20' in (debit, credit) and 'U30' not in (debit, credit)
group by 1, 2
"""
_EVENTS: Final = """
select version, kind, case credit when 'U20' then amount else -amount end, posted_at,
    reason, document
from ledger_transfer
where customer_id = %s and lot_id = %s and unit = 'CR'
    and (debit <> 'U20' or credit <> 'U30') and 'U20' in (debit, credit)
order by version
"""
_MARKS: Final = """
select m.version, coalesce((
    select sum(amount)::bigint from unnest(m.lots, m.remaining) x(lot_id, amount)
    where lot_id = %s), 0)
from ledger_balance_mark m where customer_id = %s order by version
"""
_USE: Final = """
select day, width_bucket(version, %s::bigint[]), max(version), sum(amount)::bigint, count(*)
from (
    select date_trunc('day', posted_at at time zone 'UTC') at time zone 'UTC' as day, version,
        amount
    from ledger_transfer
    where uuid_hash(customer_id) = uuid_hash(%s) and customer_id = %s
        and version > %s and version <= %s and unit = 'CR'
        and debit = 'U20' and credit = 'U30' and lot_id = %s
) t
group by 1, 2 order by 3 desc
"""


class Sums(NamedTuple):
    """Of a lot, in micro-credits, by what happened; `used` is less what calls gave back."""

    gained: int
    used: int
    lost: dict[str, int]


class Entry(NamedTuple):
    """Something that happened to a lot, or its use on a day (`kind` is `commit`), and what remained
    after it."""

    version: int
    kind: str
    amount: int
    times: int
    at: datetime
    remaining: int
    reason: str | None
    document: str | None


class Event(NamedTuple):
    version: int
    kind: str
    amount: int
    at: datetime
    reason: str | None
    document: str | None


class Stretch(NamedTuple):
    """Versions above `below`, up to `through`, and what remained at the end of them."""

    below: int
    through: int
    remaining: int


def sums_of(lots: Sequence[Lot]) -> dict[UUID, Sums]:
    """Of lots of one customer."""
    if not lots:
        return {}
    by_lot: dict[UUID, Counter[str]] = defaultdict(Counter)
    for lot_id, kind, amount in _rows(_SUMS, lots[0].customer_id, [lot.id for lot in lots]):
        by_lot[lot_id][kind] += amount
    return {lot.id: _sums(lot, by_lot[lot.id]) for lot in lots}


def _sums(lot: Lot, by_kind: Counter[str]) -> Sums:
    gained = sum(amount for amount in by_kind.values() if amount > 0)
    lost = {kind: -amount for kind, amount in by_kind.items() if amount < 0}
    return Sums(gained, gained - sum(lost.values()) - lot.remaining, lost)


def found(customer_id: UUID, lot_id: UUID) -> tuple[Lot, int] | None:
    """A lot, and the version of the wallet that it is of."""
    version = Wallet.objects.filter(customer_id=OuterRef("customer_id")).values("version")
    lots = Lot.objects.filter(customer_id=customer_id, id=lot_id)
    # One statement, so that both are of one moment.
    return next(((lot, lot.last) for lot in lots.annotate(last=Subquery(version))), None)


def history(lot: Lot, last: int, before: int | None = None) -> tuple[list[Entry], int | None]:
    """A page, the last first, of a wallet whose last version is `last`; and before which version
    the next begins, if there is one."""
    events = [Event(*row) for row in _rows(_EVENTS, lot.customer_id, lot.id)]
    first = events[0].version if events else 0
    stretches = _stretches(lot, last, events)
    versions = [event.version for event in events]
    top = before if before is not None else last + 1
    told: list[Entry] = []
    read, days = 0, 0
    for at, stretch in enumerate(stretches):
        if stretch.below + 1 >= top:
            continue
        own = [event for event in events if stretch.below < event.version <= stretch.through]
        is_used = _changed(stretch, stretches[at + 1 :]) != sum(event.amount for event in own)
        entries = _entries(lot, stretch, own, versions) if is_used else _of_events(stretch, own)
        told += [entry for entry in entries if entry.version < top]
        read += is_used
        days += sum(entry.kind == "commit" for entry in entries)
        if (read >= STRETCHES or days >= DAYS) and stretch.below >= first:
            return told, stretch.below + 1
    return told, None


def _stretches(lot: Lot, last: int, events: Sequence[Event]) -> list[Stretch]:
    """The last first."""
    first = events[0].version - 1 if events else 0
    marks = [(v, left) for v, left in _rows(_MARKS, lot.id, lot.customer_id) if v > first]
    ends = [*((v, left) for v, left in marks if v < last), (last, lot.remaining)]
    below = [first, *(version for version, _ in ends)]
    stretches = [
        Stretch(under, version, left)
        for under, (version, left) in zip(below, ends, strict=False)
        if version > under
    ]
    return stretches[::-1]


def _changed(stretch: Stretch, earlier: Sequence[Stretch]) -> int:
    return stretch.remaining - (earlier[0].remaining if earlier else 0)


def _entries(
    lot: Lot, stretch: Stretch, own: Sequence[Event], versions: Sequence[int]
) -> list[Entry]:
    """Use by day, apart before and after what else happened."""
    id = lot.customer_id
    used = _rows(_USE, list(versions), id, id, stretch.below, stretch.through, lot.id)
    steps = list(own)
    times = Counter[int]()
    for day, _, version, amount, number in used:
        steps.append(Event(version, "commit", -amount, day, None, None))
        times[version] = number
    return _told(stretch, steps, times)


def _of_events(stretch: Stretch, own: Sequence[Event]) -> list[Entry]:
    return _told(stretch, own, Counter())


def _told(stretch: Stretch, steps: Collection[Event], times: Counter[int]) -> list[Entry]:
    left, told = stretch.remaining, []
    for step in sorted(steps, key=lambda step: step.version, reverse=True):
        version, kind, amount, at, reason, document = step
        number = times[version] if kind == "commit" else 1
        told.append(Entry(version, kind, amount, number, at, left, reason, document))
        left -= amount
    return told


def _rows(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
