"""Commit, release, extend and reverse: what becomes of a hold."""

from http import HTTPStatus
from typing import Final

from msgspec import UNSET

from accounts import ids
from accounts.errors import NotFound
from ledger.errors import MalformedAmount
from ledger.fastpath.calls import Asked, Call, Memory, invalid, micro_credits
from ledger.fastpath.requests import Commit, Extend, Release, Reverse
from ledger.ids import ReservationId, decode_reservation
from ledger.operations import Operation
from ledger.prices import pricing
from ledger.prices.pricing import Outcome, Price, UnknownQuantity

# No hold may be extended by so much: asked for it, the core only tells whether there is the hold.
_TOO_LONG: Final = 8 * 86_400


async def commit(memory: Memory, call: Call, fields: Commit) -> Asked:
    """Raises AccountsError, LedgerError."""
    name = decode_reservation(call.reservation)
    operation = _operation(call, name)
    operation.amount = micro_credits(fields.amount)
    operation.outcome = outcome = _outcome(fields)
    operation.final = None if fields.final else False
    if fields.quantity is not None or outcome is not None:
        price = await _pinned(memory, name)
        try:
            if fields.quantity is not None:
                _price_quantity(operation, price, fields)
        except UnknownQuantity as refusal:
            look_up = _operation(call, name)
            look_up.op, look_up.expires_in = "extend", _TOO_LONG
            return Asked(look_up, HTTPStatus.OK, refusal)
        bill(operation, pricing.percent(outcome, price))
    return Asked(operation, HTTPStatus.OK)


async def release(memory: Memory, call: Call, fields: Release) -> Asked:
    """Raises InvalidId."""
    return Asked(_operation(call, decode_reservation(call.reservation)), HTTPStatus.OK)


async def extend(memory: Memory, call: Call, fields: Extend) -> Asked:
    """Raises InvalidId."""
    operation = _operation(call, decode_reservation(call.reservation))
    operation.expires_in = fields.expires_in
    return Asked(operation, HTTPStatus.OK)


async def reverse(memory: Memory, call: Call, fields: Reverse) -> Asked:
    """Raises InvalidId, InvalidRequest, MalformedAmount."""
    if "\0" in fields.reason:
        raise invalid("reason", "Null characters are not allowed.")
    operation = _operation(call, decode_reservation(call.reservation))
    operation.amount = micro_credits(fields.amount)
    if operation.amount == 0:
        raise MalformedAmount("A reversal gives back more than zero; without an amount, all of it.")
    actor = ids.encode(ids.KEY, call.sender.key.id)
    operation.detail = {"reason": fields.reason, "actor": actor}
    return Asked(operation, HTTPStatus.OK)


def _operation(call: Call, name: ReservationId) -> Operation:
    return Operation(
        op=call.op,
        customer_id=name.customer_id,
        reservation_id=name.id,
        price_id=name.price_id,
    )


def _outcome(fields: Commit) -> Outcome | None:
    if fields.status_code is None:
        return fields.outcome
    if fields.outcome is not None:
        raise invalid("status_code", "Give an outcome or a status_code, not both.")
    return pricing.outcome_of(fields.status_code)


async def _pinned(memory: Memory, name: ReservationId) -> Price | None:
    """The price in the reservation's id. Raises NotFound when there is no such price."""
    if name.price_id == 0:
        return None
    price = await memory.catalogue.price(name.price_id)
    if price is None:
        raise NotFound
    return price


def _price_quantity(operation: Operation, price: Price | None, fields: Commit) -> None:
    if fields.amount is not UNSET:
        raise invalid("quantity", "Give an amount or a quantity, not both.")
    if price is None:
        raise UnknownQuantity(None)
    if price.depends_on_month:
        operation.quantities = pricing.quantities(price, fields.quantity)
        operation.rule = pricing.rule(price)
    else:
        charge = pricing.charge(price, fields.quantity)
        operation.amount, operation.quantities = charge.amount, charge.quantities


def bill(operation: Operation, percent: int) -> None:
    """Its share by the outcome policy; of what only the core knows, the core takes it."""
    if percent == 0:
        operation.amount, operation.rule = 0, None
    elif operation.amount is not None:
        operation.amount = pricing.share(operation.amount, percent)
    elif percent != pricing.ALL:
        operation.percent = percent
