from typing import Any
from uuid import UUID

import msgspec
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts import ids
from accounts.serializers import InstantField, PrefixedIdField, StrictInput, TextField
from ledger import amounts, money, selectors
from ledger.errors import MalformedAmount
from ledger.fastpath import answers
from ledger.ids import LOT, TRANSACTION
from ledger.models import LotKind, Price, ReservationState, Transfer
from ledger.prices import pricing
from ledger.reservations import Found
from ledger.selectors import Transaction

MAX_PRIORITY = 32_767


class AmountField(serializers.Field[int, Any, str, int]):
    """Credits. Raises MalformedAmount, for null too."""

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        if data is None:
            raise MalformedAmount
        return super().validate_empty_values(data)

    def to_internal_value(self, data: Any) -> int:
        return amounts.parse(data)

    def to_representation(self, value: int) -> str:
        return amounts.show(value)


class PriceField(serializers.Field[Any, Any, Any, Any]):
    """Money as `price`, in minor units, and its `currency`, whose names its owner shares."""

    def __init__(self, **options: Any) -> None:
        super().__init__(source="*", **options)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        price = money.parse(data)
        return {"price": price.amount, "currency": price.currency}

    def to_representation(self, value: Any) -> dict[str, str] | None:
        return money.show(value.price, value.currency) if value.currency else None


class GrantInput(StrictInput):
    amount = AmountField()
    kind = serializers.ChoiceField([LotKind.PROMO, LotKind.GOODWILL, LotKind.PAID])
    price = PriceField(required=False)
    expires_at = InstantField(required=False, allow_null=True)
    priority = serializers.IntegerField(required=False, min_value=0, max_value=MAX_PRIORITY)
    reason = TextField(required=False, allow_null=True, max_length=500)


class BalanceOutput(serializers.Serializer[Any]):
    available = AmountField()
    held = AmountField()
    frozen = AmountField()
    total = AmountField()


class GrantOutput(serializers.Serializer[Any]):
    lot = PrefixedIdField(LOT, source="lot_id")
    transaction = PrefixedIdField(TRANSACTION, source="transaction_id")
    balance = BalanceOutput()


class ExpiringOutput(serializers.Serializer[Any]):
    lot = PrefixedIdField(LOT, source="id")
    amount = AmountField(source="free")
    expires_at = serializers.DateTimeField()


class CustomerBalanceOutput(BalanceOutput):
    customer = PrefixedIdField(ids.CUSTOMER)
    expiring = ExpiringOutput(
        many=True, help_text="Free credits that expire, with the lot that has them, the next first."
    )
    runway_days = serializers.IntegerField(
        allow_null=True,
        help_text="For how many whole days the credits last at the pace of the last 30 days. Null: "
        "nothing was used.",
    )


class LotOutput(serializers.Serializer[Any]):
    id = PrefixedIdField(LOT)
    customer = PrefixedIdField(ids.CUSTOMER, source="customer_id")
    kind = serializers.ChoiceField(LotKind.choices)
    priority = serializers.IntegerField()
    amount = AmountField(source="units")
    remaining = AmountField()
    held = AmountField()
    frozen = AmountField()
    price = PriceField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    issued_at = serializers.DateTimeField()
    reason = serializers.CharField(allow_null=True)


class TransferOutput(serializers.Serializer[Any]):
    unit = serializers.CharField()
    debit = serializers.CharField()
    credit = serializers.CharField()
    amount = serializers.SerializerMethodField()
    lot = PrefixedIdField(LOT, source="lot_id", allow_null=True)

    def get_amount(self, transfer: Transfer) -> str:
        return money.show_unit(transfer.amount, transfer.unit)


class TransactionOutput(serializers.Serializer[Any]):
    id = PrefixedIdField(TRANSACTION, source="first.transaction_id")
    version = serializers.IntegerField(source="first.version")
    kind = serializers.CharField(source="first.kind")
    amount = AmountField()
    balance_after = AmountField(source="first.balance_after")
    transfers = TransferOutput(many=True)
    reservation = serializers.SerializerMethodField()
    reverses = PrefixedIdField(TRANSACTION, source="first.reverses", allow_null=True)
    reason = serializers.CharField(source="first.reason", allow_null=True)
    posted_at = serializers.DateTimeField(source="first.posted_at")
    effective_at = serializers.DateTimeField(source="first.effective_at", allow_null=True)

    def get_reservation(self, transaction: Transaction) -> str | None:
        return str(transaction.reservation) if transaction.reservation else None


class QuantityPriceOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    per = serializers.IntegerField()
    amount = AmountField()


class TierOutput(serializers.Serializer[Any]):
    up_to = serializers.CharField(allow_null=True, help_text="Null: all that comes after.")
    amount = AmountField()


class UnitOutput(serializers.Serializer[Any]):
    """What is multiplied: `amount`, or its tier's, for every `per` of it."""

    name = serializers.CharField(help_text="`calls`: each call is one.")
    per = serializers.IntegerField()
    mode = serializers.ChoiceField(pricing.MODES)
    amount = AmountField(required=False)
    free = serializers.CharField(required=False, help_text="So many of a month cost nothing.")
    tiers = TierOutput(many=True, required=False)


class PriceOutput(serializers.Serializer[Any]):
    """As the fast path shows it."""

    rate_card = serializers.CharField()
    per_call = AmountField()
    quantity = QuantityPriceOutput(
        allow_null=True, help_text="Of a price that has one quantity at one amount."
    )
    units = UnitOutput(many=True, required=False, help_text="Of any other price.")
    minimum = AmountField(required=False)
    maximum = AmountField(required=False)

    def to_representation(self, instance: Price | pricing.Price) -> dict[str, Any]:
        price = instance if isinstance(instance, pricing.Price) else selectors.priced(instance)
        told: dict[str, Any] = msgspec.to_builtins(answers.shown(price))
        return told


_PER_CENT = {"type": "integer", "minimum": 0, "maximum": pricing.ALL}
_BILLED = {
    "type": "object",
    "properties": dict.fromkeys(pricing.OUTCOMES, _PER_CENT),
    "required": list(pricing.OUTCOMES),
}


class EndpointOutput(serializers.Serializer[Any]):
    code = serializers.CharField(source="endpoint.code")
    name = serializers.CharField(source="endpoint.name")
    method = serializers.CharField(source="endpoint.method")
    path = serializers.CharField(source="endpoint.path_template")
    bills_client_errors = serializers.SerializerMethodField(
        help_text="Whether any of it is billed when a call fails by the caller's fault."
    )
    billed = serializers.SerializerMethodField(
        help_text="Per cent of the price, by how a call ended."
    )
    price = PriceOutput(source="*")

    def get_bills_client_errors(self, price: Price) -> bool:
        return price.endpoint.billed_client_error > 0

    @extend_schema_field(_BILLED)
    def get_billed(self, price: Price) -> dict[str, int]:
        return selectors.billed(price.endpoint)._asdict()


class LotPartOutput(serializers.Serializer[Any]):
    lot = PrefixedIdField(LOT, allow_null=True, help_text="Null: the customer's credit limit.")
    amount = AmountField()


class ReservationOutput(serializers.Serializer[Any]):
    id = serializers.CharField(source="name")
    status = serializers.ChoiceField(ReservationState.choices, source="state")
    customer = PrefixedIdField(ids.CUSTOMER, source="row.customer_id")
    endpoint = serializers.CharField(source="price.endpoint.code", default=None, allow_null=True)
    amount = AmountField(source="row.amount")
    committed = AmountField(source="row.committed")
    released = AmountField()
    uncollected = AmountField(source="row.uncollected")
    reversed = AmountField(source="row.reversed")
    lots = serializers.SerializerMethodField()
    price = PriceOutput(allow_null=True)
    quantity = serializers.DictField(
        child=serializers.CharField(), source="quantities", allow_null=True
    )
    overrun = serializers.CharField(source="row.overrun")
    outcome = serializers.CharField(source="row.outcome", allow_null=True)
    transaction = PrefixedIdField(TRANSACTION, source="row.transaction_id", allow_null=True)
    created_at = serializers.DateTimeField(source="row.created_at")
    expires_at = serializers.DateTimeField(source="row.expires_at")
    ended_at = serializers.DateTimeField(allow_null=True)
    metadata = serializers.DictField(
        child=serializers.CharField(), source="row.metadata", allow_null=True
    )

    @extend_schema_field(LotPartOutput(many=True))
    def get_lots(self, found: Found) -> list[dict[str, str | None]]:
        return [
            {"lot": _lot(lot), "amount": amounts.show(amount)}
            for lot, amount in found.by_lot.items()
        ]


class ReservationNowOutput(ReservationOutput):
    balance = BalanceOutput(help_text="The customer's, now.")


def _lot(lot_id: UUID | None) -> str | None:
    return ids.encode(LOT, lot_id) if lot_id else None
