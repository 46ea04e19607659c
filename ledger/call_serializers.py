"""Calls as they are shown: one by one, summed, and estimated."""

from collections.abc import Mapping
from typing import Any, get_args

from rest_framework import serializers

from accounts import ids
from accounts.serializers import PrefixedIdField
from ledger.ids import TRANSACTION
from ledger.models import ReservationState
from ledger.prices.pricing import Outcome
from ledger.serializers import AmountField, PriceOutput


class KeyOutput(serializers.Serializer[Any]):
    id = PrefixedIdField(ids.KEY)
    prefix = serializers.CharField(help_text="What the key starts with.")


class CallOutput(serializers.Serializer[Any]):
    id = serializers.CharField(source="found.name")
    status = serializers.ChoiceField(ReservationState.choices, source="found.state")
    endpoint = serializers.CharField(
        source="found.price.endpoint.code", default=None, allow_null=True
    )
    key = KeyOutput(allow_null=True, help_text="The customer's key that was presented.")
    cost = AmountField(help_text="What was committed, net of what was given back.")
    amount = AmountField(source="found.row.amount", help_text="What was held.")
    committed = AmountField(source="found.row.committed")
    reversed = AmountField(source="found.row.reversed")
    outcome = serializers.ChoiceField(
        get_args(Outcome), source="found.row.outcome", allow_null=True
    )
    quantity = serializers.DictField(
        child=serializers.CharField(), source="found.quantities", allow_null=True
    )
    calls = serializers.IntegerField(
        source="found.row.calls",
        help_text="How many it stands for: of a lease's settlement, or an event, often many. 0: "
        "a lease itself.",
    )
    transaction = PrefixedIdField(TRANSACTION, source="found.row.transaction_id", allow_null=True)
    request_id = serializers.CharField(
        source="found.row.request_id", allow_null=True, help_text="Of the request that made it."
    )
    ended_request_id = serializers.CharField(
        source="found.row.ended_request_id",
        allow_null=True,
        help_text="Of the request that ended it.",
    )
    address = serializers.CharField(
        allow_null=True, help_text="Of the service that asked. Customers do not see it."
    )
    created_at = serializers.DateTimeField(source="found.row.created_at")
    happened_at = serializers.DateTimeField(
        source="found.row.happened_at",
        allow_null=True,
        help_text="When it was done, of what was reported after the fact.",
    )
    reported = serializers.BooleanField(
        source="is_reported", help_text="It came as a usage event, after it was done."
    )
    ended_at = serializers.DateTimeField(source="found.ended_at", allow_null=True)
    metadata = serializers.DictField(
        child=serializers.CharField(), source="found.row.metadata", allow_null=True
    )


class UsageOutput(serializers.Serializer[Any]):
    """Has those of day, endpoint, key and outcome that it is grouped by."""

    day = serializers.DateField(source="group.day", required=False)
    endpoint = serializers.CharField(source="group.endpoint", required=False, allow_null=True)
    key = KeyOutput(required=False, allow_null=True)
    outcome = serializers.CharField(source="group.outcome", required=False, allow_null=True)
    calls = serializers.IntegerField()
    credits = AmountField(source="amount")


class EstimatedOutput(serializers.Serializer[Any]):
    endpoint = serializers.CharField(source="price.endpoint")
    amount = AmountField(source="charge.amount")
    quantity = serializers.DictField(
        child=serializers.CharField(), source="charge.quantities", allow_null=True
    )
    price = PriceOutput()


class EstimateOutput(serializers.Serializer[Any]):
    amount = AmountField(help_text="All of them together.")
    calls = EstimatedOutput(source="lines", many=True)
    customer = PrefixedIdField(ids.CUSTOMER, source="customer_id", allow_null=True)
    covered = serializers.SerializerMethodField(
        help_text="Whether the customer could pay for all of them now. Null: no customer was named."
    )
    available = AmountField(source="cover.available", default=None, allow_null=True)
    shortfall = AmountField(source="cover.shortfall", default=None, allow_null=True)

    def get_covered(self, estimate: Mapping[str, Any]) -> bool | None:
        return estimate["cover"] and not estimate["cover"].shortfall
