"""The balance at one instant, and why."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import UUID

from billing import shown
from billing.models import Purchase
from billing.portal.lots import origins as lot_origins
from billing.portal.statement import words as statement_words
from billing.portal.statement.words import Told
from ledger import statements
from ledger.models import Lot
from ledger.paging import Asked
from ledger.statements import Edge

LINES_SHOWN: Final = 10
_BEGINNING: Final = Edge(datetime.min.replace(tzinfo=UTC), 0, 0, ())


class LotThen(NamedTuple):
    lot: Lot
    kind: str
    origin: str
    remaining: str
    purchase: Purchase | None


class Explained(NamedTuple):
    """`gone`: what had ended by then and was entered later. `on_credit`: what no lot covered."""

    at: datetime
    balance: str
    lots: Sequence[LotThen]
    on_credit: str
    gone: str
    lines: Sequence[Told]


def explained(customer_id: UUID, instant: datetime, *, may_buy: bool) -> Explained:
    told = statements.balance_at(customer_id, instant)
    lots = statements.lots_of(customer_id, told.lots)
    documents = (lot.document for lot in lots.values())
    bought = statement_words.purchases(customer_id, documents) if may_buy else {}
    gone = sum(one.amount for one in told.edge.gone)
    before = statements.lines(customer_id, _BEGINNING, told.edge, Asked(LINES_SHOWN, None))
    ordered = sorted(lots.values(), key=lambda lot: lot.seq)
    return Explained(
        at=instant,
        balance=shown.credits(told.balance),
        lots=[
            LotThen(
                lot,
                lot_origins.kind(lot),
                lot_origins.origin(lot),
                shown.credits(told.lots[lot.id]),
                bought.get(lot.document or ""),
            )
            for lot in ordered
        ],
        on_credit=shown.credits(told.lots[None]) if told.lots.get(None) else "",
        gone=shown.credits(gone) if gone else "",
        lines=statement_words.tell(customer_id, before[:LINES_SHOWN], may_buy=may_buy),
    )
