"""A lease as its holder sees it: what may be spent of it, was spent, and is to be settled. It knows
nothing of the network. Amounts are millionths of a credit; times are those of `lease_clock`.

Overdraft is impossible by construction: `left` never is more than what the service holds for this
lease, less what was spent of it and what work that is under way may spend; and nothing is spent
after `until`, which is reckoned from before the service was asked.
"""

import threading
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from drawdown.counts import Counts, Full
from drawdown.lease_clock import clock

MICRO: Final = 1_000_000


class Taken(NamedTuple):
    """Calls that are to be settled, the last of them with the number `upto`."""

    endpoint: str
    calls: int
    upto: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """One that is sent until it is answered."""

    body: dict[str, Any]
    asked_at: float
    expires_in: float
    amount: int  # what its lines come to
    lines: list["Taken"]

    @property
    def ends(self) -> bool:
        return not self.body["renew"]


@dataclass(slots=True)
class _Line:
    """One endpoint of a block."""

    slot: int
    cost: int
    taken: int = 0  # so many calls are in settlements


class Block:
    def __init__(self, id: str, customer: str, amount: int, until: float, counts: Counts) -> None:
        """Raises Full."""
        self.id, self.customer, self.until = id, customer, until
        self.is_over = False
        self.pending: Settlement | None = None
        self.sequence = 0
        self.began_at = self.last_spent_at = clock()
        self._counts = counts
        self._numbers = counts.numbers
        self._lock = threading.Lock()
        self._lines: dict[str, _Line] = {}
        self._held = amount  # by the service, of what is settled
        self._spent = 0  # of that, and not settled
        self._under_way = 0
        self._given_up: list[Taken] = []
        self._given_up_amount = 0
        self.left = amount
        self._note()

    def knows(self, endpoint: str) -> bool:
        return endpoint in self._lines

    def learn(self, endpoint: str, cost: int) -> None:
        """What a call of it costs from now on. Raises Full."""
        with self._lock:
            if endpoint not in self._lines:
                self._begin_line(endpoint, cost)
            self._lines[endpoint].cost = cost

    def spend(self, endpoint: str) -> bool:
        """Whether a call of it was paid for."""
        with self._lock:
            line = self._lines.get(endpoint)
            if line is None or line.cost > self.left or self.is_over or clock() >= self.until:
                return False
            self.left -= line.cost
            self._spent += line.cost
            self._numbers[line.slot] += 1
            return True

    def begin(self, endpoint: str) -> int | None:
        """As `spend`, but counted at the end of the work: what it may cost, for `end`."""
        with self._lock:
            line = self._lines.get(endpoint)
            if line is None or line.cost > self.left or self.is_over or clock() >= self.until:
                return None
            self.left -= line.cost
            self._under_way += line.cost
            return line.cost

    def end(self, endpoint: str, cost: int, *, done: bool) -> None:
        """The work is done, and paid for; or it failed, and is not."""
        with self._lock:
            self._under_way -= cost
            if done:
                self._spent += cost
                self._numbers[self._lines[endpoint].slot] += 1
            self._set_held(self._held)

    def is_open(self) -> bool:
        return not self.is_over and clock() < self.until

    def is_idle(self, since: float) -> bool:
        with self._lock:
            return not (self._spent or self._under_way or self.last_spent_at > since)

    def unsettled(self) -> int:
        return self._spent

    def settlement(self, wanted: int, expires_in: float, *, ends: bool) -> Settlement:
        """The next one, or the one that is not answered yet. It is noted before it is sent.
        Raises Full, and there is none then."""
        with self._lock:
            if self.pending is not None:
                return self.pending
            if self._spent:
                self.last_spent_at = clock()
            ends = ends and not self._under_way
            wanted = 0 if ends else max(wanted, self._under_way)
            taken = self._take_lines()
            usage = [{"endpoint": one.endpoint, "calls": one.calls} for one in taken]
            body: dict[str, Any] = {
                "sequence": self.sequence + 1,
                "usage": usage,
                "renew": not ends,
            }
            if not ends:
                body |= {"amount": in_credits(wanted), "expires_in": int(expires_in)}
            made = Settlement(body, clock(), expires_in, self._spent, taken)
            self.pending = made
            try:
                self._note()
            except Full:
                self._take_back(made)
                raise
            self.is_over = self.is_over or ends
            # Whatever the service decides, it leaves no less than this.
            self._set_held(min(self._held, made.amount + wanted))
            return made

    def settled(self, amount: int) -> None:
        """The pending one was answered: the lease has this amount now. Raises Full, and it was
        answered all the same."""
        with self._lock:
            made = self.pending
            assert made is not None
            self.pending, self.sequence = None, int(made.body["sequence"])
            self._spent -= made.amount
            self._set_held(amount)
            self.until = made.asked_at + made.expires_in
            self._note(is_over=made.ends)

    def give_up(self) -> list[Taken]:
        """The service has no such lease any more: what is not settled, until `given_up`. Whatever
        work is under way adds to it when it ends. Raises Full, and may be asked again.

        No settlement says so when these notes are lost, so they are on the disk first."""
        with self._lock:
            self.is_over = True
            self._set_held(0)
            if self.pending is not None:
                self._given_up += self.pending.lines
                self.pending = None
            self._given_up += self._take_lines()
            self._given_up_amount = self._spent
            self._note(durably=True)
            return list(self._given_up)

    def given_up(self) -> None:
        """That is durable elsewhere. Work may have ended meanwhile: it is given up next. Raises
        Full, and it is still given up then."""
        with self._lock:
            left, told = self._spent - self._given_up_amount, self._given_up
            self._given_up = []
            try:
                self._note(is_over=not (left or self._under_way), durably=True)
            except Full:
                self._given_up = told
                raise
            self._spent, self._given_up_amount = left, 0

    def is_under_way(self) -> bool:
        """Some work is, which will be counted when it ends."""
        return self._under_way > 0

    def is_done(self) -> bool:
        """Nothing more can come of it."""
        with self._lock:
            return self.is_over and self.pending is None and not (self._spent or self._under_way)

    def close(self) -> None:
        for line in self._lines.values():
            self._counts.free_slot(line.slot)

    def _begin_line(self, endpoint: str, cost: int) -> None:
        slot = self._counts.take_slot()
        self._lines[endpoint] = _Line(slot, cost, self._numbers[slot])
        try:
            self._note()
        except Full:
            del self._lines[endpoint]
            self._counts.free_slot(slot)
            raise

    def _note(self, *, is_over: bool = False, durably: bool = False) -> None:
        lines = {name: [line.slot, line.taken] for name, line in self._lines.items()}
        note: dict[str, Any] = {
            "lease": self.id,
            "customer": self.customer,
            "sequence": self.sequence,
        }
        body = self.pending.body if self.pending else None
        note |= {"lines": lines, "pending": body, "given_up": self._given_up}
        self._counts.note({**note, "is_over": is_over}, durably=durably)

    def _take_lines(self) -> list[Taken]:
        taken = []
        for endpoint, line in self._lines.items():
            number = self._numbers[line.slot]
            if number > line.taken:
                taken.append(Taken(endpoint, number - line.taken, number))
                line.taken = number
        return taken

    def _take_back(self, made: Settlement) -> None:
        self.pending = None
        for one in made.lines:
            self._lines[one.endpoint].taken -= one.calls

    def _set_held(self, held: int) -> None:
        self._held = held
        self.left = max(held - self._spent - self._under_way, 0)


def in_credits(amount: int) -> str:
    whole, part = divmod(amount, MICRO)
    return f"{whole}.{part:06d}".rstrip("0").rstrip(".") if part else str(whole)


def in_micro(credits: str) -> int:
    whole, _, part = credits.partition(".")
    return int(whole) * MICRO + int(part.ljust(6, "0") or 0)
