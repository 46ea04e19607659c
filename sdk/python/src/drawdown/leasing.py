"""How big a lease is, how it is taken and settled. What the two kinds of holders share."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, TypedDict

from drawdown import flows
from drawdown.block import Block, Settlement, Taken, in_credits, in_micro
from drawdown.counts import Counts, Full, InFile, InMemory
from drawdown.errors import (
    BadRequest,
    Conflict,
    DrawdownError,
    Missing,
    Problem,
    Unprocessable,
)
from drawdown.ids import uuid7
from drawdown.journal import Journal
from drawdown.lease_clock import clock
from drawdown.problems import IdempotencyKeyReused, LeaseImpossible, LeaseSequenceGap
from drawdown.retrying import Retry
from drawdown.terms import ReserveTerms
from drawdown.wire import Flow

_OF_THE_SETTLEMENT: Final = (BadRequest, Missing, Conflict, Unprocessable)
_LAST_SEQUENCE: Final = 2**31 - 1  # as the API has it
# A price that is known may have changed after so many seconds.
PRICED_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Size:
    """`seconds`: a lease lasts so long unless it is renewed, which is every `every` seconds. It has
    what is spent in `ahead` seconds, and at least so many `calls`; near the end of a balance half
    of what is left at most, so that others have something to spend, too."""

    seconds: int = 60
    every: float = 1.0
    ahead: float = 5.0
    calls: int = 20


DEFAULT_SIZE: Final = Size()
logger = logging.getLogger("drawdown")


def was_not_done(problem: Problem) -> bool:
    """Whether it says of a settlement that it was not done, nor will be. A key that is revoked, a
    service that is away, or what stands before it, says nothing of a try before: that may have been
    done without an answer. (IdempotencyKeyReused says that another one was done in its place.)"""
    is_of_it = isinstance(problem, _OF_THE_SETTLEMENT) and bool(problem.code)
    return is_of_it and not problem.should_retry


class Burn:
    """How fast a payer spends: the last speeds count more than those before."""

    def __init__(self) -> None:
        self._since, self._rate = clock(), 0.0

    def wanted(self, spent: int, cost: int, size: Size) -> int:
        """What the next lease shall have, when so much was spent since it was asked last."""
        now = clock()
        seconds, self._since = max(now - self._since, size.every / 2), now
        self._rate = max(spent / seconds, (self._rate + spent / seconds) / 2)
        return max(int(self._rate * size.ahead), cost * size.calls)


class LeaseRequest(NamedTuple):
    """For a lease, which counts from when it was first asked for. What got no answer is sent again
    as it was: it may have been granted, and would be held for nobody."""

    key: str
    body: Mapping[str, Any]
    until: float


class Shop:
    """What is known of a payer beside its block."""

    def __init__(self) -> None:
        self.block: Block | None = None
        self.request: LeaseRequest | None = None  # that got no answer
        self.customer: str | None = None  # as of its first block
        self.burn = Burn()
        self.costs: dict[str, tuple[int, float]] = {}  # by endpoint, and when that was asked
        self.available = 0  # as of the last answer
        self._single_until = 0.0

    def may_lease(self) -> bool:
        return clock() >= self._single_until

    def lease_no_more(self) -> None:
        """For a while each call is asked for alone."""
        self._single_until = clock() + PRICED_SECONDS

    def is_forgotten(self) -> bool:
        """Nothing of it is worth knowing any more."""
        return self.may_lease() and all(self.cost(endpoint) is None for endpoint in self.costs)

    def cost(self, endpoint: str) -> int | None:
        """None: it is to be asked."""
        cost, asked_at = self.costs.get(endpoint, (0, -PRICED_SECONDS))
        return cost if clock() - asked_at < PRICED_SECONDS else None


class Payer(TypedDict, total=False):
    """As the API takes it: one of them."""

    customer: str
    api_key: str


def payer(name: str) -> Payer:
    return {"customer": name} if _is_customer(name) else {"api_key": name}


def name_of(customer: str | None, api_key: str | None) -> str | None:
    """What a payer's block is found by. None: nobody that is known at sight, which is the service's
    to refuse. What a caller presents as its key is never taken for the id of a customer."""
    if api_key is None:
        return customer if customer is not None and _is_customer(customer) else None
    return None if customer is not None or _is_customer(api_key) else api_key


def payer_of_work(customer: str | None, endpoint: str | None, terms: ReserveTerms) -> str | None:
    """None: something is said of it that only the service can judge."""
    more = [name for name, value in terms.items() if name != "api_key" and value is not None]
    return None if endpoint is None or more else name_of(customer, terms.get("api_key"))


def _is_customer(name: str) -> bool:
    return name.startswith("cus_")


def request(who: str, amount: int, least: int, size: Size) -> LeaseRequest:
    body = {
        **payer(who),
        "amount": in_credits(max(amount, least)),
        "minimum": in_credits(least),
        "expires_in": size.seconds,
    }
    return LeaseRequest(str(uuid7()), body, until=clock() + size.seconds)


def take(wanted: LeaseRequest, counts: Counts, retry: Retry) -> Flow[tuple[Block, int]]:
    """A lease, and what its payer has beside it. Raises the problem that Drawdown refuses with
    (LeaseImpossible: ask for each call), Unreachable, and Full, when it was given back."""
    raw = yield from flows.post("/v1/leases", wanted.body, retry, wanted.key)
    try:
        made = Block(raw["id"], raw["customer"], in_micro(raw["amount"]), wanted.until, counts)
    except Full:
        with suppress(DrawdownError):
            yield from give_back(raw["id"], retry)
        raise
    return made, in_micro(raw["balance"]["available"])


def settle(block: Block, settlement: Settlement, retry: Retry) -> Flow[int]:
    """What its payer has beside it. Raises Problem, Unreachable, Full."""
    raw = yield from flows.post(f"/v1/leases/{block.id}/settle", settlement.body, retry, None)
    block.settled(in_micro(raw["amount"]))
    return in_micro(raw["balance"]["available"])


def give_back(lease: str, retry: Retry) -> Flow[None]:
    """Ends it with what was settled of it so far, whoever did that, if it is not over. Raises
    DrawdownError."""
    try:
        yield from _end(lease, _LAST_SEQUENCE, retry)
    except LeaseSequenceGap as gap:
        yield from _end(lease, gap.expected, retry)
    except Problem as problem:
        if not was_not_done(problem):
            raise


def _end(
    lease: str, sequence: int, retry: Retry, usage: Sequence[Mapping[str, Any]] = ()
) -> Flow[None]:
    body = {"sequence": sequence, "usage": list(usage), "renew": False}
    yield from flows.post(f"/v1/leases/{lease}/settle", body, retry, None)


def cost(customer: str | None, endpoint: str, retry: Retry) -> Flow[int]:
    """Of a call. Raises LeaseImpossible where calls do not all cost the same, or nothing: those are
    asked for alone."""
    body: dict[str, Any] = {"calls": [{"endpoint": endpoint}]}
    if customer is not None:
        body["customer"] = customer
    raw = yield from flows.post("/v1/estimate", body, retry, None)
    (call,) = raw["calls"]
    amount = in_micro(call["amount"])
    if not is_flat(call["price"]) or not amount:
        raise LeaseImpossible(409, {"detail": f"Calls of {endpoint} are not of one price."})
    return amount


def is_flat(price: Mapping[str, Any] | None) -> bool:
    told = price or {}
    return not any(told.get(name) for name in ("quantity", "units", "minimum", "maximum"))


def journal_lines(journal: Journal, lease: str, customer: str, lines: Iterable[Taken]) -> None:
    """As usage events, for a lease that is no more. Durable when it returns; done twice, once."""
    for line in lines:
        data: dict[str, Any] = {"calls": line.calls, "metadata": {"lease": lease}}
        journal.write_once(
            f"{lease}/{line.endpoint}/{line.upto}",
            customer=customer,
            endpoint=line.endpoint,
            data=data,
        )


def begin(folder: Path | None) -> tuple[Counts, Journal]:
    """Where counts and what could not be settled are kept."""
    if folder is None:
        return InMemory(), Journal(":memory:")
    folder.mkdir(parents=True, exist_ok=True)
    return _new_file(folder), Journal(folder / "journal.sqlite")


def _new_file(folder: Path) -> InFile:
    while True:
        try:
            return InFile(folder / str(uuid7()))
        except BlockingIOError:  # another process, which looked for what is left behind, was faster
            continue


def recover(file: InFile, note: dict[str, Any], journal: Journal, retry: Retry) -> Flow[None]:
    """Settles a lease of a process that is no more. Raises DrawdownError where it is to be done
    again, and Full."""
    lease, customer = note["lease"], note["customer"]
    given_up = [Taken(*line) for line in note.get("given_up", [])]
    journal_lines(journal, lease, customer, given_up)
    try:
        unsettled = yield from _settle_left(file, note, retry)
    except (IdempotencyKeyReused, LeaseSequenceGap) as problem:
        # As after a loss of power: what of its counts was settled, nobody knows.
        logger.error("The last calls of the lease %s are not charged: %s", lease, problem)
        yield from give_back(lease, retry)
        unsettled = []
    journal_lines(journal, lease, customer, unsettled)
    file.note({**note, "is_over": True})


def _settle_left(file: InFile, note: dict[str, Any], retry: Retry) -> Flow[list[Taken]]:
    """Sends what was on its way once more, and then the rest. What a lease did not take that is
    over."""
    lease, sequence, pending = note["lease"], note["sequence"], note["pending"]
    before, rest = _lines_of(file, note)
    try:
        if pending is not None:
            yield from flows.post(f"/v1/leases/{lease}/settle", pending, retry, None)
            before, sequence = [], pending["sequence"]
        if pending is None or pending["renew"]:
            usage = [{"endpoint": one.endpoint, "calls": one.calls} for one in rest]
            yield from _end(lease, sequence + 1, retry, usage)
            rest = []
    except (IdempotencyKeyReused, LeaseSequenceGap):
        raise
    except Problem as problem:
        if not was_not_done(problem):
            raise
        logger.warning("The lease %s of a process that is no more is over.", lease)
    return before + rest


def _lines_of(file: InFile, note: dict[str, Any]) -> tuple[list[Taken], list[Taken]]:
    """Those of the settlement that was on its way, and those after it: none where that one ends
    the lease, whose slots may count for another by now."""
    usage = note["pending"]["usage"] if note["pending"] else []
    taken = {endpoint: upto for endpoint, (_, upto) in note["lines"].items()}
    before = [Taken(one["endpoint"], one["calls"], taken[one["endpoint"]]) for one in usage]
    if note["pending"] and not note["pending"]["renew"]:
        return before, []
    rest = []
    for endpoint, (slot, upto) in note["lines"].items():
        number = file.numbers[slot]
        if number > upto:
            rest.append(Taken(endpoint, number - upto, number))
    return before, rest
