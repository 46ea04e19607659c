"""Reserve and debit: who pays, and how much."""

from http import HTTPStatus
from typing import Any, NamedTuple

from msgspec import UNSET

from accounts import addresses
from accounts.addresses import Address
from accounts.directory import ApiKeyEntry, check_address, check_endpoint
from accounts.errors import CustomerSuspended, KeyRefused
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
from ledger.fastpath.paying import check_payer, payer_of
from ledger.fastpath.requests import Reserve, check_metadata
from ledger.operations import Operation
from ledger.prices import pricing
from ledger.prices.pricing import Price, RateCard, UnknownEndpoint, UnknownQuantity

# The same request may have been granted before; then it gets that answer again.
_OF_THE_MOMENT = (
    CustomerSuspended,
    KeyRefused,
    UnknownEndpoint,
    UnknownQuantity,
)


class Cost(NamedTuple):
    amount: int | None  # none: the core says, by the rule of a price that depends on the month
    price: Price | None
    quantities: dict[str, str] | None
    rule: dict[str, Any] | None = None


async def ask(memory: Memory, call: Call, fields: Reserve) -> Asked:
    """Raises AccountsError, LedgerError."""
    _check(call, fields)
    address = _address(fields)
    payer = await payer_of(memory, fields.customer, fields.api_key)
    try:
        check_payer(memory, payer)
        cost = _cost(await memory.catalogue.card_of(payer.customer_id), fields)
        _check_use(memory, payer.key, cost.price, address)
    except _OF_THE_MOMENT as refusal:
        look_up = Operation(op="refresh", customer_id=payer.customer_id)
        return Asked(look_up, HTTPStatus.CREATED, refusal)
    operation = Operation(
        op=call.op,
        customer_id=payer.customer_id,
        amount=cost.amount,
        price_id=cost.price.id if cost.price else None,
        quantities=cost.quantities,
        rule=cost.rule,
        api_key_id=payer.key.pays_as if payer.key else None,
        address=call.sender.address if address is None else str(address),
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
    called.check(fields)


def _address(fields: Reserve) -> Address | None:
    """The end customer's. Raises InvalidRequest."""
    if fields.address is None:
        return None
    try:
        return addresses.read(fields.address)
    except ValueError:
        raise invalid("address", "This is an IP address, of IPv4 or IPv6.") from None


def _check_use(
    memory: Memory, key: ApiKeyEntry | None, price: Price | None, address: Address | None
) -> None:
    """Raises EndpointNotAllowed, AddressNotAllowed."""
    if key is None:
        return
    if address is not None:
        memory.directory.note_address(key, address)
    check_endpoint(key, price.endpoint if price else None)
    check_address(key, address)


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
    if price.depends_on_month:
        quantities = pricing.quantities(price, fields.quantity)
        return Cost(amount, price, quantities, pricing.rule(price))
    charge = pricing.charge(price, fields.quantity)
    return Cost(charge.amount if amount is None else amount, price, charge.quantities)
