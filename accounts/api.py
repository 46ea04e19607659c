from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.utils.module_loading import import_string
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import ids, rotation, selectors, services
from accounts.errors import NotFound
from accounts.idempotency import Answer, answer_once
from accounts.models import HOUSE_ID, ApiKey, Scope, ServiceKey
from accounts.rest import KeyedView, validated
from accounts.rotation import RotatedKey
from accounts.serializers import (
    ApiKeyInput,
    ApiKeyOutput,
    ApiKeyPatchInput,
    CustomerChangesInput,
    CustomerInput,
    CustomerOutput,
    RotationInput,
)
from accounts.services import NewApiKey


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
            if fields.pop("test"):
                customer = import_string(settings.SANDBOX_OPENED)(customer)
            return _new(services.create_api_key(customer=customer, **fields))

        return answer_once(request, customer_id=uuid, work=create)


class KeyView(KeyedView):
    required_scopes = {"PATCH": Scope.ADMIN, "DELETE": Scope.ADMIN}

    def patch(self, request: Request, key_id: str) -> HttpResponse:
        key = _of_a_customer(key_id)

        def change() -> Answer:
            changes = validated(ApiKeyPatchInput(data=request.data, partial=True))
            suspended = changes.pop("suspended", None)
            services.change_key(key, **changes)
            if suspended is not None:
                do = services.suspend_key if suspended else services.resume_key
                do(key, by_provider=True)
            return Answer(HTTPStatus.OK, ApiKeyOutput(key).data)

        return answer_once(request, customer_id=key.customer_id, work=change)

    def delete(self, request: Request, key_id: str) -> HttpResponse:
        key = selectors.key_by_id(ids.decode(ids.KEY, key_id))

        def revoke() -> Answer:
            services.revoke_key(key)
            return Answer(HTTPStatus.NO_CONTENT)

        return answer_once(request, customer_id=_owner(key), work=revoke)


class KeyRotationView(KeyedView):
    required_scopes = {"POST": Scope.ADMIN}

    def post(self, request: Request, key_id: str) -> HttpResponse:
        key = _of_a_customer(key_id)

        def rotate() -> Answer:
            seconds = validated(RotationInput(data=request.data))["overlap"]
            made = rotation.rotate_key(key, overlap=timedelta(seconds=seconds))
            return _new(made, old=ApiKeyOutput(made.old).data)

        return answer_once(request, customer_id=key.customer_id, work=rotate)


def _new(made: NewApiKey | RotatedKey, **also: Any) -> Answer:
    """The secret is in the first answer only."""
    shown = {**ApiKeyOutput(made.key).data, **also}
    return Answer(
        HTTPStatus.CREATED,
        content={**shown, "secret": made.secret},
        replay={**shown, "secret": None},
    )


def _of_a_customer(key_id: str) -> ApiKey:
    """Raises NotFound, for a service's too: its scopes are its limits."""
    key = selectors.key_by_id(ids.decode(ids.KEY, key_id))
    if not isinstance(key, ApiKey):
        raise NotFound
    return key


def _owner(key: ServiceKey | ApiKey) -> UUID:
    return key.customer_id if isinstance(key, ApiKey) else HOUSE_ID
