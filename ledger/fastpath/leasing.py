"""Leases: a hold that its holder spends locally, and what it was spent on."""

from http import HTTPStatus
from typing import Any, Final

from msgspec import UNSET

from accounts.errors import CustomerSuspended, InvalidRequest, KeyRefused
from ledger import amounts, keys
from ledger.errors import LedgerError, MalformedAmount
from ledger.fastpath import called
from ledger.fastpath.calls import AMOUNT, Asked, Call, Memory, check_scope, invalid, micro_credits
from ledger.fastpath.paying import Payer, check_payer, payer_of
from ledger.fastpath.requests import Lease, LeaseUsage, Settle
from ledger.ids import LeaseId, decode_lease
from ledger.operations import Operation
from ledger.prices.pricing import RateCard, UnknownEndpoint, UnknownQuantity


class LeaseImpossible(LedgerError):
    def __init__(self) -> None:
        super().__init__("lease-impossible", "The key is for certain endpoints or networks only.")


# The same request may have been granted before; then it gets that answer again.
_OF_THE_MOMENT: Final = (CustomerSuspended, KeyRefused, LeaseImpossible)
_OF_PRICES: Final = (UnknownEndpoint, UnknownQuantity, InvalidRequest)


async def lease(memory: Memory, call: Call, fields: Lease) -> Asked:
    """Raises AccountsError, LedgerError."""
    amount = _positive(fields.amount)
    minimum = amount if fields.minimum is UNSET else _positive(fields.minimum)
    if minimum > amount:
        raise invalid("minimum", "It is at most the amount.")
    payer = await payer_of(memory, fields.customer, fields.api_key)
    try:
        check_payer(memory, payer)
        _check_key(payer)
    except _OF_THE_MOMENT as refusal:
        look_up = Operation(op="refresh", customer_id=payer.customer_id)
        return Asked(look_up, HTTPStatus.CREATED, refusal)
    operation = Operation(
        op="lease",
        customer_id=payer.customer_id,
        amount=amount,
        expires_in=fields.expires_in,
        api_key_id=payer.key.pays_as if payer.key else None,
        address=call.sender.address,
        detail={"minimum": minimum},
    )
    return Asked(operation, HTTPStatus.CREATED)


async def settle(memory: Memory, call: Call, fields: Settle) -> Asked:
    """Raises InvalidId, Forbidden, MalformedAmount."""
    name = decode_lease(call.reservation)
    key = keys.lease_key(name.id, fields.sequence)
    card = await memory.catalogue.card_of(name.customer_id)
    if any(line.amount is not UNSET for line in fields.usage):
        check_scope(call.sender.key, AMOUNT)
    try:
        usage = [_line(card, line, place) for place, line in enumerate(fields.usage)]
    except _OF_PRICES as refusal:
        look_up = Operation(op="refresh", customer_id=name.customer_id, key=key)
        return Asked(look_up, HTTPStatus.OK, refusal)
    operation = Operation(
        op="settle",
        customer_id=name.customer_id,
        key=key,
        reservation_id=name.id,
        amount=micro_credits(fields.amount),
        expires_in=None if fields.expires_in is UNSET else fields.expires_in,
        address=call.sender.address,
        metadata={"lease": str(LeaseId(name.customer_id, name.id))},
        detail={"sequence": fields.sequence, "usage": usage, "renew": fields.renew},
    )
    return Asked(operation, HTTPStatus.OK)


def _positive(amount: str | int) -> int:
    found = amounts.parse(amount)
    if found == 0:
        raise MalformedAmount("A lease is of more than zero.")
    return found


def _check_key(payer: Payer) -> None:
    """What a key may pay for is looked at call by call. Raises LeaseImpossible."""
    if payer.key is not None and (payer.key.endpoints is not None or payer.key.networks):
        raise LeaseImpossible


def _line(card: RateCard, line: LeaseUsage, place: int) -> dict[str, Any]:
    """As the core reads it."""
    price = card.by_code(line.endpoint)
    said = micro_credits(line.amount)
    charge = called.charge(price, line.calls, line.quantity, said, f"usage[{place}]")
    return {
        "price_id": price.id,
        "calls": line.calls,
        "amount": charge.amount,
        "quantities": charge.quantities,
    }
