"""Whatever happened, a statement adds up, and says what the balance was when somebody asked."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from ledger import marks, statements
from ledger.paging import Asked, ByNumber
from ledger.periods import Period
from ledger.statements import Line, Statement
from tests.ledger.core.test_model import SHORT, CoreMachine, _prices

__all__ = ["_prices"]

PAGE, STEP = 3, 4


class TellingMachine(CoreMachine):
    """Notes what the model says of each balance at many instants, and asks for them at the end."""

    @invariant()
    def note(self) -> None:
        if not hasattr(self, "noted"):
            self.noted: list[tuple[datetime, list[int]]] = []
        if hasattr(self, "answered"):
            self.noted.append((self.clock.now(), [self._asked(one) for one in self.wallets]))

    def _asked(self, wallet: Any) -> int:
        """What somebody would be told now, who is not there: nothing is settled by that."""
        other = deepcopy(wallet, {id(wallet.starts): wallet.starts})
        other.settle(self.now)
        return int(other.balance)

    def teardown(self) -> None:
        super().teardown()
        if not hasattr(self, "books"):
            return
        for number, book in enumerate(self.books):
            said = [(instant, balances[number]) for instant, balances in self.noted]
            told = _told(book.customer_id, said)
            marks.write(book.customer_id, STEP)
            assert _told(book.customer_id, said, short=0) == told


def _told(customer_id: UUID, said: list[tuple[datetime, int]], **changed: int) -> list[Any]:
    """All of it, and that it is right."""
    if "short" in changed:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(statements, "SHORT", changed["short"])
            return _told(customer_id, said)
    told: list[Any] = []
    for instant, balance in said:
        at = statements.balance_at(customer_id, instant)
        assert at.balance == balance == sum(at.lots.values())
        told.append(at)
    ends = [instant for instant, _ in said]
    assert ends
    for start, end in [
        *pairwise(ends),
        *zip(ends[::2], ends[4::3], strict=False),
        (ends[0], ends[-1]),
    ]:
        if start < end:
            told.append(_period(customer_id, Period(start, end), dict(said)))
    return told


def _period(customer_id: UUID, period: Period, said: dict[datetime, int]) -> Statement:
    statement = statements.statement(customer_id, period)
    lines = list(_paged(customer_id, statement))[::-1]
    assert (statement.opening.balance, statement.closing.balance) == (
        said[period.start],
        said[period.end],
    )
    assert statement.opening.balance + statement.gained == statement.closing.balance
    assert statement.lines == len(lines)
    for kind, amount, count in statement.sums:
        own = [line.amount for line in lines if line.kind == kind]
        assert (amount, count) == (sum(own), len(own))
    balance = statement.opening.balance
    for line in lines:
        balance += line.amount
        assert line.balance == balance
        assert line.amount == sum(part.amount for part in line.parts)
    assert balance == statement.closing.balance
    ends = (statement.opening, statement.closing)
    assert [x for some in statements.all_lines(customer_id, *ends) for x in some] == lines
    return statement


def _paged(customer_id: UUID, statement: Statement) -> Iterator[Line]:
    after = None
    while True:
        asked = Asked(PAGE, after)
        found = statements.lines(customer_id, statement.opening, statement.closing, asked)
        yield from found[:PAGE]
        if len(found) <= PAGE:
            return
        after = ByNumber(found[PAGE - 1].version)


def test_a_statement_of_any_history_adds_up() -> None:
    run_state_machine_as_test(TellingMachine, settings=settings(SHORT, max_examples=10))


@pytest.mark.soak
def test_a_statement_of_any_history_adds_up_in_2_000_cases() -> None:
    run_state_machine_as_test(TellingMachine, settings=settings(SHORT, max_examples=2_000))
