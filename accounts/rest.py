"""What every REST view of ours shares: keys and scopes, strict JSON, errors that name the field."""

from collections.abc import Collection, Iterator, Mapping
from typing import IO, Any, ClassVar
from uuid import UUID

import msgspec
from django.http import HttpRequest
from rest_framework import serializers
from rest_framework.exceptions import MethodNotAllowed, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from accounts import ids
from accounts.acting import recognise
from accounts.authentication import ApiKeyAuthentication, ServiceKeyAuthentication
from accounts.directory import ApiKeyEntry, ServiceKeyEntry
from accounts.errors import Forbidden, InvalidRequest, NotFound, Unauthorized
from accounts.models import Scope


class StrictJSONParser(BaseParser):
    """JSON as RFC 8259 has it: no NaN, and no half surrogate pairs, which no database stores."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return msgspec.json.decode(stream.read())
        except (ValueError, RecursionError) as error:
            raise ParseError(f"The body is not JSON: {error}") from error


class KeyedView(APIView):
    """A view that takes a service's key with the scope that it names for each of its methods.

    Where `open_to_the_customer`, a customer's own key reads what is the customer's, and another
    customer's is answered like what does not exist.
    """

    authentication_classes = [ServiceKeyAuthentication, ApiKeyAuthentication]
    parser_classes = [StrictJSONParser]
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    required_scopes: ClassVar[Mapping[str, Scope]]
    open_to_the_customer: ClassVar[bool] = False
    reading_methods: ClassVar[Collection[str]] = SAFE_METHODS

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """A body is JSON whatever its header says: many forget it, and curl calls it a form."""
        request.META["CONTENT_TYPE"] = StrictJSONParser.media_type
        return super().initialize_request(request, *args, **kwargs)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Whoever reads with a test key is told so."""
        caller = getattr(request, "_auth", None)
        is_test = isinstance(caller, ApiKeyEntry) and caller.is_test
        if is_test and isinstance(response, Response) and isinstance(response.data, dict):
            response.data = {**response.data, "livemode": False}
        return super().finalize_response(request, response, *args, **kwargs)

    def check_permissions(self, request: Request) -> None:
        """Raises Unauthorized, Forbidden, NotFound, and MethodNotAllowed for what has no scope."""
        caller = request.auth
        if not isinstance(caller, ServiceKeyEntry | ApiKeyEntry):
            raise Unauthorized
        method = "GET" if request.method == "HEAD" else request.method
        scope = self.required_scopes.get(method or "")
        if scope is None:
            raise MethodNotAllowed(request.method or "")
        if isinstance(caller, ServiceKeyEntry):
            _check_scope(caller, scope)
            recognise(service=caller.service_id, key=caller.id)
        else:
            self._check_reads_its_own(request, caller)
            recognise(key=caller.id)

    def _check_reads_its_own(self, request: Request, caller: ApiKeyEntry) -> None:
        if not self.open_to_the_customer or request.method not in self.reading_methods:
            raise Forbidden("A customer's key only reads the customer's own account.")
        if self.customer_asked_about() not in (caller.customer_id, None):
            raise NotFound

    def customer_asked_about(self) -> UUID | None:
        """Whose the object is, by its name. None: nobody's, or whoever calls."""
        return ids.decode(ids.CUSTOMER, self.kwargs["customer_id"])


def _check_scope(caller: ServiceKeyEntry, scope: Scope) -> None:
    if scope not in caller.scopes:
        raise Forbidden(f"This takes a service key with the scope {scope}.")


def validated(serializer: serializers.BaseSerializer[Any]) -> Any:
    """What the serializer makes of its input. Raises InvalidRequest."""
    if not serializer.is_valid():
        raise InvalidRequest(list(_named(dict(serializer.errors))))
    return serializer.validated_data


def _named(errors: Mapping[Any, Any], within: str = "") -> Iterator[dict[str, str]]:
    for name, what in errors.items():
        field = within + ("body" if name == api_settings.NON_FIELD_ERRORS_KEY else str(name))
        if isinstance(what, Mapping):
            yield from _named(what, f"{field}.")
        else:
            yield {"field": field, "detail": " ".join(map(str, what))}
