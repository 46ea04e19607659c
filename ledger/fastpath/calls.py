"""One call of the debit API, between HTTP and the core."""

from typing import Final, NamedTuple

from msgspec import UNSET, UnsetType

from accounts.directory import ServiceKeyEntry
from accounts.errors import AccountsError, Forbidden, InvalidRequest
from ledger import amounts
from ledger.errors import LedgerError
from ledger.fastpath.catalogue import Catalogue
from ledger.fastpath.directory import Directory
from ledger.fastpath.usage_terms import UsageTerms
from ledger.operations import Operation

Refusal = AccountsError | LedgerError

WRITE: Final = "debits:write"
AMOUNT: Final = "debits:amount"
REVERSE: Final = "debits:reverse"


class Memory(NamedTuple):
    """What is known without asking the database."""

    directory: Directory
    catalogue: Catalogue
    usage_terms: UsageTerms


class Sender(NamedTuple):
    """Who sent a request, as its rows will tell."""

    key: ServiceKeyEntry
    request_id: str
    address: str | None


class Call(NamedTuple):
    """One request, sent alone or in a batch."""

    sender: Sender
    op: str
    path: str
    reservation: str  # "": it is to be made
    body: object
    key: str


class Asked(NamedTuple):
    """What the core is asked. Where there is a refusal, only whether this was answered before."""

    operation: Operation
    status: int
    refusal: Refusal | None = None


def check_scope(key: ServiceKeyEntry, scope: str) -> None:
    """Raises Forbidden."""
    if scope not in key.scopes:
        raise Forbidden(f"This takes a service key with the scope {scope}.")


def invalid(field: str, detail: str) -> InvalidRequest:
    return InvalidRequest([{"field": field, "detail": detail}])


def micro_credits(amount: str | int | UnsetType) -> int | None:
    """Raises MalformedAmount."""
    return None if amount is UNSET else amounts.parse(amount)
