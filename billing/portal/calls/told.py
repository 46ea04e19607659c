"""One call, and how its amounts came to be."""

from datetime import UTC, timedelta
from fractions import Fraction
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from accounts.errors import InvalidId, NotFound
from accounts.ids import encode
from accounts.models import Customer
from billing import shown
from billing.portal.calls import called
from billing.portal.calls import filters as call_filters
from billing.portal.calls import price as call_price
from billing.portal.lots import origins as lot_origins
from billing.portal.statement.words import lot_name
from ledger import call_costs, call_news, ids
from ledger.call_costs import Kept
from ledger.call_log import LoggedCall
from ledger.ids import decode_reservation
from ledger.models import Lot, ReservationState
from ledger.prices.parts import Kind
from ledger.reservations import Found
from ledger.serializers import ReservationOutput

_STATES: Final = {
    ReservationState.HELD: "The call runs: its credits are held until it is committed or released.",
    ReservationState.COMMITTED: "The call ended, and what it cost was taken.",
    ReservationState.RELEASED: "The call ended without a charge for what was still held.",
    ReservationState.EXPIRED: "Nobody ended the call in time: what was held is free again.",
    ReservationState.REVERSED: "What it cost was given back.",
}


def found(customer: Customer, text: str) -> LoggedCall:
    """By the name that the API gives it, or by its bare id. Raises NotFound, for another
    customer's too."""
    calls = call_news.with_ids(customer.id, [_id(customer, text)])
    if not calls:
        raise NotFound
    return calls[0]


def seen(call: LoggedCall) -> str:
    """As long as this is the same, so is the page."""
    row = call.found.row
    return f"{call.found.state} {row.committed} {row.reversed} {row.expires_at.timestamp()}"


def page(call: LoggedCall) -> dict[str, Any]:
    one, row = call.found, call.found.row
    kept = call_costs.kept(one)
    sums = call_costs.costs(one, kept)
    outcome = call_filters.OUTCOME_NAMES.get(row.outcome or "", "")
    return {
        "call": call,
        "found": one,
        "row": row,
        "name": str(one.name),
        "seen": seen(call),
        "state": ReservationState(one.state).label,
        "tone": called.TONES[ReservationState(one.state)],
        "told": _STATES[ReservationState(one.state)],
        "is_open": one.state == ReservationState.HELD,
        "is_debit": kept.is_debit,
        "outcome": outcome,
        "outcome_tone": called.OUTCOME_TONES.get(row.outcome or "", "bad"),
        "held_lines": call_price.lines(sums.held),
        "cost_lines": call_price.lines(sums.cost, outcome),
        "month": kept.so_far.get("month", ""),
        "beyond": any(step.kind is Kind.OTHER for step in sums.cost),
        "amounts": _amounts(one, kept),
        "cost": shown.credits(call.cost),
        "amount": shown.credits(row.amount),
        "committed": shown.credits(row.committed),
        "lots": _lots(one),
        "balance": _balance(kept),
        "reversal": _reversal(kept, row.reversed),
        "transaction": encode(ids.TRANSACTION, row.transaction_id) if row.transaction_id else "",
        "statement": _statement(one),
        "statement_line": _statement_line(one),
        "quantities": _quantities(one),
        "json": msgspec.json.format(msgspec.json.encode(raw(one)), indent=2).decode(),
    }


def raw(one: Found) -> dict[str, Any]:
    """As GET /v1/reservations/{id} has it, but for the customer's balance of now."""
    told: dict[str, Any] = ReservationOutput(one).data
    return told


def _id(customer: Customer, text: str) -> UUID:
    try:
        if text.startswith(f"{ids.RESERVATION}_"):
            name = decode_reservation(text)
            if name.customer_id != customer.id:
                raise NotFound
            return name.id
        return UUID(text)
    except (InvalidId, ValueError):
        raise NotFound from None


def _amounts(one: Found, kept: Kept) -> list[tuple[str, str]]:
    """Beside what it cost."""
    row = one.row
    told = [("Held", row.amount)] if not kept.is_debit else []
    told += [("Committed", row.committed)]
    if one.released and not kept.is_debit:
        told += [("Free again", one.released)]
    if row.uncollected:
        told += [("Not collected", row.uncollected)]
    if row.reversed:
        told += [("Given back", row.reversed)]
    return [(name, shown.credits(amount)) for name, amount in told]


def _lots(one: Found) -> list[dict[str, Any]]:
    """What paid, in the order of use; without a lot, what was spent in credit."""
    lots = Lot.objects.filter(
        customer_id=one.row.customer_id, id__in=[id for id in one.by_lot if id]
    )
    known = {lot.id: lot for lot in lots}
    return [
        {
            "id": id,
            "name": lot_name(known[id]) if id in known else "",
            "kind": lot_origins.kind(known[id]) if id in known else "",
            "expires_at": known[id].expires_at if id in known else None,
            "amount": shown.credits(amount),
        }
        for id, amount in one.by_lot.items()
    ]


def _balance(kept: Kept) -> dict[str, str]:
    found = kept.balance
    if found is None:
        return {}
    told = {**found._asdict(), "total": found.total}
    return {name: shown.credits(amount) for name, amount in told.items()}


def _reversal(kept: Kept, reversed: int) -> dict[str, Any] | None:
    found = kept.reversal
    if found is None:
        return None
    transaction = found.transaction_id
    return {
        "amount": shown.credits(found.amount),
        "before": shown.credits(reversed - found.amount) if reversed > found.amount else "",
        "at": found.at,
        "reason": found.reason,
        "transaction": encode(ids.TRANSACTION, transaction) if transaction else "",
    }


def _statement(one: Found) -> str:
    """Of the day on which it ended."""
    if one.row.transaction_id is None or one.ended_at is None:
        return ""
    day = str(one.ended_at.date())
    return f"/portal/statement/?{urlencode({'from': day, 'to': day})}"


def _statement_line(one: Found) -> str:
    """The second in which it ended, and there its own line."""
    if one.row.transaction_id is None or one.ended_at is None:
        return ""
    first = one.ended_at.astimezone(UTC).replace(microsecond=0)
    last = first + timedelta(seconds=1)
    told = {
        "from": f"{first:%Y-%m-%d}",
        "from_time": f"{first:%H:%M:%S}",
        "to": f"{last:%Y-%m-%d}",
        "to_time": f"{last:%H:%M:%S}",
    }
    line = encode(ids.TRANSACTION, one.row.transaction_id)
    return f"/portal/statement/?{urlencode(told)}#{line}"


def _quantities(one: Found) -> list[tuple[str, str, str]]:
    """Unit, reserved, used."""
    reserved, used = one.row.quantities or {}, one.row.used_quantities or {}
    return [
        (unit, _grouped(reserved.get(unit)), _grouped(used.get(unit)))
        for unit in {**reserved, **used}
    ]


def _grouped(quantity: str | None) -> str:
    """As in the sum above it."""
    return "-" if quantity is None else call_price.number(Fraction(quantity))
