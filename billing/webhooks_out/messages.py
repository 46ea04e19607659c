"""An event as it is sent: `type`, `timestamp` and `data`, as Standard Webhooks has it."""

from typing import Any

import msgspec

from accounts import ids
from billing.webhooks_out.catalogue import BY_NAME
from ledger.outbox import Event


def message(event: Event, *, is_test: bool = False) -> dict[str, Any]:
    """What happens in a sandbox says so."""
    shown = {name: show(event) for name, show in BY_NAME[event.kind].fields.items()}
    told = {name: value for name, value in shown.items() if value is not None}
    return {
        "type": event.kind,
        "timestamp": event.created_at,
        **({"livemode": False} if is_test else {}),
        "data": {"customer": ids.encode(ids.CUSTOMER, event.customer_id), **told},
    }


def body(event: Event, *, is_test: bool = False) -> str:
    return msgspec.json.encode(message(event, is_test=is_test)).decode()


def example(name: str) -> str:
    """For people, of the type with this name."""
    encoded = body(BY_NAME[name].example).encode()
    return msgspec.json.format(encoded, indent=2).decode()
