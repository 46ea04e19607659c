"""What a customer has: balance, lots, transactions, and how credits are granted."""

from http import HTTPStatus
from typing import IO, Any

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import ids
from accounts.directory import ServiceKeyEntry
from accounts.idempotency import Answer, answer_once
from accounts.models import Scope
from accounts.rest import KeyedView, StrictJSONParser, validated
from accounts.selectors import customer_by_id
from ledger import paging, runway, selectors, services
from ledger.api.of_customer import OfCustomerView
from ledger.fastpath.http import decode
from ledger.paging import ByNumber
from ledger.selectors import Balance
from ledger.serializers import (
    CustomerBalanceOutput,
    GrantInput,
    GrantOutput,
    LotOutput,
    TransactionOutput,
)


class AmountParser(StrictJSONParser):
    """Tells an amount that is no JSON number, such as NaN, from a body that is no JSON."""

    def parse(self, stream: IO[Any], *context: Any) -> Any:
        return decode(stream.read())


class GrantsView(KeyedView):
    required_scopes = {"POST": Scope.ADMIN}
    parser_classes = [AmountParser]

    def post(self, request: Request, customer_id: str) -> HttpResponse:
        uuid = ids.decode(ids.CUSTOMER, customer_id)

        def grant() -> Answer:
            customer_by_id(uuid)
            fields = validated(GrantInput(data=request.data))
            result = services.grant(uuid, actor=actor_of(request), **fields)
            granted = {
                "lot_id": result.lot_id,
                "transaction_id": result.transaction_id,
                "balance": Balance.after(result),
            }
            return Answer(HTTPStatus.CREATED, GrantOutput(granted).data)

        return answer_once(request, customer_id=uuid, work=grant)


class BalanceView(OfCustomerView):
    def get(self, request: Request, customer_id: str) -> Response:
        uuid = self.customer()
        balance = selectors.balance(uuid)
        shown = {
            **balance._asdict(),
            "total": balance.total,
            "customer": uuid,
            "expiring": selectors.expiring_lots(uuid),
            "runway_days": runway.days(uuid, available=balance.available),
        }
        return Response(CustomerBalanceOutput(shown).data)


class LotsView(OfCustomerView):
    def get(self, request: Request, customer_id: str) -> Response:
        asked = paging.asked(request.query_params, ByNumber)
        lots = selectors.lots(self.customer(), asked)
        return Response(paging.page(lots, asked, key=lambda lot: ByNumber(lot.seq), show=LotOutput))


class TransactionsView(OfCustomerView):
    def get(self, request: Request, customer_id: str) -> Response:
        asked = paging.asked(request.query_params, ByNumber)
        transactions = selectors.transactions(self.customer(), asked)
        return Response(
            paging.page(
                transactions,
                asked,
                key=lambda transaction: ByNumber(transaction.first.version),
                show=TransactionOutput,
            )
        )


def actor_of(request: Request) -> str:
    assert isinstance(request.auth, ServiceKeyEntry)
    return ids.encode(ids.KEY, request.auth.id)
