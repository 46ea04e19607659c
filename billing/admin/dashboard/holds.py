"""What is held now, and since when."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from billing import figures
from billing.admin.dashboard.blocks import Block, Figure, Seen, linked, minute
from billing.books.counted import REAL
from billing.books.rows import rows
from ledger.admin import shown

# A hold whose time has come is free from that second on.
_HOLDS = f"""
select h.customer_id, h.id, h.created_at, c.name, count(*) over (),
    sum(h.amount - h.committed) over ()
from ledger_hold h join accounts_customer c on c.id = h.customer_id
where h.expires_at > ledger_now() and {REAL.format("h")}
order by h.created_at, h.id limit 1
"""


class Held(NamedTuple):
    customer_id: UUID
    id: UUID
    created_at: datetime
    customer: str
    number: int
    credits: int


def oldest() -> Held | None:
    """With how many there are, and the micro-credits that they hold."""
    found = [Held._make([*row[:-1], int(row[-1])]) for row in rows(_HOLDS)]
    return found[0] if found else None


def block(seen: Seen) -> Block:
    held, now = oldest(), seen.span.now
    made = Block(
        "holds",
        "Held now",
        minute(now),
        links=seen.links(
            (
                "ledger.view_reservation",
                "Open holds",
                "ledger_reservation_changelist?state__exact=held",
            )
        ),
    )
    if held is None:
        made.figures = [Figure("Held", "0", "Nothing is held")]
        return made
    age = shown.age(held.created_at, now)
    page = shown.row_page("reservation", held.customer_id, held.id)
    may_look = seen.may("ledger.view_reservation")
    made.figures = [
        Figure("Held", figures.credits(held.credits), f"in {_holds(held.number)}"),
        Figure("Oldest hold", linked(page, age) if may_look else age, held.customer),
    ]
    return made


def _holds(number: int) -> str:
    return "1 hold" if number == 1 else f"{number:,} holds"
