"""Every change of a balance between two instants, and what the balance was at one.

An instant is what was posted before it. A lot that had ended by then is gone, even where that was
entered later: so a balance is the one that the API would have told. (What is due is entered first,
so that no lot is missed.) Nothing here adds up a whole
history: marks (marks.py) are never far.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Q

from ledger import selectors, services
from ledger.models import Lot, Transfer, Wallet
from ledger.paging import Asked, ByNumber
from ledger.periods import Period

# So many versions are added up one by one; beyond, marks are.
SHORT: Final = 10_000
LINES_AT_ONCE: Final = 1_000

_INSTANT: Final = timedelta(microseconds=1)
_BY_DAY: Final = """
select (t.posted_at at time zone 'UTC')::date, t.kind, coalesce(c.price_id, h.price_id),
    sum(case t.credit when 'U20' then t.amount else -t.amount end)::bigint,
    count(*) filter (where t.id = t.transaction_id)
from ledger_transfer t
    left join lateral (
        select price_id from ledger_call s
        where s.customer_id = t.customer_id and s.id = t.reservation_id limit 1
    ) c on true
    left join ledger_hold h on h.customer_id = t.customer_id and h.id = t.reservation_id
where uuid_hash(t.customer_id) = uuid_hash(%s) and t.customer_id = %s
    and t.version > %s and t.version <= %s
    and t.kind in ('commit', 'reverse', 'uncover') and t.unit = 'CR'
