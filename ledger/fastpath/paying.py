"""Who pays: a customer that a service names, or the owner of a key that it was shown."""

from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from accounts import ids
from accounts.directory import ApiKeyEntry, check_key
from accounts.errors import NotFound
from accounts.models import HOUSE_ID
from ledger.fastpath.calls import Memory, invalid


class Payer(NamedTuple):
    customer_id: UUID
    key: ApiKeyEntry | None


async def payer_of(memory: Memory, customer: str | None, api_key: str | None) -> Payer:
    """Raises InvalidRequest, KeyInvalid, NotFound."""
    if (customer is None) == (api_key is None):
        raise invalid("customer", "Say who pays: customer or api_key, one of them.")
    if api_key is not None:
        key = await memory.directory.payer(api_key)
        return Payer(key.customer_id, key)
    customer_id = ids.decode(ids.CUSTOMER, customer or "")
    if customer_id == HOUSE_ID:
        raise NotFound
    return Payer(customer_id, None)


def check_payer(memory: Memory, payer: Payer) -> None:
    """Raises KeyRevoked, KeyExpired, KeySuspended, OneKeySuspended, CustomerSuspended."""
    if payer.key is not None:
        check_key(payer.key, now=datetime.now(UTC))
        memory.directory.check_keys_of(payer.customer_id)
    memory.directory.check_customer(payer.customer_id)
