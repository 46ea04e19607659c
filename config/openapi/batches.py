"""A batch in the words of the single requests: it is decoded one operation at a time, so that a bad
one is refused by itself."""

from typing import Any, Final

from config.openapi import parameters
from config.openapi.schemas import REF
from ledger.fastpath import answers, batch, desk, requests

Json = dict[str, Any]

_KEY: Final[Json] = {
    "type": "string",
    "pattern": "^[ -~]{1,255}$",
    "description": "Names this operation, as Idempotency-Key does a single request.",
}


def describe(schemas: Json) -> None:
    """Fill in what the types leave open."""
    operations = schemas[requests.Batch.__name__]["properties"]["operations"]
    operations["items"] = {"anyOf": [_operation(op, schemas) for op in batch.OPS]}
    schemas[batch.Result.__name__]["properties"]["body"] = {
        "description": "What the operation would have been answered alone.",
        "anyOf": [
            {"$ref": REF.format(name=name)} for name in (answers.Reservation.__name__, "Problem")
        ],
    }


def _operation(op: str, schemas: Json) -> Json:
    alone: Json = schemas[desk.VERBS[op].fields.__name__]
    more: Json = {"op": {"const": op}, "idempotency_key": _KEY}
    if op in batch.SETTLING:
        more["reservation"] = parameters.IDS["reservation_id"]
    return {
        **alone,
        "title": op.capitalize(),
        "properties": more | alone["properties"],
        "required": [*more, *alone["required"]],
    }
