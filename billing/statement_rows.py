"""What a statement on paper lists: every line of a short one. A long one would be a book: there
calls are one row for each day and endpoint, everything else a row of its own; so its length follows
the days, not the calls."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from billing.portal.statement import words as statement_words
from billing.portal.statement.words import Told
from ledger import statements
from ledger.statements import CallsOfDay, Line, Statement

# Lines. Beyond, calls are summed.
SHORT: Final = 1_000
# Lines that are no calls' of a long one. Beyond, it says that there are more.
LONGEST: Final = 2_000
NO_ENDPOINT: Final = "no endpoint"
_GROUP = tuple[date, str, str]


class Row(NamedTuple):
    """Amounts in micro-credits; without a balance, it is that of a later row of the day."""

    at: datetime
    when: str
    what: str
    amount: int
    balance: int | None = None
    lots: Sequence[str] = ()


class Rows(NamedTuple):
    """In order. `more`: there are others that are no calls'."""

    rows: Sequence[Row]
    is_every_line: bool
    more: bool = False


def rows(customer_id: UUID, statement: Statement, *, may_buy: bool) -> Rows:
    if statement.lines <= SHORT:
        return Rows(list(_every(customer_id, statement, may_buy=may_buy)), is_every_line=True)
    others, more = _others(customer_id, statement)
    found = sorted([*_calls(customer_id, statement), *others], key=lambda row: row.at)
    # What is left out is in no sum: a balance after it would be another.
    balanced = found if more else list(_with_balances(found, statement))
    return Rows(balanced, is_every_line=False, more=more)


def _every(customer_id: UUID, statement: Statement, *, may_buy: bool) -> Iterator[Row]:
    for some in statements.all_lines(customer_id, statement.opening, statement.closing):
        for told in statement_words.tell(customer_id, some, may_buy=may_buy):
            yield _row(told)


def _row(told: Told) -> Row:
    line, at = told.line, told.line.at.astimezone(UTC)
    key = f"key {told.key}" if told.key else ""
    about = told.purchase.description if told.purchase else line.reason or ""
    details = ", ".join(one for one in (told.endpoint, about, key) if one)
    is_one = len(told.parts) == 1
    return Row(
        at,
        f"{at:%d %b %Y, %H:%M:%S}",
        f"{told.title}: {details}" if details else told.title,
        line.amount,
        line.balance,
        [part.name if is_one else f"{part.name} {part.amount}" for part in told.parts],
    )


def _others(customer_id: UUID, statement: Statement) -> tuple[list[Row], bool]:
    ends = statement.opening, statement.closing
    others: list[Line] = []
    for some in statements.all_lines(customer_id, *ends, without=statements.OF_CALLS):
        others += some
        if len(others) > LONGEST:
            break
    return [_other(line) for line in others[:LONGEST]], len(others) > LONGEST


def _other(line: Line) -> Row:
    what = statement_words.kind(line.kind) + (f": {line.reason}" if line.reason else "")
    at = line.at.astimezone(UTC)
    return Row(at, f"{at:%d %b %Y, %H:%M}", what, line.amount)


def _calls(customer_id: UUID, statement: Statement) -> Iterator[Row]:
    """After what else the day had."""
    ends = statement.opening, statement.closing
    amounts, numbers = _summed(list(statements.calls_by_day(customer_id, *ends)))
    for group, amount in amounts.items():
        day, kind, endpoint = group
        if kind == "uncover":
            continue
        calls = f"{numbers[group]:,} call{'' if numbers[group] == 1 else 's'}"
        what = f"{statement_words.kind(kind)}: {endpoint}, {calls}"
        at = datetime.combine(day, datetime.max.time(), UTC)
        yield Row(at, f"{day:%d %b %Y}", what, amount)


def _summed(found: Iterable[CallsOfDay]) -> tuple[Counter[_GROUP], Counter[_GROUP]]:
    amounts, numbers = Counter[_GROUP](), Counter[_GROUP]()
    found = list(found)
    codes = statement_words.endpoints(one.price_id for one in found)
    for one in found:
        group = (one.day, one.kind, codes.get(one.price_id, NO_ENDPOINT))
        amounts[group] += one.amount
        numbers[group] += one.lines
    return amounts, numbers


def _with_balances(rows: Sequence[Row], statement: Statement) -> Iterator[Row]:
    """Each day's last row has the balance at the day's end."""
    balance = statement.opening.balance
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        balance += row.amount
        is_last = following is None or following.at.date() != row.at.date()
        yield row._replace(balance=balance) if is_last else row
