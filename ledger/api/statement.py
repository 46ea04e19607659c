"""Every change of a balance between two instants."""

from datetime import datetime, timedelta
from typing import Any, Final

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import InvalidRequest
from accounts.serializers import PrefixedIdField
from ledger import paging, periods, statements
from ledger.api.of_customer import OfCustomerView
from ledger.ids import LOT, TRANSACTION
from ledger.paging import ByNumber
from ledger.periods import Period
from ledger.serializers import AmountField

DEFAULT: Final = timedelta(days=30)
LONGEST: Final = timedelta(days=366 * 10_000)


class PartOutput(serializers.Serializer[Any]):
    lot = PrefixedIdField(
        LOT, source="lot_id", allow_null=True, help_text="Null: the customer's credit limit."
    )
    amount = AmountField()


class LineOutput(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    transaction = PrefixedIdField(TRANSACTION, source="transaction_id")
    kind = serializers.CharField()
    amount = AmountField(help_text="What the balance gained.")
    balance_after = AmountField(source="balance")
    lots = PartOutput(source="parts", many=True)
    at = serializers.DateTimeField(help_text="When it counts: an expiry when its lot ended.")
    posted_at = serializers.DateTimeField()
    reverses = PrefixedIdField(TRANSACTION, allow_null=True)
    reason = serializers.CharField(allow_null=True)


class EdgeOutput(serializers.Serializer[Any]):
    at = serializers.DateTimeField(source="instant")
    balance = AmountField()


class SumOutput(serializers.Serializer[Any]):
    kind = serializers.CharField()
    amount = AmountField()
    lines = serializers.IntegerField()


class StatementView(OfCustomerView):
    """Of the last 30 days unless asked otherwise, the last line first."""

    def get(self, request: Request, customer_id: str) -> Response:
        query = request.query_params
        asked = paging.asked(query, ByNumber)
        customer = self.customer()
        period = periods.asked_within(query, customer, default=DEFAULT, longest=LONGEST)
        told = statements.statement(customer, _so_far(period, statements.now(customer)))
        lines = statements.lines(customer, told.opening, told.closing, asked)
        page = paging.page(lines, asked, key=lambda line: ByNumber(line.version), show=LineOutput)
        beside = {
            "opening": EdgeOutput(told.opening).data,
            "closing": EdgeOutput(told.closing).data,
            "sums": SumOutput(told.sums, many=True).data,
        }
        return Response(page | beside)


def _so_far(period: Period, now: datetime) -> Period:
    """Up to now. Raises InvalidRequest for what has not begun."""
    if period.start >= now:
        raise InvalidRequest([{"field": "from", "detail": "This must not be in the future."}])
    return Period(period.start, min(period.end, now))
