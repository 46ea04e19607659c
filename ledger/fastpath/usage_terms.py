"""What has to be known of usage events without asking the database: whose are posted as debt, and
what time it is. Who has a key is read when it is first named."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import psycopg

from ledger.fastpath.database import Line
from ledger.fastpath.refusals import Unavailable

# When this many keys are known, all are forgotten and those in use read again.
KEYS_MAX: Final = 200_000

_CLOCK: Final = "select clock_timestamp(), extract(epoch from shift)::float8 from ledger_clock"
_DEBTORS: Final = "select customer_id, shortage from ledger_usageterms where shortage = 'debt'"
# As accounts/directory.py: what was not yet visible to the poll before is seen by the next.
_CHANGED: Final = (
    "select customer_id, shortage from ledger_usageterms"
    " where changed_at > %s - interval '10 seconds'"
)
_MOVED: Final = (
    "select customer_id, extract(epoch from clock_shift)::float8 from ledger_wallet"
    " where clock_shift is not null"
)
_OWNERS: Final = (
    "select id, customer_id from accounts_apikey where id = any(%s) and replaced_by_id is null"
)


class UsageTerms:
    def __init__(self, reads: Line) -> None:
        self._reads = reads
        self._as_of: datetime | None = None
        self._shift = timedelta(0)
        self._moved: dict[UUID, timedelta] = {}
        self._debtors: set[UUID] = set()
        self._owners: dict[UUID, UUID] = {}

    async def refresh(self, polls: Line) -> None:
        """Raises psycopg.Error."""
        ((as_of, shift),) = await polls.rows(_CLOCK)
        if self._as_of is None:
            changed = await polls.rows(_DEBTORS)
        else:
            changed = await polls.rows(_CHANGED, [self._as_of])
        for customer_id, shortage in changed:
            (self._debtors.add if shortage == "debt" else self._debtors.discard)(customer_id)
        moved = await polls.rows(_MOVED)
        self._moved = {customer_id: timedelta(seconds=by) for customer_id, by in moved}
        self._shift = timedelta(seconds=shift)
        self._as_of = as_of

    def now(self) -> datetime:
        """By the ledger's clock, which tests and scenarios move."""
        return datetime.now(UTC) + self._shift

    def ahead(self, customer_id: UUID) -> timedelta:
        """Of a test wallet, by how much its clock was moved."""
        return self._moved.get(customer_id, timedelta(0)) if self._moved else timedelta(0)

    def posts_debt(self, customer_id: UUID) -> bool:
        return customer_id in self._debtors if self._debtors else False

    async def learn_owners(self, keys: Iterable[UUID]) -> None:
        """Whose these are. Raises Unavailable."""
        unknown = [key for key in set(keys) if key not in self._owners]
        if not unknown:
            return
        if len(self._owners) > KEYS_MAX:
            self._owners.clear()
        try:
            self._owners.update(await self._reads.rows(_OWNERS, [unknown]))
        except psycopg.Error as error:
            raise Unavailable from error

    def owner(self, key: UUID) -> UUID | None:
        return self._owners.get(key)
