"""What the types of usage events leave open."""

from typing import Any

from config.openapi.parameters import IDS
from config.openapi.schemas import REF
from ledger.fastpath.cloudevents import Event
from ledger.fastpath.reporting import EventResult

Json = dict[str, Any]


def describe(schemas: Json) -> None:
    told = schemas[EventResult.__name__]["properties"]
    told["problem"] = {
        "description": "Of a rejected event, why: what such a request would have been answered.",
        "anyOf": [{"$ref": REF.format(name="Problem")}, {"type": "null"}],
    }
    event = schemas[Event.__name__]["properties"]
    event["subject"] |= IDS["customer_id"]
