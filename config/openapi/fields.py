"""Our own kinds of fields, and what drf-spectacular leaves out."""

from typing import Any

from drf_spectacular.extensions import (
    OpenApiSerializerExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.openapi import AutoSchema

from config.openapi import parameters
from ledger.fastpath.requests import AMOUNT_MAX, AMOUNT_PATTERN

Json = dict[str, Any]

AMOUNT: Json = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,6})?$"}
AMOUNT_SENT: Json = {
    "anyOf": [
        {"type": "string", "pattern": AMOUNT_PATTERN},
        {"type": "integer", "minimum": 0, "maximum": AMOUNT_MAX},
    ],
    "description": "Credits: a decimal string with at most six places, or an integer.",
}
MONEY: Json = {
    "type": "object",
    "required": ["amount", "currency"],
    "additionalProperties": False,
    "properties": {
        "amount": {
            "type": "string",
            "description": "With no more places than the currency has.",
            "pattern": r"^[0-9]{1,12}(\.[0-9]{1,4})?$",
        },
        "currency": {
            "type": "string",
            "description": "A code of ISO 4217.",
            "pattern": "^[A-Z]{3}$",
        },
    },
}


class IdExtension(OpenApiSerializerFieldExtension):
    target_class = "accounts.serializers.PrefixedIdField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> Json:
        return parameters.id_of(self.target.prefix)


class AmountExtension(OpenApiSerializerFieldExtension):
    target_class = "ledger.serializers.AmountField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> Json:
        return AMOUNT_SENT if direction == "request" else AMOUNT


class PriceExtension(OpenApiSerializerFieldExtension):
    target_class = "ledger.serializers.PriceField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> Json:
        return MONEY


class StrictExtension(OpenApiSerializerExtension):
    target_class = "accounts.serializers.StrictInput"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: str) -> Json:
        mapped = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return {**mapped, "additionalProperties": False}
