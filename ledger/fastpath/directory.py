"""Who calls and who pays, in memory.

Keys are read when they are first presented. A poll keeps them, and the list of customers who, or
whose keys, may not spend, as the database has them: what is older than a revocation may take is not
trusted, and nothing is answered before it is read again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final, TypeVar
from uuid import UUID

import psycopg

from accounts import addresses, directory, ids, keys
from accounts.addresses import Address
from accounts.directory import ApiKeyEntry, CustomerEntry, ServiceKeyEntry
from accounts.errors import (
    Forbidden,
    KeyInvalid,
    KeyRefused,
    Unauthorized,
)
from accounts.keys import OF_CUSTOMERS
from ledger.fastpath.database import Line
from ledger.fastpath.refusals import Unavailable

POLL_SECONDS: Final = 0.25
TRUSTED_SECONDS: Final = 0.8
TOUCH_SECONDS: Final = 60
# When this many keys are known, all are forgotten and those in use read again.
KEYS_MAX: Final = 200_000
# A customer made less than this before a poll may not be in it.
NEW_SECONDS: Final = 60
# And this many addresses of keys between two notes of them.
SEEN_MAX: Final = 20_000

_Entry = TypeVar("_Entry", ServiceKeyEntry, ApiKeyEntry)
_Value = TypeVar("_Value")
# A key, an hour and an address from which it was used then.
Seen = tuple[UUID, datetime, str]

logger = logging.getLogger(__name__)


class Directory:
    """Polls have a line of their own, so that no flood of unknown keys can hold them up."""

    def __init__(
        self,
        reads: Line,
        polls: Line,
        *,
        pepper: bytes,
        also_poll: Callable[[Line], Awaitable[None]],
    ) -> None:
        self._reads = reads
        self._polls = polls
        self._pepper = pepper
        self._also_poll = also_poll
        # By what their services send: to digest it every time would cost as much as the pricing.
        self._digests: dict[bytes, bytes] = {}
        self._service_keys: dict[bytes, ServiceKeyEntry] = {}
        self._api_keys: dict[bytes, ApiKeyEntry] = {}
        self._barred: dict[UUID, CustomerEntry] = {}
        self._sandboxes: set[UUID] = set()
        self._met: set[UUID] = set()  # customers who were new
        self._used: set[UUID] = set()
        self._seen: set[Seen] = set()
        self._read_at = float("-inf")  # monotonic, when the last good poll began
        self._as_of: datetime | None = None  # and the database's time then
        self._polling: asyncio.Task[None] | None = None

    async def caller(self, authorization: bytes | None) -> ServiceKeyEntry:
        """The service whose key this is. Raises Unauthorized, Forbidden for a customer's key."""
        if monotonic() - self._read_at > TRUSTED_SECONDS:
            await self._poll_now()
        sent = authorization or b""
        entry = self._service_keys.get(self._digests.get(sent, b""))
        if entry is None:
            entry = await self._unknown_caller(sent)
            _keep(self._digests, sent, entry.digest)
        _accept(entry)
        self._used.add(entry.id)
        return entry

    async def payer(self, text: str) -> ApiKeyEntry:
        """The customer's key that reads so, revoked and expired included. Raises KeyInvalid."""
        digest = keys.digest(text, pepper=self._pepper)
        entry = self._api_keys.get(digest)
        if entry is None and keys.parse(text) in OF_CUSTOMERS:
            entry = await self._read(
                directory.API_KEY_BY_DIGEST, digest, ApiKeyEntry, self._api_keys
            )
        if entry is None:
            raise KeyInvalid
        self._used.add(entry.id)
        if entry.is_test:
            self._sandboxes.add(entry.customer_id)
        return entry

    def note_address(self, key: ApiKeyEntry, address: Address) -> None:
        """So that a key is told of which unusually many use. How many there are from one process
        at most is for its memory's sake."""
        if len(self._seen) < SEEN_MAX:
            hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
            self._seen.add((key.pays_as, hour, addresses.as_counted(address)))

    async def meet(self, customer_id: UUID) -> None:
        """Whoever no poll may have found is looked at once, so that the first answer tells of a
        sandbox as all others do. Raises Unavailable."""
        is_old = self._as_of is not None and (
            ids.milliseconds(customer_id) < (self._as_of.timestamp() - NEW_SECONDS) * 1000
        )
        if is_old or customer_id in self._met:
            return
        try:
            rows = await self._reads.rows(directory.CUSTOMER_BY_ID, {"id": customer_id})
        except psycopg.Error as error:
            raise Unavailable from error
        if len(self._met) >= KEYS_MAX:
            self._met.clear()
        for row in rows:
            self._note_customer(CustomerEntry(*row))
            self._met.add(customer_id)

    def is_sandbox(self, customer_id: UUID) -> bool:
        return customer_id in self._sandboxes

    def check_customer(self, customer_id: UUID) -> None:
        """Raises CustomerSuspended. Whether there is such a customer, the core knows."""
        if entry := self._barred.get(customer_id):
            directory.check_customer(entry)

    def check_keys_of(self, customer_id: UUID) -> None:
        """Raises KeySuspended."""
        if entry := self._barred.get(customer_id):
            directory.check_keys(entry)

    async def run(self) -> None:
        """Polls until it is cancelled."""
        touched_at = monotonic()
        while True:
            try:
                await self._poll_now()
                if monotonic() - touched_at > TOUCH_SECONDS:
                    touched_at = monotonic()
                    await self.touch()
            except Unavailable:
                logger.warning("The directory of keys could not be read; trying again.")
            await asyncio.sleep(POLL_SECONDS)

    async def touch(self) -> None:
        """Note which keys were used since the last time."""
        used, self._used = list(self._used), set()
        seen, self._seen = self._seen, set()
        if not used:
            return
        try:
            for statement in (directory.TOUCH_SERVICE_KEYS, directory.TOUCH_API_KEYS):
                await self._polls.rows(statement, {"ids": used})
            if seen:
                await self._polls.rows(directory.NOTE_ADDRESSES, _columns(seen))
        except psycopg.Error:
            logger.warning("The use of %d keys could not be noted.", len(used))

    async def _unknown_caller(self, authorization: bytes) -> ServiceKeyEntry:
        text = keys.bearer(authorization.decode("latin-1")) or ""
        kind = keys.parse(text)
        if kind in OF_CUSTOMERS:
            _accept(await self.payer(text))
            raise Forbidden("This takes a service key; a customer's key only reads.")
        if kind is None:
            raise Unauthorized
        digest = keys.digest(text, pepper=self._pepper)
        entry = self._service_keys.get(digest) or await self._read(
            directory.SERVICE_KEY_BY_DIGEST, digest, ServiceKeyEntry, self._service_keys
        )
        if entry is None:
            raise Unauthorized
        return entry

    async def _read(
        self, statement: str, digest: bytes, make: type[_Entry], known: dict[bytes, _Entry]
    ) -> _Entry | None:
        try:
            rows = await self._reads.rows(statement, {"digest": digest})
        except psycopg.Error as error:
            raise Unavailable from error
        if not rows:
            return None
        entry = make(*rows[0])
        _keep(known, digest, entry)
        return entry

    async def _poll_now(self) -> None:
        """One poll for all who wait for it. Raises Unavailable."""
        if self._polling is None or self._polling.done():
            self._polling = asyncio.create_task(self._poll())
        try:
            await asyncio.shield(self._polling)
        except (psycopg.Error, TimeoutError) as error:
            raise Unavailable from error

    async def _poll(self) -> None:
        began = monotonic()
        async with asyncio.timeout(2):
            ((as_of,),) = await self._polls.rows(directory.CLOCK)
            await self._read_changes()
            await self._also_poll(self._polls)
        self._read_at = began
        self._as_of = as_of

    async def _read_changes(self) -> None:
        if self._as_of is None:
            for row in await self._polls.rows(directory.SPECIAL_CUSTOMERS):
                self._note_customer(CustomerEntry(*row))
            return
        since = {"since": self._as_of}
        for row in await self._polls.rows(directory.CHANGED_SERVICE_KEYS, since):
            _renew(self._service_keys, ServiceKeyEntry(*row))
        for row in await self._polls.rows(directory.CHANGED_API_KEYS, since):
            _renew(self._api_keys, ApiKeyEntry(*row))
        for row in await self._polls.rows(directory.CHANGED_CUSTOMERS, since):
            self._note_customer(CustomerEntry(*row))

    def _note_customer(self, entry: CustomerEntry) -> None:
        if entry.sandbox_of is not None:
            self._sandboxes.add(entry.id)
        if entry.status == directory.ACTIVE and entry.keys_suspended_at is None:
            self._barred.pop(entry.id, None)
        else:
            self._barred[entry.id] = entry


def _accept(entry: ServiceKeyEntry | ApiKeyEntry) -> None:
    try:
        directory.check_key(entry, now=datetime.now(UTC))
    except KeyRefused as refusal:
        raise Unauthorized(refusal.detail) from refusal


def _columns(seen: Iterable[Seen]) -> dict[str, list[Any]]:
    """In one order in all processes, so that none waits for another that waits for it."""
    by_key, by_hour, by_address = zip(*sorted(seen), strict=True)
    return {"keys": list(by_key), "hours": list(by_hour), "addresses": list(by_address)}


def _keep(known: dict[bytes, _Value], name: bytes, value: _Value) -> None:
    if len(known) >= KEYS_MAX:
        known.clear()
    known[name] = value


def _renew(known: dict[bytes, _Entry], entry: _Entry) -> None:
    """What nobody has presented here is not kept."""
    if entry.digest in known:
        known[entry.digest] = entry
