from uuid import UUID

from django.http import QueryDict
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import ids
from accounts.authentication import service_of
from accounts.directory import ApiKeyEntry
from accounts.idempotency_keys import parse_header
from accounts.models import Scope
from accounts.rest import KeyedView
from accounts.selectors import customer_by_id
from ledger import paging, reservations, selectors
from ledger.api import parameters
from ledger.ids import ReservationId, decode_reservation
from ledger.keys import core_key
from ledger.models import ReservationState
from ledger.paging import ById
from ledger.reservations import Found
from ledger.serializers import BalanceOutput, ReservationOutput


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
            state=_state(request.query_params),
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


def _place(found: Found) -> ById:
    return ById(found.row.id, found.row.customer_id)


def _state(query: QueryDict) -> ReservationState | None:
    text = parameters.choice(query, "status", ReservationState.values)
    return ReservationState(text) if text else None


def _key(request: Request, text: str | None) -> UUID | None:
    """The core's name of a key of the calling service."""
    return None if text is None else core_key(service_of(request), parse_header(text))
