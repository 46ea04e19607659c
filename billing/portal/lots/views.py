"""Lots: where each came from, what became of it, and when it ends."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import UUID

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import ids
from accounts.csv_files import download, safe
from accounts.permissions import RIGHTS, Right
from accounts.portal import MemberRequest, for_members
from billing import shown
from billing.portal.lots import put_off
from billing.portal.lots import told as lots_told
from billing.portal.lots.told import LotTold
from billing.portal.statement import words as statement_words
from ledger import lot_history, services
from ledger.amounts import show
from ledger.ids import LOT
from ledger.lot_history import Entry

OPEN_SHOWN: Final = 100
PAST_SHOWN: Final = 25
NO_PAGE: Final = "That page is not of this list: this is its first."
HEADER: Final = (
    *("lot", "number", "kind", "from", "purchase", "issued_at", "issued", "used", "expired"),
    *("refunded_or_taken", "moved_away", "held", "frozen", "free", "ends_at", "notices_sent"),
)


class Step(NamedTuple):
    entry: Entry
    title: str
    amount: str
    remaining: str
    is_day: bool
    times: str


@require_GET
@for_members(Right.SEE)
def lots(request: MemberRequest) -> HttpResponse:
    customer_id = request.member.customer_id
    services.refresh(customer_id)
    before, error = _before(request)
    current = [] if before else lots_told.open_lots(customer_id, OPEN_SHOWN + 1)
    past = lots_told.past_lots(customer_id, before, PAST_SHOWN + 1)
    page = {
        "open": lots_told.tell(current[:OPEN_SHOWN], may_buy=_may_buy(request)),
        "more_open": len(current) > OPEN_SHOWN,
        "past": lots_told.tell(past[:PAST_SHOWN], may_buy=_may_buy(request)),
        "older": past[PAST_SHOWN - 1].seq if len(past) > PAST_SHOWN else None,
        "is_first": not before,
        "is_empty": not before and not current and not past,
        "error": error,
    }
    return render(request, "billing/lots.html", page)


@require_GET
@for_members(Right.SEE)
def lot(request: MemberRequest, lot_id: UUID) -> HttpResponse:
    """Another company's is not found."""
    customer_id = request.member.customer_id
    services.refresh(customer_id)
    found = lot_history.found(customer_id, lot_id)
    if found is None:
        raise Http404
    one, last = found
    before, error = _before(request)
    entries, older = lot_history.history(one, last, before)
    (told,) = lots_told.tell([one], may_buy=_may_buy(request))
    page = {
        "told": told,
        "steps": [_step(entry) for entry in entries],
        "put_off": put_off.told(one),
        "older": older,
        "is_first": not before,
        "error": error,
    }
    return render(request, "billing/lot.html", page)


@require_GET
@for_members(Right.SEE)
def lots_csv(request: MemberRequest) -> HttpResponseBase:
    services.refresh(request.member.customer_id)
    rows = _rows(request.member.customer_id, may_buy=_may_buy(request))
    return download("lots.csv", HEADER, rows)


def _rows(customer_id: UUID, *, may_buy: bool) -> Iterator[Sequence[str]]:
    for some in lots_told.all_lots(customer_id):
        yield from (_row(told) for told in lots_told.tell(some, may_buy=may_buy))


def _row(told: LotTold) -> Sequence[str]:
    one, lost = told.lot, told.sums.lost
    taken = sum(lost.values()) - lost.get("expire", 0) - lost.get("move", 0)
    return [
        ids.encode(LOT, one.id),
        str(one.seq),
        one.kind,
        safe(told.origin),
        told.purchase.name if told.purchase else "",
        _time(one.issued_at),
        show(told.sums.gained),
        show(told.sums.used),
        show(lost.get("expire", 0)),
        show(taken),
        show(lost.get("move", 0)),
        show(one.held),
        show(one.frozen),
        show(one.remaining - one.held - one.frozen),
        _time(one.expires_at) if one.expires_at else "",
        str(sum(notice.delivered_at is not None for notice in told.notices)),
    ]


def _step(entry: Entry) -> Step:
    is_day = entry.kind == "commit"
    calls = f"{entry.times:,} call{'' if entry.times == 1 else 's'}"
    title = "Moved" if entry.kind == "move" else statement_words.kind(entry.kind)
    if entry.kind == "grant":
        title = "Issued"
    return Step(
        entry=entry,
        title=title,
        amount=statement_words.signed(entry.amount),
        remaining=shown.credits(entry.remaining),
        is_day=is_day,
        times=calls if is_day else "",
    )


def _before(request: MemberRequest) -> tuple[int | None, str]:
    text = request.GET.get("before", "")
    if not text:
        return None, ""
    if text.isascii() and text.isdecimal() and 0 < int(text[:19]) < 2**31:
        return int(text), ""
    return None, NO_PAGE


def _time(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _may_buy(request: MemberRequest) -> bool:
    is_sandbox = request.member.customer.sandbox_of_id is not None
    return Right.BUY in RIGHTS[request.member.role] and not is_sandbox
