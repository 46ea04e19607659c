"""The core's rules once more, in plain Python and without a thought for speed.

A wallet is a handful of lists; time is a number that the test moves; ids are whatever the test
calls them. What the core answers must be what this answers.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, NamedTuple

FOREVER = float("inf")
DAY = 86_400

Answer = dict[str, Any]


class Refused(Exception):
    def __init__(self, code: str, **columns: Any) -> None:
        self.answer = {"code": code, **columns}


class Cap(NamedTuple):
    """One limit. `subject` is a key's or an endpoint's number; none of a key: each one's."""

    scope: str
    kind: str
    subject: int | None
    period: str | None
    hard: int


class Rule(NamedTuple):
    """Tokens at graduated tiers, after so many that are free."""

    free: int
    tiers: tuple[tuple[float, int], ...]

    def price(self, before: int, now: int) -> int:
        used = range(max(before - self.free, 0), max(before + now - self.free, 0))
        return sum(next(amount for up_to, amount in self.tiers if nth < up_to) for nth in used)


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
    key: int | None = None
    endpoint: int | None = None
    counted: list[list[float]] = field(default_factory=list)  # by caps: when, and how much
    rule: Rule | None = None
    ended_with: int | None = None  # tokens, of the commit that ended it
    month: Any = None
    tokens: int = 0  # that it was made for
    before: int = 0  # that its month had
    parts: int | None = None  # that were committed before its end
    units: int = 0  # that count for its month

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
    starts: Callable[[str, float], float] = lambda period, now: -FOREVER
    caps: dict[str, list[Cap]] = field(default_factory=dict)
    calls: list[Reservation] = field(default_factory=list)
    late: bool = False
    months: dict[Any, int] = field(default_factory=lambda: defaultdict(int))

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
        if hold.counted:
            hold.counted[0][1] -= hold.left
        if state == "expired":
            self._count(hold, hold.parts or 0)
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
        if needed > max(self.available + self.credit_limit, 0):
            raise Refused("insufficient-credits", required=needed, **columns, **self.balances())

    def reserve(
        self,
        now: float,
        amount: int | None,
        expires_in: int,
        overrun: str = "reject",
        key: int | None = None,
        endpoint: int | None = None,
        rule: Rule | None = None,
        tokens: int = 0,
        is_hold: bool = True,
    ) -> tuple[Reservation, Answer]:
        month = (endpoint, self.starts("month", now))
        before = self.months[month]
        if rule and amount is None:
            amount = rule.price(before, tokens)
        assert amount is not None
        self._must_fit(now, amount, key, endpoint, is_hold)
        self._must_cover(amount)
        hold = Reservation(amount, self._take(amount, now), now, now + expires_in, overrun)
        hold.key, hold.endpoint, hold.counted = key, endpoint, [[now, amount]]
        if rule:
            hold.rule, hold.month, hold.tokens, hold.before = rule, month, tokens, before
            self._count(hold, tokens)
        self.open.append(hold)
        self.calls.append(hold)
        return hold, {"state": "held", "committed": 0} | hold.reserved() | self.balances()

    def debit(self, now: float, amount: int | None, **fields: Any) -> tuple[Reservation, Answer]:
        hold, _ = self.reserve(now, amount, 0, is_hold=False, **fields)
        return hold, self._finish(hold, now, "committed", hold.amount)

    # Limits, and what a month has had.

    def set_caps(self, now: float, source: str, caps: list[Cap]) -> None:
        for cap in caps:
            if any(self._used(one, now) > one.hard for one in self._each(cap)):
                raise Refused("cap-below-spent")
        self.caps[source] = caps

    def _each(self, cap: Cap) -> list[Cap]:
        """What it is for those whom it is for: a cap for every key is one of each."""
        if cap.kind != "spend":
            return []
        if cap.scope != "key" or cap.subject is not None:
            return [cap]
        return [cap._replace(subject=key) for key in {call.key for call in self.calls} - {None}]

    def _used(self, cap: Cap, now: float) -> float:
        since = self.starts(cap.period or "", now)
        return sum(
            amount
            for call in self.calls
            if _is_of(cap, call)
            for at, amount in call.counted
            if at >= since
        )

    def _in_force(self, scope: str, subject: int | None) -> list[Cap]:
        """Those of one subject: its own before those of each, the provider's before the plan's."""
        found: dict[str, dict[Any, Cap]] = {}
        for source, caps in self.caps.items():
            of_each = [cap for cap in caps if cap.scope == scope and cap.subject is None]
            own = [cap for cap in caps if cap.scope == scope and cap.subject == subject]
            found[source] = {
                (cap.kind, cap.period): cap._replace(subject=subject) for cap in [*of_each, *own]
            }
        plans = found.pop("plan", {}) | found.pop("provider", {})
        return [*plans.values(), *found.get("customer", {}).values()]

    def _scopes(self, key: int | None, endpoint: int | None) -> list[list[Cap]]:
        scopes = [self._in_force("customer", None)]
        scopes += [self._in_force("key", key)] if key is not None else []
        return scopes + ([self._in_force("endpoint", endpoint)] if endpoint is not None else [])

    def _must_fit(
        self, now: float, amount: int, key: int | None, endpoint: int | None, is_hold: bool
    ) -> None:
        said = {"required": amount} | self.balances()
        for caps in self._scopes(key, endpoint):
            if any(cap.kind == "largest" and amount > cap.hard for cap in caps):
                raise Refused("spend-cap-reached", **said)
            for cap in caps:
                is_open = [hold for hold in self.open if _is_of(cap, hold)]
                if is_hold and cap.kind == "holds" and len(is_open) >= cap.hard:
                    raise Refused("rate-limited", **said)
            self._must_not_pass(caps, amount, now, said)

    def _must_not_pass(self, caps: list[Cap], amount: int, now: float, said: Answer) -> None:
        for cap in caps:
            if cap.kind == "spend" and self._used(cap, now) + amount > cap.hard:
                raise Refused("spend-cap-reached", **said)

    def _count(self, hold: Reservation, units: int) -> None:
        if hold.rule:
            self.months[hold.month] += units - hold.units
            hold.units = units

    def _used_units(self, hold: Reservation, tokens: int | None) -> int:
        if hold.parts is not None:
            return hold.parts + (tokens or 0)
        return hold.tokens if tokens is None else tokens

    def _price(self, hold: Reservation, tokens: int) -> int:
        """What is beyond the hold comes after all that its month has had by now."""
        assert hold.rule
        left = 0 if hold.state == "expired" else hold.tokens - (hold.parts or 0)
        within = max(min(tokens, left), 0)
        behind = self.months[hold.month] + max(-left, 0)
        return hold.rule.price(hold.before, within) + hold.rule.price(behind, tokens - within)

    def _asked(
        self,
        hold: Reservation,
        whole: int,
        amount: int | None,
        tokens: int | None,
        percent: int | None,
    ) -> int:
        if amount is None:
            amount = whole
            if tokens is not None and hold.rule:
                amount = self._price(hold, tokens)
        return amount if percent is None else round(Fraction(amount * percent, 100))

    def commit(
        self,
        hold: Reservation | None,
        now: float,
        amount: int | None,
        final: bool = True,
        tokens: int | None = None,
        percent: int | None = None,
    ) -> Answer:
        if hold and hold.state == "expired" and final and self.late:
            return self._commit_late(hold, now, amount, tokens, percent)
        if hold is None or hold.state != "held":
            return self._again(hold, "commit" if final else "part", amount, tokens, percent)
        is_billed = amount != 0
        asked = self._asked(hold, hold.left, amount, tokens, percent)
        extra = max(asked - hold.left, 0)
        if extra and hold.overrun == "reject":
            raise Refused("amount-exceeds-reservation", **self._as_held(hold))
        if extra and hold.overrun == "available":
            self._must_cover(extra, **hold.reserved(), state="held", committed=hold.committed)
            for caps in self._scopes(hold.key, hold.endpoint):
                said = self._as_held(hold) | {"required": extra}
                self._must_not_pass(caps, extra, now, said)
            hold.counted.append([now, extra])
            hold.legs += self._take(extra, now, extra=True)
            extra = 0
        if final:
            self._count(hold, self._used_units(hold, tokens) if is_billed else hold.parts or 0)
            hold.ended_with = tokens
            return self._finish(hold, now, "committed", asked - extra, extra)
        if tokens is not None and hold.rule:
            hold.parts = (hold.parts or 0) + tokens
            hold.before += tokens
        self._use(hold, asked - extra)
        self._tidy(now)
        return (
            {"state": "held", "released": 0, "uncollected": extra} | hold.spent() | self.balances()
        )

    def release(self, hold: Reservation | None, now: float) -> Answer:
        if hold is None or hold.state != "held":
            return self._again(hold, "release", None)
        self._count(hold, hold.parts or 0)
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

    def _commit_late(
        self,
        hold: Reservation,
        now: float,
        amount: int | None,
        tokens: int | None,
        percent: int | None,
    ) -> Answer:
        """What is available of it: the work was done, and no cap refuses it."""
        asked = self._asked(hold, hold.amount - hold.committed, amount, tokens, percent)
        taken = min(asked, max(self.available + self.credit_limit, 0))
        legs = self._take(taken, now, extra=True)
        if taken:
            self._move(-taken)
        for leg in legs:
            _unhold(leg, leg.split)
            leg.used = leg.split
            if leg.lot:
                leg.lot.remaining -= leg.split
            else:
                self.debt += leg.split
        hold.ended_with = tokens
        hold.legs += legs
        hold.counted.append([now, taken])
        if amount != 0:
            self._count(hold, self._used_units(hold, tokens))
        hold.state, hold.last_commit, hold.uncollected = "committed", taken, asked - taken
        self._tidy(now)
        hold.end = self._as_ended(hold)
        return hold.end

    def _again(
        self,
        hold: Reservation | None,
        verb: str,
        amount: int | None,
        tokens: int | None = None,
        percent: int | None = None,
    ) -> Answer:
        if hold is None:
            raise Refused("not-found", **self.balances())
        if amount is None and tokens is not None and hold.rule:
            is_same = tokens == (hold.tokens if hold.ended_with is None else hold.ended_with)
        else:
            whole = max(hold.amount - (hold.committed - hold.last_commit), 0)
            asked = self._asked(hold, whole, amount, tokens, percent)
            is_same = asked == hold.last_commit + hold.uncollected
            if hold.overrun == "cap":
                asked = min(asked, whole)
            is_same = is_same or asked == hold.last_commit
        if (verb, hold.state) == ("release", "released") or (
            (verb, hold.state) == ("commit", "committed") and is_same
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
        left = back
        for counted in reversed(hold.counted):
            part = min(counted[1], left)
            counted[1] -= part
            left -= int(part)
        self._tidy(now)
        hold.reversed += back
        if hold.reversed == hold.committed:
            hold.state = "reversed"
            self._count(hold, 0)
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


def _is_of(cap: Cap, call: Reservation) -> bool:
    if cap.scope == "customer":
        return True
    return cap.subject == (call.key if cap.scope == "key" else call.endpoint)


def _seq(lot: Lot | None) -> int | None:
    return lot.seq if lot else None


def _unhold(leg: Leg, amount: int) -> None:
    if leg.lot:
        leg.lot.held -= amount
