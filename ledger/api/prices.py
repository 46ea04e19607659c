"""What calls cost, and would cost."""

from uuid import UUID

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import ids
from accounts.directory import ApiKeyEntry
from accounts.errors import NotFound
from accounts.models import Scope
from accounts.rest import KeyedView
from accounts.selectors import customer_by_id
from ledger import estimates, paging, selectors
from ledger.call_serializers import EstimateOutput
from ledger.fastpath.requests import Estimate, read
from ledger.paging import ByNumber
from ledger.serializers import EndpointOutput


class EndpointsView(KeyedView):
    """The rate card in force; of a customer, what it pays."""

    required_scopes = {"GET": Scope.READ}
    open_to_the_customer = True

    def get(self, request: Request) -> Response:
        asked = paging.asked(request.query_params, ByNumber)
        customer_id = _customer(request, request.query_params.get("customer"))
        prices = selectors.prices_of(customer_id, selectors.now(), asked)
        return Response(
            paging.page(prices, asked, key=lambda price: ByNumber(price.id), show=EndpointOutput)
        )

    def customer_asked_about(self) -> UUID | None:
        customer = self.request.query_params.get("customer")
        return None if customer is None else ids.decode(ids.CUSTOMER, customer)


class EstimateView(KeyedView):
    """Prices a list of calls. It writes nothing, so it takes no idempotency key."""

    required_scopes = {"POST": Scope.READ}
    open_to_the_customer = True
    reading_methods = (*SAFE_METHODS, "POST")

    def post(self, request: Request) -> Response:
        fields = read(request.data, Estimate)
        payer = _customer(request, fields.customer)
        lines = estimates.lines(fields.calls, payer)
        amount = sum(line.charge.amount for line in lines)
        cover = estimates.cover(payer, amount) if payer else None
        shown = {"lines": lines, "amount": amount, "customer_id": payer, "cover": cover}
        return Response(EstimateOutput(shown).data)

    def customer_asked_about(self) -> None:
        """The body says it."""
        return None


def _customer(request: Request, named: str | None) -> UUID | None:
    """A customer's own key may leave itself out. Raises NotFound."""
    own = request.auth.customer_id if isinstance(request.auth, ApiKeyEntry) else None
    if named is None:
        return own
    asked_about = ids.decode(ids.CUSTOMER, named)
    if own not in (asked_about, None):
        raise NotFound
    return customer_by_id(asked_about).id
