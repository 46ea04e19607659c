"""The core's rules once more, in plain Python and without a thought for speed.

A wallet is a handful of lists; time is a number that the test moves; ids are whatever the test
calls them. What the core answers must be what this answers.
"""

from dataclasses import dataclass, field, replace
from typing import Any

FOREVER = float("inf")
DAY = 86_400

Answer = dict[str, Any]


class Refused(Exception):
    def __init__(self, code: str, **columns: Any) -> None:
        self.answer = {"code": code, **columns}


@dataclass(eq=False)
class Lot:
    seq: int
    paid: bool
    priority: int
    expires_at: float
    remaining: int
    held: int = 0
    frozen: int = 0
    covered: int = 0  # of debts, net of what reversals took back
    covered_at: int = 0  # version of the last cover
    units: int = 0  # of the carrying value's basis
    refunded: int = 0

    @property
    def free(self) -> int:
        return self.remaining - self.held - self.frozen

    @property
    def order(self) -> tuple[Any, ...]:
        return (self.priority, self.expires_at, self.paid, self.seq)


@dataclass(eq=False)
class Leg:
    """A part of a reservation: what it took of a lot, or of the credit limit (no lot)."""

    lot: Lot | None
    split: int
    used: int = 0
    extra: bool = False  # taken by an overrun, not by the reservation

    @property
    def left(self) -> int:
        return self.split - self.used


@dataclass(eq=False)
class Reservation:
    amount: int
    legs: list[Leg]
    created_at: float
    expires_at: float
    overrun: str = "reject"
    state: str = "held"
    uncollected: int = 0
    last_commit: int = 0
    reversed: int = 0
    end: Answer = field(default_factory=dict)
    reversal: tuple[int, Answer] = (0, {})

    @property
    def committed(self) -> int:
        return sum(leg.used for leg in self.legs)

    @property
    def left(self) -> int:
        return sum(leg.left for leg in self.legs)

    def reserved(self) -> Answer:
        legs = [leg for leg in self.legs if not leg.extra]
        lots, amounts = [_seq(leg.lot) for leg in legs], [leg.split for leg in legs]
        return {"amount": self.amount, "lots": lots, "lot_amounts": amounts}

    def spent(self) -> Answer:
        return {"amount": self.amount, "committed": self.committed} | by_lot(
            (leg.lot, leg.used) for leg in self.legs
        )


