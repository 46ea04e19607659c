"""A customer's sandbox: what it has, a refill, and its clock."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import ids
from accounts import sandboxes as accounts_sandboxes
from accounts.errors import NotFound
from accounts.idempotency import Answer, answer_once
from accounts.models import Customer, Scope
from accounts.rest import KeyedView, validated
from accounts.selectors import customer_by_id
from accounts.serializers import PrefixedIdField, SecondsField, StrictInput
from ledger import sandboxes, selectors
from ledger.api.wallet import AmountParser, actor_of
from ledger.selectors import Balance
from ledger.serializers import AmountField, BalanceOutput, GrantOutput


class RefillInput(StrictInput):
    amount = AmountField(
        required=False, help_text="Test credits; as many as usual when it is left out."
    )

    def validate_amount(self, amount: int) -> int:
        if not 0 < amount <= sandboxes.REFILL_MAX:
            raise serializers.ValidationError("From a part of a credit to a thousand million.")
        return amount


class ClockInput(StrictInput):
    seconds = SecondsField(
        min_value=1,
        max_value=int(sandboxes.MOVE_MAX.total_seconds()),
        help_text="By so much the clock goes on. It never goes back.",
    )


class SandboxOutput(serializers.Serializer[Any]):
    id = PrefixedIdField(ids.CUSTOMER, help_text="The customer that test keys spend for.")
    customer = PrefixedIdField(ids.CUSTOMER, source="sandbox_of_id")
    status = serializers.CharField()
    now = serializers.DateTimeField(help_text="What its clock says.")
    balance = BalanceOutput()
    livemode = serializers.BooleanField()


class RefillOutput(GrantOutput):
    customer = PrefixedIdField(ids.CUSTOMER)
    livemode = serializers.BooleanField()


class SandboxView(KeyedView):
    required_scopes = {"GET": Scope.READ}
    open_to_the_customer = True

    def get(self, request: Request, customer_id: str) -> Response:
        return Response(_shown(_known(customer_by_id(ids.decode(ids.CUSTOMER, customer_id)))))


class RefillView(KeyedView):
    required_scopes = {"POST": Scope.ADMIN}
    parser_classes = [AmountParser]

    def post(self, request: Request, customer_id: str) -> HttpResponse:
        uuid = ids.decode(ids.CUSTOMER, customer_id)

        def refill() -> Answer:
            customer = customer_by_id(uuid)
            amount = validated(RefillInput(data=request.data)).get("amount")
            sandbox = sandboxes.opened(customer)
            result = sandboxes.refill(sandbox, amount, actor=actor_of(request))
            granted = {
                "customer": sandbox.id,
                "lot_id": result.lot_id,
                "transaction_id": result.transaction_id,
                "balance": Balance.after(result),
                "livemode": False,
            }
            return Answer(HTTPStatus.CREATED, RefillOutput(granted).data)

        return answer_once(request, customer_id=uuid, work=refill)


class ClockView(KeyedView):
    required_scopes = {"POST": Scope.ADMIN}

    def post(self, request: Request, customer_id: str) -> HttpResponse:
        uuid = ids.decode(ids.CUSTOMER, customer_id)

        def move() -> Answer:
            customer = customer_by_id(uuid)
            seconds = validated(ClockInput(data=request.data))["seconds"]
            sandbox = sandboxes.opened(customer)
            sandboxes.move_clock(sandbox, timedelta(seconds=seconds))
            return Answer(HTTPStatus.OK, _shown(sandbox))

        return answer_once(request, customer_id=uuid, work=move)


def _known(customer: Customer) -> Customer:
    """Raises NotFound where none was opened yet."""
    if customer.sandbox_of_id is not None:
        return customer
    sandbox = accounts_sandboxes.of(customer)
    if sandbox is None:
        raise NotFound
    return sandbox


def _shown(sandbox: Customer) -> dict[str, Any]:
    shown = {
        "id": sandbox.id,
        "sandbox_of_id": sandbox.sandbox_of_id,
        "status": sandbox.status,
        "now": sandboxes.clock(sandbox),
        "balance": selectors.balance(sandbox.id),
        "livemode": False,
    }
    return SandboxOutput(shown).data
