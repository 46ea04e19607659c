"""Reserve and debit: who pays, and how much."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import NamedTuple
from uuid import UUID

from msgspec import UNSET

from accounts import ids
from accounts.directory import ApiKeyEntry, check_key
from accounts.errors import CustomerSuspended, KeyExpired, KeyRevoked, KeySuspended, NotFound
from accounts.models import HOUSE_ID
from ledger import pricing
from ledger.fastpath import called
from ledger.fastpath.calls import (
    AMOUNT,
    Asked,
    Call,
    Memory,
    check_scope,
    invalid,
    micro_credits,
)
from ledger.fastpath.requests import Reserve, check_metadata
from ledger.operations import Operation
from ledger.pricing import Price, RateCard, UnknownEndpoint, UnknownQuantity

# The same request may have been granted before; then it gets that answer again.
_OF_THE_MOMENT = (
    CustomerSuspended,
    KeyRevoked,
    KeyExpired,
    KeySuspended,
    UnknownEndpoint,
    UnknownQuantity,
)


class Payer(NamedTuple):
    customer_id: UUID
    key: ApiKeyEntry | None


class Cost(NamedTuple):
    amount: int
    price: Price | None
    quantities: dict[str, str] | None


async def ask(memory: Memory, call: Call, fields: Reserve) -> Asked:
    """Raises AccountsError, LedgerError."""
    _check(call, fields)
    payer = await _payer(memory, fields)
    try:
        _check_payer(memory, payer)
        cost = _cost(memory.catalogue.card, fields)
    except _OF_THE_MOMENT as refusal:
        look_up = Operation(op="refresh", customer_id=payer.customer_id)
        return Asked(look_up, HTTPStatus.CREATED, refusal)
    operation = Operation(
        op=call.op,
        customer_id=payer.customer_id,
        amount=cost.amount,
        price_id=cost.price.id if cost.price else None,
        quantities=cost.quantities,
        api_key_id=payer.key.id if payer.key else None,
        address=call.sender.address,
        metadata=fields.metadata,
    )
    if call.op == "reserve":
        operation.expires_in = fields.expires_in
        operation.overrun = fields.overrun
    return Asked(operation, HTTPStatus.CREATED)


def _check(call: Call, fields: Reserve) -> None:
    if fields.amount is not UNSET:
        check_scope(call.sender.key, AMOUNT)
    if fields.metadata:
        check_metadata(fields.metadata)
    if (fields.customer is None) == (fields.api_key is None):
        raise invalid("customer", "Say who pays: customer or api_key, one of them.")
    called.check(fields)


async def _payer(memory: Memory, fields: Reserve) -> Payer:
    """Raises KeyInvalid, NotFound."""
    if fields.api_key is not None:
        key = await memory.directory.payer(fields.api_key)
        return Payer(key.customer_id, key)
    customer_id = ids.decode(ids.CUSTOMER, fields.customer or "")
    if customer_id == HOUSE_ID:
        raise NotFound
    return Payer(customer_id, None)


def _check_payer(memory: Memory, payer: Payer) -> None:
    """Raises KeyRevoked, KeyExpired, KeySuspended, CustomerSuspended."""
    if payer.key is not None:
        check_key(payer.key, now=datetime.now(UTC))
        memory.directory.check_keys_of(payer.customer_id)
    memory.directory.check_customer(payer.customer_id)


def _cost(card: RateCard, fields: Reserve) -> Cost:
    """Raises MalformedAmount, UnknownEndpoint, UnknownQuantity, InvalidRequest."""
    amount = micro_credits(fields.amount)
    price = called.price(card, fields)
    if price is None:
        if fields.quantity is not None:
            raise UnknownQuantity(None)
        if amount is None:
            raise invalid("endpoint", "Name an endpoint, or give an amount.")
        return Cost(amount, None, None)
    charge = pricing.charge(price, fields.quantity)
    return Cost(charge.amount if amount is None else amount, price, charge.quantities)