group by 1, 2, 3 order by 1, 2 desc, 3
"""
# What that tells of.
OF_CALLS: Final = ("commit", "reverse", "uncover")

_CREDITS = Q(unit="CR") & (Q(debit="U20") | Q(credit="U20"))


class Part(NamedTuple):
    """What a lot gained, in micro-credits. No lot: it was spent on credit."""

    lot_id: UUID | None
    amount: int


class Line(NamedTuple):
    """One transaction that moved credits. `at` is when it counts: an expiry when the lot ended."""

    version: int
    transaction_id: UUID
    kind: str
    amount: int
    balance: int
    parts: Sequence[Part]
    at: datetime
    posted_at: datetime
    reservation_id: UUID | None
    reverses: UUID | None
    document: str | None
    reason: str | None


class Gone(NamedTuple):
    """What had ended by an instant of a lot, and was entered with a later version."""

    version: int
    kind: str
    lot_id: UUID
    amount: int


class Edge(NamedTuple):
    """A wallet at an instant; `posted` is the balance that was entered by then."""

    instant: datetime
    version: int
    posted: int
    gone: Sequence[Gone]

    @property
    def balance(self) -> int:
        return self.posted - sum(one.amount for one in self.gone)


class Sum(NamedTuple):
    """What the balance gained by one kind of line, and by how many of them."""

    kind: str
    amount: int
    lines: int


class Statement(NamedTuple):
    opening: Edge
    closing: Edge
    sums: Sequence[Sum]

    @property
    def gained(self) -> int:
        return sum(one.amount for one in self.sums)

    @property
    def lines(self) -> int:
        return sum(one.lines for one in self.sums)


class CallsOfDay(NamedTuple):
    """What calls of a UTC day moved at one price, in micro-credits, and in how many lines."""

    day: date
    kind: str
    price_id: int | None
    amount: int
    lines: int


class BalanceAt(NamedTuple):
    """What there was, in micro-credits, held and frozen credits included, and of which lots; None
    is what was spent on credit."""

    edge: Edge
    lots: Mapping[UUID | None, int]

    @property
    def balance(self) -> int:
        return self.edge.balance


def version_at(customer_id: UUID, instant: datetime) -> int:
    """The last version that was posted before then; 0 before there was any."""
    return int(_rows("select ledger_version_at(%s, %s)", customer_id, instant)[0][0])


def edge_at(customer_id: UUID, instant: datetime) -> Edge:
    version = version_at(customer_id, instant)
    last = selectors.history(customer_id).filter(version=version).values_list("balance_after")[:1]
    gone = _rows("select * from ledger_gone_by(%s, %s, %s)", customer_id, version, instant)
    posted = next((balance for (balance,) in last), 0)
    return Edge(instant, version, posted, [Gone(*row) for row in gone])


def statement(customer_id: UUID, period: Period) -> Statement:
    """The balance at both ends, and what came between them. Raises UnknownCustomer."""
    services.refresh(customer_id)
    opening, closing = edge_at(customer_id, period.start), edge_at(customer_id, period.end)
    return Statement(opening, closing, _sums(customer_id, opening, closing))


def lines(customer_id: UUID, first: Edge, last: Edge, asked: Asked[ByNumber]) -> list[Line]:
    """Those between two instants, the last first."""
    top = max([last.version, *(gone.version for gone in last.gone)])
    above = min(top, asked.after.number - 1) if asked.after else top
    found: list[Line] = []
    window = asked.rows
    while above > first.version and len(found) < asked.rows:
        below = max(above - window, first.version)
        found += reversed(_lines(customer_id, first, last, below, above))
        # Transactions of money alone are no lines.
        above, window = below, window * 2
    return found[: asked.rows]


def all_lines(
    customer_id: UUID, first: Edge, last: Edge, *, without: Collection[str] = ()
) -> Iterator[Sequence[Line]]:
    """In the order in which they happened, some at a time; `without` some kinds of transfers."""
    for below, above in _chunks(first, last, SHORT if without else LINES_AT_ONCE):
        yield _lines(customer_id, first, last, below, above, without)


def calls_by_day(customer_id: UUID, first: Edge, last: Edge) -> Iterator[CallsOfDay]:
    """What calls cost, and what they got back, of each day; a long one comes several times."""
    for below, above in _chunks(first, last, SHORT):
        for row in _rows(_BY_DAY, customer_id, customer_id, below, min(above, last.version)):
            yield CallsOfDay(*row)


def now(customer_id: UUID) -> datetime:
    """The wallet's: a sandbox's clock may have been moved."""
    last = Wallet.objects.filter(customer_id=customer_id).values_list("version")
    posted = selectors.history(customer_id).filter(version__in=last[:1])
    latest = [instant for (instant,) in posted.values_list("posted_at")[:1]]
    return max([selectors.now(customer_id), *(instant + _INSTANT for instant in latest)])


def balance_at(customer_id: UUID, instant: datetime) -> BalanceAt:
    """Raises UnknownCustomer."""
    services.refresh(customer_id)
    edge = edge_at(customer_id, instant)
    select = "select (m).lots, (m).remaining from ledger_mark_at(%s, %s) m"
    ((lots, remaining),) = _rows(select, customer_id, edge.version)
    left = Counter(dict(zip(lots, remaining, strict=True)))
    for gone in edge.gone:
        left[gone.lot_id] -= gone.amount
    return BalanceAt(edge, {lot: amount for lot, amount in left.items() if amount})


def lots_of(customer_id: UUID, ids: Iterable[UUID | None]) -> dict[UUID, Lot]:
    return Lot.objects.filter(customer_id=customer_id).in_bulk({id for id in ids if id})


def _sums(customer_id: UUID, opening: Edge, closing: Edge) -> list[Sum]:
    amounts, counts = Counter[str](), Counter[str]()
    for sign, kind, amount, number in _gained(customer_id, opening.version, closing.version):
        amounts[kind] += sign * amount
        counts[kind] += sign * number
    counted = _by_version(opening.gone)
    for one in closing.gone:
        before = counted.get(one.version, 0)
        amounts[one.kind] -= one.amount - before
        counts[one.kind] += one.amount > before
    for one in opening.gone:
        if one.version <= closing.version:
            amounts[one.kind] += one.amount
    if opening.gone:
        entered = [one for one in opening.gone if one.version <= closing.version]
        gains = _gains(customer_id, [one.version for one in entered])
        for one in entered:
            counts[one.kind] -= gains[one.version] + one.amount == 0
    return [Sum(kind, amounts[kind], counts[kind]) for kind in sorted(counts) if counts[kind]]


def _gained(customer_id: UUID, first: int, last: int) -> Iterator[tuple[int, str, int, int]]:
    """Between two versions, with a sign: by the difference of two marks, where it is long."""
    if last - first <= SHORT:
        select = "select kind, gain, lines from ledger_gained(%s, %s, %s)"
        yield from ((1, *row) for row in _rows(select, customer_id, first, last))
        return
    select = "select x.* from ledger_mark_at(%s, %s) m, unnest((m).kinds, (m).gains, (m).lines) x"
    for sign, version in ((1, last), (-1, first)):
        yield from ((sign, *row) for row in _rows(select, customer_id, version))


def _gains(customer_id: UUID, versions: Sequence[int]) -> Counter[int]:
    gains = Counter[int]()
    for one in selectors.history(customer_id).filter(_CREDITS, version__in=versions):
        gains[one.version] += _gain(one)
    return gains


def _chunks(first: Edge, last: Edge, size: int) -> Iterator[tuple[int, int]]:
    top = max([last.version, *(gone.version for gone in last.gone)])
    for below in range(first.version, top, size):
        yield below, min(below + size, top)


def _lines(
    customer_id: UUID,
    first: Edge,
    last: Edge,
    below: int,
    above: int,
    without: Collection[str] = (),
) -> list[Line]:
    """Of the versions above `below`, up to `above`, in their order."""
    by_version: dict[int, list[Transfer]] = defaultdict(list)
    found = selectors.history(customer_id).filter(_CREDITS, version__gt=below, version__lte=above)
    for transfer in found.exclude(kind__in=without) if without else found:
        by_version[transfer.version].append(transfer)
    late = _by_version(last.gone)
    shown = [v for v in sorted(by_version) if v <= last.version or v in late]
    kinds = _lot_kinds(customer_id, by_version.values())
    told = (_line(first, last, sorted(by_version[v], key=_place), kinds) for v in shown)
    return [line for line in told if line is not None]


def _line(
    first: Edge, last: Edge, transfers: Sequence[Transfer], kinds: Mapping[UUID, str]
) -> Line | None:
    """None, where it had all happened by the beginning."""
    one = transfers[0]
    parts = Counter[UUID | None]()
    for transfer in transfers:
        parts[transfer.lot_id] += _gain(transfer)
    balance = one.balance_after
    if one.version > last.version:
        so_far = [gone for gone in last.gone if gone.version <= one.version]
        parts[one.lot_id] = -sum(gone.amount for gone in so_far if gone.version == one.version)
        balance = last.posted - sum(gone.amount for gone in so_far)
    before = _by_version(first.gone)
    if one.version in before:
        parts[one.lot_id] += before[one.version]
        if not parts[one.lot_id]:
            return None
    balance -= sum(amount for version, amount in before.items() if version > one.version)
    is_expiry = one.kind in ("expire", "escheat") and one.effective_at is not None
    return Line(
        version=one.version,
        transaction_id=one.transaction_id,
        kind=_kind(one, kinds),
        amount=sum(parts.values()),
        balance=balance,
        parts=[Part(lot, amount) for lot, amount in parts.items() if amount],
        at=(is_expiry and one.effective_at) or one.posted_at,
        posted_at=one.posted_at,
        reservation_id=one.reservation_id,
        reverses=one.reverses,
        document=one.document,
        reason=one.reason,
    )


def _kind(transfer: Transfer, lot_kinds: Mapping[UUID, str]) -> str:
    if transfer.kind == "grant" and transfer.lot_id:
        return f"grant-{lot_kinds[transfer.lot_id]}"
    if transfer.kind == "move":
        return "move-in" if transfer.credit == "U20" else "move-out"
    return transfer.kind


def _lot_kinds(customer_id: UUID, found: Iterable[Iterable[Transfer]]) -> dict[UUID, str]:
    granted = {one.lot_id for legs in found for one in legs if one.kind == "grant"}
    if not granted:
        return {}
    lots = Lot.objects.filter(customer_id=customer_id, id__in=granted)
    return dict(lots.values_list("id", "kind"))


def _place(transfer: Transfer) -> tuple[bool, UUID]:
    return transfer.id != transfer.transaction_id, transfer.id


def _gain(transfer: Transfer) -> int:
    return transfer.amount * ((transfer.credit == "U20") - (transfer.debit == "U20"))


def _by_version(gone: Iterable[Gone]) -> dict[int, int]:
    return {one.version: one.amount for one in gone}


def _rows(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
