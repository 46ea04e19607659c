"""One call of the past: what it asked for, what it held, and how it ended."""

from datetime import datetime
from decimal import Decimal
from random import Random
from typing import NamedTuple
from uuid import UUID

from config.demo.customers import Profile, Temper
from ledger.operations import Operation, Result
from ledger.prices.pricing import Outcome, Price, charge, percent, share

HOLD_SECONDS = 900
TOKENS = (1_000, 2_000, 4_000, 8_000, 16_000)
# Of a thousand calls, so many were given up by the client, or forgotten by Northwind.
GIVEN_UP = 12
FORGOTTEN = 4
SERVER_ERRORS = 8
CLIENT_ERRORS = 15
OF_A_FAILING_ONE = 300


class Caller(NamedTuple):
    """A customer as its calls name it."""

    id: UUID
    profile: Profile
    api_key_id: UUID
    service_id: int
    address: str


class PastCall(NamedTuple):
    caller: Caller
    price: Price
    reserve: Operation


def reserve(caller: Caller, price: Price, at: datetime, chance: Random) -> PastCall:
    quantity = chance.choice(TOKENS) if price.units else None
    amount, quantities = charge(price, quantity)
    operation = Operation(
        op="reserve",
        customer_id=caller.id,
        amount=amount,
        expires_in=HOLD_SECONDS,
        price_id=price.id,
        quantities=quantities,
        service_id=caller.service_id,
        api_key_id=caller.api_key_id,
        request_id=_request_id(at, chance),
        address=caller.address,
    )
    return PastCall(caller, price, operation)


def end(call: PastCall, held: Result, at: datetime, chance: Random) -> Operation | None:
    """The commit or release of what is held; None when it was left to expire."""
    ticket = chance.randrange(1000)
    if ticket < FORGOTTEN:
        return None
    caller = call.caller
    settled = Operation(
        op="commit",
        customer_id=caller.id,
        reservation_id=held.reservation_id,
        service_id=caller.service_id,
        request_id=_request_id(at, chance),
    )
    given_up = OF_A_FAILING_ONE if caller.profile.temper is Temper.DISCONNECTING else GIVEN_UP
    if ticket < FORGOTTEN + given_up:
        settled.op = "release"
        return settled
    settled.outcome = outcome = _outcome(caller.profile, chance)
    if billed := percent(outcome, call.price):
        amount, settled.quantities = charge(call.price, _used(call, chance))
        settled.amount = share(amount, billed)
    else:
        settled.amount = 0
    return settled


def _outcome(profile: Profile, chance: Random) -> Outcome:
    client_errors = OF_A_FAILING_ONE if profile.temper is Temper.FAILING else CLIENT_ERRORS
    ticket = chance.randrange(1000)
    if ticket < SERVER_ERRORS:
        return "server_error"
    return "client_error" if ticket < SERVER_ERRORS + client_errors else "success"


def _used(call: PastCall, chance: Random) -> int | None:
    """Of the tokens that were reserved, those that were written."""
    if call.reserve.quantities is None:
        return None
    reserved = Decimal(call.reserve.quantities[call.price.units[0].name])
    return int(reserved * chance.randint(30, 100) / 100)


def _request_id(at: datetime, chance: Random) -> str:
    """As one of that time would have been given: it begins with its milliseconds."""
    return f"req_{int(at.timestamp() * 1000):012x}{chance.randbytes(10).hex()}"
