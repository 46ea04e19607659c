"""The types that requests are decoded with and answers encoded from, as JSON schemas."""

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_type_hints

import msgspec
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry
from msgspec import Struct, UnsetType
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

Json = dict[str, Any]

Direction = Literal["request", "response"]
REF = "#/components/schemas/{name}"


class Schemas:
    """Serializers and structs that the document names, with those that they name themselves."""

    def __init__(self) -> None:
        self._registry = ComponentRegistry()
        self._mapper = AutoSchema()
        self._mapper.registry = self._registry
        # It asks the view what belongs to no view here.
        self._mapper.view = APIView(request=None)
        self._structs: Json = {}

    def request(self, shape: Any, *, partial: bool = False) -> Json:
        return self._ref(shape, "request", partial=partial)

    def answer(self, shape: Any) -> Json:
        return self._ref(shape, "response")

    def may_be_empty(self, ref: Json) -> bool:
        """No body is an empty object to this service."""
        return not self.components()[ref["$ref"].rsplit("/", 1)[1]].get("required")

    def components(self) -> Json:
        built: Json = self._registry.build({})["schemas"]
        for schema in built.values():
            for field in schema.get("properties", {}).values():
                field.pop("x-spec-enum-id", None)
        return {**built, **self._structs}

    def _ref(self, shape: Any, direction: Direction, *, partial: bool = False) -> Json:
        if issubclass(shape, Serializer):
            self._mapper.method = "PATCH" if partial else "POST"
            serializer = shape(partial=partial)
            ref: Json = self._mapper.resolve_serializer(serializer, direction).ref
            return ref
        (ref,), named = msgspec.json.schema_components([shape], ref_template=REF)
        self._structs |= named
        for struct in _structs(shape):
            _leave_out_unset(struct, named[struct.__name__])
        return ref


def _structs(shape: Any) -> Iterator[type[Struct]]:
    """The struct, or those in a type, and in their fields."""
    if isinstance(shape, type) and issubclass(shape, Struct):
        yield shape
        for hint in get_type_hints(shape).values():
            yield from _structs(hint)
    for part in get_args(shape):
        yield from _structs(part)


def _leave_out_unset(struct: type[Struct], schema: Json) -> None:
    """msgspec takes a field for required that has no default, even where it may be unset."""
    unset = {name for name, hint in get_type_hints(struct).items() if UnsetType in get_args(hint)}
    schema["required"] = [name for name in schema["required"] if name not in unset]
