import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts import ids
from accounts.errors import UNKNOWN_FIELD
from accounts.models import CustomerStatus
from accounts.validators import METADATA_PAIRS_MAX, check_metadata

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


class StrictInput(serializers.Serializer[Any]):
    """Refuses fields that it does not know."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = data.keys() - self.fields.keys() if isinstance(data, Mapping) else ()
        if unknown:
            raise serializers.ValidationError({name: [UNKNOWN_FIELD] for name in sorted(unknown)})
        return super().to_internal_value(data)


class TextField(serializers.CharField):
    """Text only: a number is not made into one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class InstantField(serializers.DateTimeField):
    """A time that is nobody's local one."""

    def to_internal_value(self, data: Any) -> datetime:
        if not isinstance(data, str) or not _RFC_3339.fullmatch(data):
            raise serializers.ValidationError(
                "This is a time of RFC 3339 with its offset, such as 2030-01-01T00:00:00Z."
            )
        return super().to_internal_value(data)


class PrefixedIdField(serializers.Field[UUID, str, str, UUID]):
    """An id in its outside form, `cus_0190…`."""

    def __init__(self, prefix: str, **options: Any) -> None:
        self.prefix = prefix
        super().__init__(**options)

    def to_representation(self, value: UUID) -> str:
        return ids.encode(self.prefix, value)


@extend_schema_field(
    {
        "type": "object",
        "description": "At most 20 pairs of strings, 2 KiB as JSON.",
        "additionalProperties": {"type": "string"},
        "maxProperties": METADATA_PAIRS_MAX,
    }
)
class MetadataField(serializers.JSONField):
    default_validators = [check_metadata]


def check_is_ahead(instant: datetime) -> None:
    if instant <= timezone.now():
        raise serializers.ValidationError("This must be in the future.")


class CustomerInput(StrictInput):
    name = TextField(max_length=200)
    email = serializers.EmailField(max_length=254, allow_null=True, required=False)
    external_id = TextField(max_length=200, allow_null=True, required=False)
    metadata = MetadataField(required=False)


class CustomerChangesInput(CustomerInput):
    """All of it optional; `status` suspends and resumes."""

    status = serializers.ChoiceField([CustomerStatus.ACTIVE, CustomerStatus.SUSPENDED])


class CustomerOutput(serializers.Serializer[Any]):
    id = PrefixedIdField(ids.CUSTOMER)
    name = serializers.CharField()
    email = serializers.EmailField(allow_null=True)
    external_id = serializers.CharField(allow_null=True)
    metadata = serializers.DictField(child=serializers.CharField())
    status = serializers.CharField()
    created_at = serializers.DateTimeField()


class ApiKeyInput(StrictInput):
    name = TextField(max_length=100, required=False, allow_blank=True)
    expires_at = InstantField(required=False, allow_null=True, validators=[check_is_ahead])


class ApiKeyOutput(serializers.Serializer[Any]):
    id = PrefixedIdField(ids.KEY)
    customer = PrefixedIdField(ids.CUSTOMER, source="customer_id")
    name = serializers.CharField()
    prefix = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)


class NewApiKeyOutput(ApiKeyOutput):
    secret = serializers.CharField(allow_null=True)
