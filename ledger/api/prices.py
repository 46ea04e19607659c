"""What calls cost."""

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from accounts.rest import KeyedView
from ledger import paging, selectors
from ledger.paging import ByNumber
from ledger.serializers import EndpointOutput


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
