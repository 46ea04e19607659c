"""How fields of events are shown outside: ids with their prefix, credits as decimal strings, money
with its currency, times in UTC."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from accounts import ids
from ledger import amounts, limits, money
from ledger.ids import LOT, TRANSACTION, ReservationId
from ledger.limits.written import name_of
from ledger.outbox import Event

# What a field says of an event; None: nothing.
Show = Callable[[Event], Any]


def credits(name: str) -> Show:
    return lambda event: _if_told(event, name, amounts.show)


def text(name: str) -> Show:
    return lambda event: event.data.get(name)


def instant(name: str) -> Show:
    return lambda event: _if_told(event, name, _in_utc)


def id_of(prefix: str, name: str) -> Show:
    return lambda event: _if_told(event, name, lambda id: ids.encode(prefix, UUID(id)))


def subject(prefix: str) -> Show:
    return lambda event: ids.encode(prefix, UUID(event.subject)) if event.subject else None


def limited(event: Event) -> Any:
    """The key's id or the endpoint's code, whose cap it is."""
    scope, inside = event.data["scope"], event.data["subject"]
    return name_of(scope, limits.subject_of(scope, UUID(inside) if inside else None))


def paid(event: Event) -> Any:
    """Minor units of the currency beside them."""
    amount, currency = event.data.get("amount"), event.data.get("currency")
    return None if amount is None or currency is None else money.show(amount, currency)


def lot(event: Event) -> Any:
    """What was moved from another customer comes in several, and is named by its transaction."""
    return None if event.data.get("kind") == "move" else subject(LOT)(event)


def transaction(event: Event) -> Any:
    moved = event.subject if event.data.get("kind") == "move" else event.data.get("transaction")
    return ids.encode(TRANSACTION, UUID(moved)) if moved else None


def reservation(event: Event) -> Any:
    if event.subject is None:
        return None
    price_id = event.data.get("price_id") or 0
    return str(ReservationId(event.customer_id, UUID(event.subject), price_id))


def purpose(event: Event) -> Any:
    """The ledger's own threshold is that nothing is left."""
    told = event.data.get("purpose")
    return "exhausted" if told == "dry" else told


def threshold(event: Event) -> Any:
    basis, value = event.data.get("basis"), event.data.get("value")
    if basis is None or value is None:
        return None
    return {"basis": basis, "value": amounts.show(value) if basis == "credits" else value}


def _if_told(event: Event, name: str, show: Callable[[Any], Any]) -> Any:
    value = event.data.get(name)
    return None if value is None else show(value)


def _in_utc(said: str) -> datetime:
    return datetime.fromisoformat(said).astimezone(UTC)