@dataclass(eq=False)
class Wallet:
    lots: list[Lot] = field(default_factory=list)
    open: list[Reservation] = field(default_factory=list)
    balance: int = 0
    debt: int = 0
    credit_limit: int = 0
    version: int = 0

    @property
    def held(self) -> int:
        return sum(hold.left for hold in self.open)

    @property
    def frozen(self) -> int:
        return sum(lot.frozen for lot in self.lots)

    @property
    def available(self) -> int:
        return self.balance - self.held - self.frozen

    def balances(self) -> Answer:
        return {"available": self.available, "held": self.held, "frozen": self.frozen}

    def spendable(self, now: float) -> list[Lot]:
        lots = [lot for lot in self.lots if lot.free > 0 and lot.expires_at > now]
        return sorted(lots, key=lambda lot: lot.order)

    # What time alone changes.

    def settle(self, now: float) -> None:
        for hold in [hold for hold in self.open if hold.expires_at <= now]:
            self._end(hold, "expired")
        self._tidy(now)

    def _tidy(self, now: float) -> None:
        for lot in sorted(self.lots, key=lambda lot: lot.order):
            if lot.expires_at <= now and lot.free > 0:
                self._move(-lot.free)
                lot.remaining -= lot.free
        for lot in self.spendable(now):
            part = min(lot.free, self.debt)
            if part > 0:
                lot.remaining -= part
                self.debt -= part
                self._move(0)
                lot.covered += part
                lot.covered_at = self.version

    def _move(self, amount: int) -> None:
        self.balance += amount
        self.version += 1

    def _end(self, hold: Reservation, state: str) -> None:
        self.open.remove(hold)
        for leg in hold.legs:
            _unhold(leg, leg.left)
        hold.state = state

    # Reserve, debit, settle.

    def _take(self, amount: int, now: float, extra: bool = False) -> list[Leg]:
        legs = []
        for lot in self.spendable(now):
            part = min(lot.free, amount)
            if part > 0:
                lot.held += part
                amount -= part
                legs.append(Leg(lot, part, extra=extra))
        return legs + [Leg(None, amount, extra=extra)] if amount else legs

    def _must_cover(self, needed: int, **columns: Any) -> None:
        if needed > self.available + self.credit_limit:
            raise Refused("insufficient-credits", required=needed, **columns, **self.balances())

    def reserve(
        self, now: float, amount: int, expires_in: int, overrun: str = "reject"
    ) -> tuple[Reservation, Answer]:
        self._must_cover(amount)
        hold = Reservation(amount, self._take(amount, now), now, now + expires_in, overrun)
        self.open.append(hold)
        return hold, {"state": "held", "committed": 0} | hold.reserved() | self.balances()

    def debit(self, now: float, amount: int) -> tuple[Reservation, Answer]:
        hold, _ = self.reserve(now, amount, 0)
        return hold, self._finish(hold, now, "committed", amount)

    def commit(
        self, hold: Reservation | None, now: float, amount: int | None, final: bool = True
    ) -> Answer:
        if hold is None or hold.state != "held":
            return self._again(hold, "commit" if final else "part", amount)
        asked = hold.left if amount is None else amount
        extra = max(asked - hold.left, 0)
        if extra and hold.overrun == "reject":
            raise Refused("amount-exceeds-reservation", **self._as_held(hold))
        if extra and hold.overrun == "available":
            self._must_cover(extra, **hold.reserved(), state="held", committed=hold.committed)
            hold.legs += self._take(extra, now, extra=True)
            extra = 0
        if final:
            return self._finish(hold, now, "committed", asked - extra, extra)
        self._use(hold, asked - extra)
        self._tidy(now)
        return (
            {"state": "held", "released": 0, "uncollected": extra} | hold.spent() | self.balances()
        )

    def release(self, hold: Reservation | None, now: float) -> Answer:
        if hold is None or hold.state != "held":
            return self._again(hold, "release", None)
        return self._finish(hold, now, "released", 0)

    def _use(self, hold: Reservation, amount: int) -> None:
        if amount:
            self._move(-amount)
        for leg in hold.legs:
            part = min(leg.left, amount)
            amount -= part
            _unhold(leg, part)
            leg.used += part
            if leg.lot:
                leg.lot.remaining -= part
            else:
                self.debt += part

    def _finish(
        self, hold: Reservation, now: float, state: str, amount: int, uncollected: int = 0
    ) -> Answer:
        self._use(hold, amount)
        self._end(hold, state)
        self._tidy(now)
        hold.uncollected = uncollected
        hold.last_commit = amount
        hold.end = self._as_ended(hold)
        return hold.end

    def _again(self, hold: Reservation | None, verb: str, amount: int | None) -> Answer:
        if hold is None:
            raise Refused("not-found", **self.balances())
        whole = max(hold.amount - (hold.committed - hold.last_commit), 0)
        asked = whole if amount is None else amount
        if hold.overrun == "cap":
            asked = min(asked, whole)
        if (verb, hold.state) == ("release", "released") or (
            (verb, hold.state) == ("commit", "committed") and asked == hold.last_commit
        ):
            return hold.end
        raise Refused(f"reservation-{hold.state}", **self._as_ended(hold))

    def _as_held(self, hold: Reservation) -> Answer:
        return {"state": "held", "committed": hold.committed} | hold.reserved() | self.balances()

    def _as_ended(self, hold: Reservation) -> Answer:
        released = max(hold.amount - hold.committed, 0)
        ending = {"state": hold.state, "released": released, "uncollected": hold.uncollected}
        return ending | hold.spent() | self.balances()

    def extend(self, hold: Reservation | None, now: float, expires_in: int) -> Answer:
        if hold is None or hold.state != "held":
            return self._again(hold, "extend", None)
        if now + expires_in > hold.created_at + 7 * DAY:
            raise Refused("extension-too-long", **self._as_held(hold))
        hold.expires_at = now + expires_in
        return self._as_held(hold)

    # Reverse.

    def reverse(self, hold: Reservation | None, now: float, amount: int | None) -> Answer:
        if hold is None:
            raise Refused("not-found", **self.balances())
        if hold.state == "held":
            raise Refused("reservation-held", **self._as_held(hold))
        if hold.state == "reversed" and amount in (None, hold.reversal[0]):
            return hold.reversal[1]
        if hold.state == "reversed" or (hold.committed == 0 and hold.state != "committed"):
            raise Refused(f"reservation-{hold.state}", **self._as_ended(hold))
        back = hold.committed - hold.reversed if amount is None else amount
        if back > hold.committed - hold.reversed:
            raise Refused("amount-exceeds-reservation", **self._as_ended(hold))
        parts = self._give_back(hold, back)
        self._tidy(now)
        hold.reversed += back
        if hold.reversed == hold.committed:
            hold.state = "reversed"
        answer = self._as_ended(hold) | by_lot(parts)
        answer |= {"state": "reversed", "reversed": hold.reversed}
        hold.reversal = (back, answer)
        return answer

    def _give_back(self, hold: Reservation, amount: int) -> list[tuple[Lot | None, int]]:
        if amount:
            self._move(amount)
        parts, skip = [], hold.reversed
        for leg in reversed(hold.legs):
            part = max(min(leg.used - skip, amount), 0)
            skip = max(skip - leg.used, 0)
            amount -= part
            parts.insert(0, (leg.lot, part))
            if leg.lot:
                leg.lot.remaining += part
        self._repay(sum(part for lot, part in parts if lot is None))
        return parts

    def _repay(self, amount: int) -> None:
        """What was spent on credit is owed no more; what lots paid of it goes back to them."""
        off = min(self.debt, amount)
        self.debt -= off
        amount -= off
        for lot in sorted(self.lots, key=lambda lot: -lot.covered_at):
            part = min(lot.covered, amount)
            lot.covered -= part
            lot.remaining += part
            amount -= part

    # What staff do.

    def grant(
        self, now: float, amount: int, kind: str, priority: int = 100, expires_at: float = FOREVER
    ) -> Answer:
        if expires_at <= now:
            raise Refused("expiry-in-past", **self.balances())
        self._issue(Lot(0, kind == "paid", priority, expires_at, amount))
        self._move(amount)
        self._tidy(now)
        return {"amount": amount} | self.balances()

    def _issue(self, lot: Lot) -> None:
        self.lots.append(replace(lot, seq=len(self.lots) + 1, units=lot.remaining))

    def _pick(
        self,
        now: float,
        amount: int,
        seq: int | None,
        required: int | None = None,
        unpaid: bool = False,
    ) -> list[tuple[Lot, int]]:
        left, picked = amount, []
        for lot in self.spendable(now):
            if unpaid and lot.paid:
                continue
            part = min(lot.free, left) if seq in (None, lot.seq) else 0
            if part > 0:
                picked.append((lot, part))
                left -= part
        if left or amount > self.available:
            raise Refused("insufficient-credits", required=required or amount, **self.balances())
        return picked

    def adjust(
        self, now: float, amount: int, seq: int | None, frozen: int = 0, cause: str = "void"
    ) -> Answer:
        if frozen and cause != "dispute":
            raise Refused("unknown-cause", **self.balances())
        lot = next((lot for lot in self.lots if lot.seq == seq), None)
        if frozen > min(amount, lot.frozen if lot else 0):
            raise Refused("not-frozen", required=amount, **self.balances())
        picked = []
        if amount > frozen:
            picked = self._pick(now, amount - frozen, seq, required=amount)
            if cause == "void":
                picked = self._unpaid(now, amount, seq)
        if lot and frozen:
            lot.frozen -= frozen
            picked = [(lot, amount)]
        for taken, part in picked:
            taken.remaining -= part
            taken.refunded += part if cause in ("refund", "dispute") else 0
        self._move(-amount)
        self._tidy(now)
        return {"amount": amount} | by_lot(picked) | self.balances()

    def _unpaid(self, now: float, amount: int, seq: int | None) -> list[tuple[Lot, int]]:
        """What was paid for is not void."""
        try:
            return self._pick(now, amount, seq, unpaid=True)
        except Refused:
            raise Refused("lot-is-paid", required=amount, **self.balances()) from None

    def restore(self, now: float, amount: int, seq: int | None) -> Answer:
        """What was not refunded cannot be given back: that is the caller's to know."""
        lot = next((lot for lot in self.lots if lot.seq == seq), None)
        if lot is None or lot.refunded < amount:
            raise Refused("not-found", **self.balances())
        lot.remaining += amount
        lot.refunded -= amount
        self._move(amount)
        self._tidy(now)
        return {"amount": amount} | self.balances()

    def post(self) -> Answer:
        """Money alone."""
        self._move(0)
        return self.balances()

    def freeze(self, now: float, amount: int, lot: int | None) -> Answer:
        picked = self._pick(now, amount, lot)
        for taken, part in picked:
            taken.frozen += part
        return {"amount": amount} | by_lot(picked) | self.balances()

    def unfreeze(self, now: float, amount: int, lot: int | None) -> Answer:
        frozen = [it for it in sorted(self.lots, key=lambda it: it.order) if lot in (None, it.seq)]
        if amount > sum(it.frozen for it in frozen):
            raise Refused("not-frozen", required=amount, **self.balances())
        left = amount
        for it in frozen:
            part = min(it.frozen, left)
            it.frozen -= part
            left -= part
        self._tidy(now)
        return {"amount": amount} | self.balances()

    def limit(self, amount: int) -> Answer:
        if self.available < -amount:
            raise Refused("credit-limit-in-use", required=amount, **self.balances())
        self.credit_limit = amount
        return self.balances()

    def move_to(self, other: "Wallet", now: float, amount: int, lot: int | None) -> Answer:
        self.settle(now)
        other.settle(now)
        picked = self._pick(now, amount, lot)
        for taken, part in picked:
            taken.remaining -= part
            taken.units = taken.remaining or taken.units
            other._issue(Lot(0, taken.paid, taken.priority, taken.expires_at, part))
        self._move(-amount)
        other._move(amount)
        self._tidy(now)
        other._tidy(now)
        return {"amount": amount} | by_lot(picked) | self.balances()


def by_lot(parts: Any) -> Answer:
    """The parts that are not zero, one for each lot, in the order of their first."""
    sums: dict[int | None, int] = {}
    for lot, part in parts:
        if part:
            sums[_seq(lot)] = sums.get(_seq(lot), 0) + part
    return {"lots": list(sums), "lot_amounts": list(sums.values())}


def _seq(lot: Lot | None) -> int | None:
    return lot.seq if lot else None


def _unhold(leg: Leg, amount: int) -> None:
    if leg.lot:
        leg.lot.held -= amount
