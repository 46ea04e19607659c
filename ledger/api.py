"""The ledger over HTTP, all but the debits themselves: those are answered by the fast path."""

from http import HTTPStatus
from typing import IO, Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import ids
from accounts.authentication import service_of
from accounts.directory import ApiKeyEntry, ServiceKeyEntry
from accounts.errors import InvalidRequest
from accounts.idempotency import Answer, answer_once
from accounts.idempotency_keys import parse_header
from accounts.models import Scope
from accounts.rest import KeyedView, StrictJSONParser, validated
from accounts.selectors import customer_by_id
from ledger import paging, reservations, selectors, services
from ledger.fastpath.http import decode
from ledger.ids import ReservationId, decode_reservation
from ledger.keys import core_key
from ledger.models import ReservationState
from ledger.paging import ById, ByNumber
from ledger.reservations import Found
from ledger.selectors import Balance
from ledger.serializers import (
    BalanceOutput,
    EndpointOutput,
    ExpiringOutput,
    GrantInput,
    GrantOutput,
    LotOutput,
    ReservationOutput,
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
            result = services.grant(uuid, actor=_actor(request), **fields)
            granted = {
                "lot_id": result.lot_id,
                "transaction_id": result.transaction_id,
                "balance": Balance.after(result),
            }
            return Answer(HTTPStatus.CREATED, GrantOutput(granted).data)

        return answer_once(request, customer_id=uuid, work=grant)


class OfCustomerView(KeyedView):
    """Reads what stands under a customer's id."""

    required_scopes = {"GET": Scope.READ}
    open_to_the_customer = True

    def customer(self) -> UUID:
        """Raises NotFound."""
        return customer_by_id(ids.decode(ids.CUSTOMER, self.kwargs["customer_id"])).id


class BalanceView(OfCustomerView):
    def get(self, request: Request, customer_id: str) -> Response:
        uuid = self.customer()
        balance = selectors.balance(uuid)
        return Response(
            {
                **BalanceOutput(balance).data,
                "customer": customer_id,
                "expiring": ExpiringOutput(selectors.expiring_lots(uuid), many=True).data,
                "runway_days": selectors.runway_days(uuid, available=balance.available),
            }
        )


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


class ReservationView(KeyedView):
    required_scopes = {"GET": Scope.READ}
    open_to_the_customer = True

    def get(self, request: Request, reservation_id: str) -> Response:
        found = reservations.one(self.name())
        balance = selectors.balance(found.row.customer_id)
        return Response({**ReservationOutput(found).data, "balance": BalanceOutput(balance).data})

    def name(self) -> ReservationId:
        return decode_reservation(self.kwargs["reservation_id"])

    def customer_asked_about(self) -> UUID:
        return self.name().customer_id


class ReservationsView(KeyedView):
    required_scopes = {"GET": Scope.READ}
    open_to_the_customer = True

    def get(self, request: Request) -> Response:
        asked = paging.asked(request.query_params, ById)
        found = reservations.some(
            asked,
            customer_id=self.owner(request),
            state=_state(request.query_params.get("status")),
            key=_key(request, request.query_params.get("idempotency_key")),
        )
        return Response(paging.page(found, asked, key=_place, show=ReservationOutput))

    @property
    def allowed_methods(self) -> list[str]:
        """The fast path takes POST."""
        return [*super().allowed_methods, "POST"]

    def customer_asked_about(self) -> UUID | None:
        customer = self.request.query_params.get("customer")
        return None if customer is None else ids.decode(ids.CUSTOMER, customer)

    def owner(self, request: Request) -> UUID | None:
        """Whose are listed: a customer's own key sees the customer's only. Raises NotFound."""
        if isinstance(request.auth, ApiKeyEntry):
            return request.auth.customer_id
        asked_about = self.customer_asked_about()
        return None if asked_about is None else customer_by_id(asked_about).id


class EndpointsView(KeyedView):
    """The rate card in force."""

    required_scopes = {"GET": Scope.READ}
    open_to_the_customer = True

    def get(self, request: Request) -> Response:
        asked = paging.asked(request.query_params, ByNumber)
        prices = selectors.prices_in_force(asked)
        return Response(
            paging.page(prices, asked, key=lambda price: ByNumber(price.id), show=EndpointOutput)
        )

    def customer_asked_about(self) -> None:
        return None


def _actor(request: Request) -> str:
    assert isinstance(request.auth, ServiceKeyEntry)
    return ids.encode(ids.KEY, request.auth.id)


def _place(found: Found) -> ById:
    return ById(found.row.id, found.row.customer_id)


def _state(text: str | None) -> ReservationState | None:
    if text is None:
        return None
    if text not in ReservationState.values:
        known = ", ".join(ReservationState.values)
        raise InvalidRequest([{"field": "status", "detail": f"One of {known}."}])
    return ReservationState(text)


def _key(request: Request, text: str | None) -> UUID | None:
    """The core's name of a key of the calling service."""
    return None if text is None else core_key(service_of(request), parse_header(text))
