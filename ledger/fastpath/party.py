"""Operations that were sent together, and the answers that their sender waits for."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ledger.errors import LedgerError
from ledger.fastpath.database import Row
from ledger.operations import Operation

Answer = Row | LedgerError


class Party:
    __slots__ = ("_found", "_missing", "answers", "operations")

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = operations
        self.answers: asyncio.Future[list[Answer]] = asyncio.get_running_loop().create_future()
        self._found: dict[int, Answer] = {}
        self._missing = len(operations)

    def answer(self, place: int, answer: Answer) -> None:
        self._found[place] = answer
        self._missing -= 1
        # The sender may have been cancelled meanwhile.
        if not self._missing and not self.answers.done():
            self.answers.set_result([self._found[i] for i in range(len(self.operations))])

    def fail(self, error: LedgerError) -> None:
        for place in range(len(self.operations)):
            self.answer(place, error)

    def seats(self) -> Iterator["Seat"]:
        for place in range(len(self.operations)):
            yield Seat(self, place)


class Seat(NamedTuple):
    """One operation of a party."""

    party: Party
    place: int

    @property
    def operation(self) -> Operation:
        return self.party.operations[self.place]

    def answer(self, answer: Answer) -> None:
        self.party.answer(self.place, answer)
