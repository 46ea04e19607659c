"""Usage events: work that was done before it was told of, each a debit of its own time."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from time import time_ns
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct

from accounts import ids
from accounts.errors import AccountsError, CustomerSuspended, NotFound
from accounts.models import HOUSE_ID
from ledger import keys
from ledger.errors import LedgerError
from ledger.fastpath import answers, called
from ledger.fastpath.calls import (
    AMOUNT,
    Memory,
    Refusal,
    Sender,
    check_scope,
    invalid,
    micro_credits,
)
from ledger.fastpath.cloudevents import Bad, Event, Usage
from ledger.fastpath.http import Reply
from ledger.fastpath.party import Answer
from ledger.fastpath.refusals import EventInFuture, EventTooOld, Unavailable
from ledger.fastpath.requests import check_metadata
from ledger.fastpath.settling import bill
from ledger.operations import Operation
from ledger.prices import pricing
from ledger.prices.pricing import Outcome, UnknownEndpoint, UnknownQuantity

# Its key is remembered for so long, so that nothing is charged twice.
OLDEST: Final = timedelta(days=30)
# Two machines' clocks differ.
AHEAD: Final = timedelta(minutes=5)

# The same event may have been accepted before; then it is told so.
_OF_THE_MOMENT: Final = (CustomerSuspended, UnknownEndpoint, UnknownQuantity)
# The core says these before any refusal of ours.
_FIRST: Final = ("idempotency-key-reused", "not-found", "no-wallet")
_NS_PER_MS: Final = 1_000_000
_NOTHING: Final = Usage()

_encode = msgspec.json.Encoder(order="deterministic").encode
_encode_results = msgspec.json.Encoder().encode


class Reported(NamedTuple):
    """What the core is asked of an event. Where there is a refusal, only whether it was accepted
    before, or nothing. `repeats`: the place of the same event before it, which is asked of once."""

    event: Any  # Event | Bad
    operation: Operation | None = None
    refusal: Refusal | None = None
    repeats: int | None = None


class EventResult(Struct):
    """What became of an event; a duplicate was accepted before. `reservation` is its call."""

    id: str | None
    status: Literal["accepted", "duplicate", "rejected"]
    problem: msgspec.Raw | None
    reservation: str | None


class EventResults(Struct):
    """In the order of the events."""

    results: list[EventResult]


async def ask(memory: Memory, sender: Sender, events: Sequence[Event | Bad]) -> list[Reported]:
    """Raises Unavailable."""
    await memory.usage_terms.learn_owners(_keys_named(events))
    moment = _Moment(memory, sender)
    asked: list[Reported] = []
    places: dict[tuple[int, int, int | None], int] = {}
    for place, event in enumerate(events):
        if isinstance(event, Bad):
            asked.append(Reported(event, None, event.refusal))
            continue
        one = await moment.ask(event)
        if (operation := one.operation) is not None:
            assert operation.key is not None
            name = (operation.customer_id.int, operation.key.int, operation.request)
            first = places.setdefault(name, place)
            if first != place:
                one = Reported(event, None, None, first)
        asked.append(one)
    return asked


def operations(asked: Iterable[Reported]) -> list[Operation]:
    return [one.operation for one in asked if one.operation is not None]


def check_decided(found: Sequence[Answer]) -> None:
    """What was not decided is not rejected: the whole list is to be sent again, which charges
    nothing twice. Raises Unavailable."""
    for answer in found:
        if isinstance(answer, Unavailable):
            raise answer


def answered(
    asked: Iterable[Reported], found: Sequence[Answer]
) -> Iterator[tuple[Reported, Answer | None]]:
    """Each with what the core answered, where it was asked."""
    following = iter(found)
    for one in asked:
        yield one, next(following) if one.operation is not None else None


def results(
    asked: Sequence[Reported],
    found: Sequence[Answer],
    problem: Callable[[Refusal], Reply],
    *,
    top_up_url: str,
) -> list[EventResult]:
    told: list[EventResult] = []
    for one, answer in answered(asked, found):
        if one.repeats is not None:
            told.append(_again(told[one.repeats]))
        elif isinstance(refused := _outcome(one, answer, top_up_url), EventResult):
            told.append(refused)
        else:
            told.append(
                EventResult(one.event.id, "rejected", msgspec.Raw(problem(refused).body), None)
            )
    return told


def body(results: list[EventResult]) -> bytes:
    return _encode_results(EventResults(results))


def _again(first: EventResult) -> EventResult:
    if first.status == "rejected":
        return first
    return EventResult(first.id, "duplicate", None, first.reservation)


def _outcome(one: Reported, answer: Answer | None, top_up_url: str) -> EventResult | Refusal:
    if answer is None:
        assert one.refusal is not None
        return one.refusal
    if isinstance(answer, LedgerError):
        return answer
    if answer.code == "ok" and (answer.replayed == "t" or one.refusal is None):
        name = answers.name(answer)
        if answer.replayed == "t":
            return EventResult(one.event.id, "duplicate", None, name)
        return EventResult(one.event.id, "accepted", None, name)
    if one.refusal is not None and answer.code not in _FIRST:
        return one.refusal
    refusal = answers.declined(answer, None, top_up_url=top_up_url)
    if refusal.code == "idempotency-key-reused":
        refusal.detail = (
            "An event with this source and id was accepted, or dismissed, with other content."
        )
    return refusal


def _keys_named(events: Iterable[Event | Bad]) -> Iterator[UUID]:
    for event in events:
        if isinstance(event, Event) and event.data is not None and event.data.api_key is not None:
            try:
                yield ids.decode(ids.KEY, event.data.api_key)
            except NotFound:
                continue


class _Moment:
    """What all events of one request are judged by."""

    def __init__(self, memory: Memory, sender: Sender) -> None:
        self._memory = memory
        self._sender = sender
        self._now = memory.usage_terms.now()
        self._now_ms = time_ns() // _NS_PER_MS

    async def ask(self, event: Event) -> Reported:
        try:
            operation = self._operation(event)
        except (AccountsError, LedgerError) as refusal:
            return Reported(event, None, refusal)
        try:
            await self._price(operation, event)
        except _OF_THE_MOMENT as refusal:
            operation.op = "refresh"
            return Reported(event, operation, refusal)
        except Unavailable:
            raise
        except (AccountsError, LedgerError) as refusal:
            return Reported(event, None, refusal)
        return Reported(event, operation)

    def _operation(self, event: Event) -> Operation:
        """Without what it costs. Raises NotFound, EventTooOld, EventInFuture, InvalidRequest."""
        customer_id = ids.decode(ids.CUSTOMER, event.subject)
        if customer_id == HOUSE_ID:
            raise NotFound
        happened_at = self._happened_at(customer_id, event)
        data = event.data or _NOTHING
        sender = self._sender
        service_id = sender.key.service_id
        key = keys.event_key(service_id, event.source, event.id)
        return Operation(
            op="debit",
            customer_id=customer_id,
            key=key,
            key_is_id=keys.can_be_a_row(key, now_ms=self._now_ms),
            request=_request_hash(event, data),
            outcome=_outcome_of(data),
            service_id=service_id,
            api_key_id=self._api_key(customer_id, data),
            request_id=sender.request_id,
            address=sender.address,
            metadata=data.metadata,
            happened_at=happened_at,
        )

    async def _price(self, operation: Operation, event: Event) -> None:
        """Raises CustomerSuspended, UnknownEndpoint, UnknownQuantity, InvalidRequest,
        MalformedAmount, Forbidden."""
        data = event.data or _NOTHING
        customer_id = operation.customer_id
        if data.amount is not UNSET:
            check_scope(self._sender.key, AMOUNT)
        if data.metadata:
            check_metadata(data.metadata)
        self._memory.directory.check_customer(customer_id)
        assert operation.happened_at is not None
        card = await self._memory.catalogue.card_at(customer_id, operation.happened_at)
        price = card.by_code(event.type)
        operation.price_id = price.id
        operation.amount = micro_credits(data.amount)
        if data.calls > 1:
            operation.detail = {"calls": data.calls}
        if price.depends_on_month and data.calls == 1:
            operation.quantities = pricing.quantities(price, data.quantity)
            operation.rule = pricing.rule(price)
        else:
            charge = called.charge(price, data.calls, data.quantity, operation.amount, "data")
            operation.quantities, operation.amount = charge.quantities, charge.amount
        bill(operation, pricing.percent(_outcome_of(data), price))
        if self._memory.usage_terms.posts_debt(customer_id):
            operation.overrun = "debt"

    def _happened_at(self, customer_id: UUID, event: Event) -> datetime:
        now = self._now + self._memory.usage_terms.ahead(customer_id)
        if event.time is None:
            return now
        age = now - event.time
        if age > OLDEST:
            raise EventTooOld
        if -age > AHEAD:
            raise EventInFuture
        return event.time

    def _api_key(self, customer_id: UUID, data: Usage) -> UUID | None:
        if data.api_key is None:
            return None
        key = ids.decode(ids.KEY, data.api_key)
        if self._memory.usage_terms.owner(key) != customer_id:
            raise invalid("data.api_key", "The customer has no such key.")
        return key


def _request_hash(event: Event, data: Usage) -> int:
    """What is charged, by value. What else an event says may differ when it is sent again."""
    time = event.time.astimezone(UTC) if event.time is not None else None
    content = _encode((event.subject, event.type, time, data))
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "big", signed=True)


def _outcome_of(data: Usage) -> Outcome | None:
    if data.status_code is None:
        return data.outcome
    if data.outcome is not None:
        raise invalid("data.status_code", "Give an outcome or a status_code, not both.")
    return pricing.outcome_of(data.status_code)
