"""The debit API's operations, as requests. Each is made once for a logical call, with its own
idempotency key, and sent as often as it takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from drawdown import amounts
from drawdown.amounts import Credits
from drawdown.ids import uuid7
from drawdown.wire import Request, encode

Quantity = Mapping[str, int] | int
Overrun = Literal["reject", "cap", "available"]
Outcome = Literal["success", "client_error", "server_error", "timeout", "partial"]


@dataclass(frozen=True, slots=True)
class Operation:
    """`name` is what a list calls it; None where lists do not take it. Under a key of its caller's
    own it may be sent again by the caller."""

    name: str | None
    path: str
    fields: dict[str, Any]
    key: str
    reservation: str | None = None
    has_own_key: bool = False

    def request(self) -> Request:
        return Request("POST", self.path, self.fields, self.key)

    def item(self) -> bytes:
        """As one of a list, in JSON. Raises TypeError and ValueError for what that cannot say."""
        named = {"reservation": self.reservation} if self.reservation else {}
        return encode({"op": self.name, "idempotency_key": self.key} | named | self.fields)


def reserve(
    customer: str | None,
    endpoint: str | None,
    *,
    api_key: str | None = None,
    method: str | None = None,
    path: str | None = None,
    quantity: Quantity | None = None,
    amount: Credits | None = None,
    expires_in: timedelta | None = None,
    overrun: Overrun | None = None,
    metadata: Mapping[str, str] | None = None,
    key: str | None = None,
) -> Operation:
    """Raises ValueError where not exactly one of customer and api_key is named."""
    fields = _payer(customer, api_key) | _given(
        endpoint=endpoint,
        method=method,
        path=path,
        quantity=quantity,
        amount=None if amount is None else amounts.text(amount),
        expires_in=None if expires_in is None else seconds(expires_in),
        overrun=overrun,
        metadata=None if metadata is None else dict(metadata),
    )
    made = key or str(uuid7())
    return Operation("reserve", "/v1/reservations", fields, made, has_own_key=key is not None)


def debit(
    customer: str | None,
    endpoint: str | None,
    *,
    api_key: str | None = None,
    method: str | None = None,
    path: str | None = None,
    quantity: Quantity | None = None,
    amount: Credits | None = None,
    metadata: Mapping[str, str] | None = None,
    key: str | None = None,
) -> Operation:
    fields = _payer(customer, api_key) | _given(
        endpoint=endpoint,
        method=method,
        path=path,
        quantity=quantity,
        amount=None if amount is None else amounts.text(amount),
        metadata=None if metadata is None else dict(metadata),
    )
    return Operation("debit", "/v1/debits", fields, key or str(uuid7()))


def commit(
    reservation: str,
    *,
    amount: Credits | None = None,
    quantity: Quantity | None = None,
    outcome: Outcome | None = None,
    status_code: int | None = None,
    final: bool = True,
    key: str | None = None,
) -> Operation:
    fields = _given(
        amount=None if amount is None else amounts.text(amount),
        quantity=quantity,
        outcome=outcome,
        status_code=status_code,
        final=None if final else False,
    )
    return _settling("commit", reservation, fields, key)


def release(reservation: str, *, key: str | None = None) -> Operation:
    return _settling("release", reservation, {}, key)


def extend(reservation: str, *, expires_in: timedelta, key: str | None = None) -> Operation:
    """So long from now."""
    path = f"/v1/reservations/{reservation}/extend"
    return Operation(None, path, {"expires_in": seconds(expires_in)}, key or str(uuid7()))


def reverse(
    reservation: str, *, reason: str, amount: Credits | None = None, key: str | None = None
) -> Operation:
    fields = _given(reason=reason, amount=None if amount is None else amounts.text(amount))
    path = f"/v1/reservations/{reservation}/reverse"
    return Operation(None, path, fields, key or str(uuid7()))


def seconds(length: timedelta) -> int:
    return max(1, round(length.total_seconds()))


def _settling(name: str, reservation: str, fields: dict[str, Any], key: str | None) -> Operation:
    path = f"/v1/reservations/{reservation}/{name}"
    return Operation(name, path, fields, key or str(uuid7()), reservation)


def _payer(customer: str | None, api_key: str | None) -> dict[str, Any]:
    if (customer is None) == (api_key is None):
        raise ValueError("Say who pays: either a customer or an api_key.")
    return _given(customer=customer, api_key=api_key)


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
