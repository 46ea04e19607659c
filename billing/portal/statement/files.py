"""A statement to keep: every line as CSV."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from accounts import ids
from accounts.csv_files import safe
from billing.portal.statement import words as statement_words
from billing.portal.statement.words import LotPart, Told
from ledger import statements
from ledger.amounts import show
from ledger.ids import LOT, TRANSACTION
from ledger.statements import Edge, Statement

HEADER: Final = (
    *("time", "entered_at", "what", "credits", "balance_after", "endpoint", "key", "request_id"),
    *("reason", "document", "lots", "transaction"),
)


def rows(customer_id: UUID, statement: Statement, *, may_buy: bool) -> Iterator[Sequence[str]]:
    """The opening balance, every line, and the closing balance."""
    yield _edge("opening balance", statement.opening)
    ends = statement.opening, statement.closing
    for some in statements.all_lines(customer_id, *ends):
        for told in statement_words.tell(customer_id, some, may_buy=may_buy):
            yield _row(told)
    yield _edge("closing balance", statement.closing)


def name(statement: Statement) -> str:
    return f"statement-{statement.opening.instant:%Y-%m-%d}-{statement.closing.instant:%Y-%m-%d}"


def _edge(what: str, edge: Edge) -> Sequence[str]:
    empty = [""] * (len(HEADER) - 5)
    return [_time(edge.instant), "", what, "", show(edge.balance), *empty]


def _row(told: Told) -> Sequence[str]:
    line = told.line
    return [
        _time(line.at),
        _time(line.posted_at),
        told.title.lower(),
        show(line.amount),
        show(line.balance),
        safe(told.endpoint),
        safe(told.key),
        safe(told.request_id),
        safe(line.reason or ""),
        safe(told.purchase.name if told.purchase else ""),
        "; ".join(_lot(part, line_part.amount) for part, line_part in _pairs(told)),
        ids.encode(TRANSACTION, line.transaction_id),
    ]


def _pairs(told: Told) -> Iterator[tuple[LotPart, statements.Part]]:
    return zip(told.parts, told.line.parts, strict=True)


def _lot(part: LotPart, amount: int) -> str:
    name = ids.encode(LOT, part.lot.id) if part.lot else "credit limit"
    return f"{name} {show(amount)}"


def _time(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
