from http import HTTPStatus
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import ids, selectors, services
from accounts.idempotency import Answer, answer_once
from accounts.models import HOUSE_ID, ApiKey, Scope, ServiceKey
from accounts.rest import KeyedView, validated
from accounts.serializers import (
    ApiKeyInput,
    ApiKeyOutput,
    CustomerChangesInput,
    CustomerInput,
    CustomerOutput,
)


class CustomersView(KeyedView):
    required_scopes = {"POST": Scope.ADMIN}

    def post(self, request: Request) -> HttpResponse:
        def create() -> Answer:
            fields = validated(CustomerInput(data=request.data))
            customer = services.create_customer(**fields)
            return Answer(HTTPStatus.CREATED, CustomerOutput(customer).data)

        return answer_once(request, customer_id=HOUSE_ID, work=create)


class CustomerView(KeyedView):
    required_scopes = {"GET": Scope.READ, "PATCH": Scope.ADMIN}
    open_to_the_customer = True

    def get(self, request: Request, customer_id: str) -> Response:
        customer = selectors.customer_by_id(ids.decode(ids.CUSTOMER, customer_id))
        return Response(CustomerOutput(customer).data)

    def patch(self, request: Request, customer_id: str) -> HttpResponse:
        uuid = ids.decode(ids.CUSTOMER, customer_id)

        def change() -> Answer:
            customer = selectors.customer_by_id(uuid)
            changes = validated(CustomerChangesInput(data=request.data, partial=True))
            services.update_customer(customer, **changes)
            return Answer(HTTPStatus.OK, CustomerOutput(customer).data)

        return answer_once(request, customer_id=uuid, work=change)


class CustomerKeysView(KeyedView):
    required_scopes = {"POST": Scope.ADMIN}

    def post(self, request: Request, customer_id: str) -> HttpResponse:
        uuid = ids.decode(ids.CUSTOMER, customer_id)

        def create() -> Answer:
            customer = selectors.customer_by_id(uuid)
            fields = validated(ApiKeyInput(data=request.data))
            key, secret = services.create_api_key(customer=customer, **fields)
            shown = ApiKeyOutput(key).data
            return Answer(
                HTTPStatus.CREATED,
                content={**shown, "secret": secret},
                replay={**shown, "secret": None},
            )

        return answer_once(request, customer_id=uuid, work=create)


class KeyView(KeyedView):
    required_scopes = {"DELETE": Scope.ADMIN}

    def delete(self, request: Request, key_id: str) -> HttpResponse:
        key = selectors.key_by_id(ids.decode(ids.KEY, key_id))

        def revoke() -> Answer:
            services.revoke_key(key)
            return Answer(HTTPStatus.NO_CONTENT)

        return answer_once(request, customer_id=_owner(key), work=revoke)


def _owner(key: ServiceKey | ApiKey) -> UUID:
    return key.customer_id if isinstance(key, ApiKey) else HOUSE_ID
