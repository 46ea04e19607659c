"""Lots as their owner reads them: where each came from, what became of it, when it ends."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from django.db.models import F, QuerySet

from billing import shown
from billing.models import ExpiryNotice, Purchase
from billing.portal.lots import origins
from billing.portal.statement import words as statement_words
from ledger import lot_history, selectors
from ledger.lot_history import Sums
from ledger.models import Lot

AT_ONCE: Final = 200
_WHERE_IT_WENT: Final = {
    "expire": "expired",
    "escheat": "given to the state",
    "refund": "refunded",
    "dispute": "taken back after a dispute",
    "forfeit": "forfeited",
    "void": "taken back",
    "move": "moved away",
}


class LotTold(NamedTuple):
    """`lost` is what left it unused, in words."""

    lot: Lot
    name: str
    kind: str
    origin: str
    purchase: Purchase | None
    issued: str
    used: str
    lost: Sequence[str]
    held: str
    frozen: str
    free: str
    left: str
    ends: str
    is_soon: bool
    notices: Sequence[ExpiryNotice]
    sums: Sums


def open_lots(customer_id: UUID, rows: int) -> list[Lot]:
    """In the order of use."""
    found = Lot.objects.filter(customer_id=customer_id, open=True)
    order = ("priority", F("expires_at").asc(nulls_last=True), "paid", "seq")
    return list(found.order_by(*order)[:rows])


def past_lots(customer_id: UUID, before: int | None, rows: int) -> list[Lot]:
    """The last issued first."""
    return list(_before(Lot.objects.filter(customer_id=customer_id, open=False), before)[:rows])


def all_lots(customer_id: UUID) -> Iterator[list[Lot]]:
    before = None
    while some := list(_before(Lot.objects.filter(customer_id=customer_id), before)[:AT_ONCE]):
        yield some
        before = some[-1].seq


def tell(lots: Sequence[Lot], *, may_buy: bool) -> list[LotTold]:
    """Of one customer."""
    if not lots:
        return []
    customer_id = lots[0].customer_id
    now = selectors.now(customer_id)
    sums, notices = lot_history.sums_of(lots), _notices(lots)
    bought = (
        statement_words.purchases(customer_id, (lot.document for lot in lots)) if may_buy else {}
    )
    return [
        _told(lot, sums[lot.id], notices[lot.id], bought.get(lot.document or ""), now)
        for lot in lots
    ]


def ends(lot: Lot, now: datetime) -> str:
    """In words."""
    if lot.expires_at is None:
        return "Never ends"
    left = lot.expires_at - now
    if left <= timedelta(0):
        return "Ended"
    if left < timedelta(days=1):
        hours = left // timedelta(hours=1)
        return (
            f"Ends in {hours} hour{'' if hours == 1 else 's'}" if hours else "Ends within an hour"
        )
    return f"Ends in {shown.days(left.days)}"


def _told(
    lot: Lot,
    sums: Sums,
    notices: Sequence[ExpiryNotice],
    purchase: Purchase | None,
    now: datetime,
) -> LotTold:
    is_open = lot.remaining > 0
    soon = lot.expires_at is not None and timedelta(0) < lot.expires_at - now <= timedelta(days=14)
    return LotTold(
        lot=lot,
        name=statement_words.lot_name(lot),
        kind=origins.kind(lot),
        origin=origins.origin(lot),
        purchase=purchase,
        issued=shown.credits(sums.gained),
        used=shown.credits(sums.used),
        lost=[
            f"{shown.credits(amount)} {_WHERE_IT_WENT.get(kind, kind)}"
            for kind, amount in sorted(sums.lost.items())
        ],
        held=shown.credits(lot.held) if lot.held else "",
        frozen=shown.credits(lot.frozen) if lot.frozen else "",
        free=shown.credits(lot.remaining - lot.held - lot.frozen),
        left=shown.credits(lot.remaining),
        ends=ends(lot, now),
        is_soon=is_open and soon,
        notices=notices,
        sums=sums,
    )


def _notices(lots: Sequence[Lot]) -> dict[UUID, list[ExpiryNotice]]:
    found = ExpiryNotice.objects.filter(
        customer_id=lots[0].customer_id, lot_id__in=[lot.id for lot in lots]
    ).select_related("mail")
    notices: dict[UUID, list[ExpiryNotice]] = defaultdict(list)
    for notice in found.order_by("created_at"):
        notices[notice.lot_id].append(notice)
    return notices


def _before(lots: "QuerySet[Lot]", seq: int | None) -> "QuerySet[Lot]":
    return (lots.filter(seq__lt=seq) if seq else lots).order_by("-seq")
