from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.utils import timezone
from rest_framework import serializers

from accounts import ids
from accounts.models import CustomerStatus

METADATA_PAIRS_MAX = 20
METADATA_BYTES_MAX = 2048


class PrefixedIdField(serializers.Field[UUID, str, str, UUID]):
    """An id in its outside form, `cus_0190…`."""

    def __init__(self, prefix: str, **options: Any) -> None:
        self.prefix = prefix
        super().__init__(**options)

    def to_representation(self, value: UUID) -> str:
        return ids.encode(self.prefix, value)


def check_metadata(value: object) -> None:
    """At most 20 pairs of strings, 2 KiB as JSON, and none of the null characters jsonb refuses."""
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise serializers.ValidationError("This must be an object of strings.")
    if len(value) > METADATA_PAIRS_MAX:
        raise serializers.ValidationError(f"This has more than {METADATA_PAIRS_MAX} pairs.")
    if any("\0" in text for pair in value.items() for text in pair):
        raise serializers.ValidationError("Null characters are not allowed.")
    if len(msgspec.json.encode(value)) > METADATA_BYTES_MAX:
        raise serializers.ValidationError(f"This is longer than {METADATA_BYTES_MAX} bytes.")


def check_is_ahead(instant: datetime) -> None:
    if instant <= timezone.now():
        raise serializers.ValidationError("This must be in the future.")


class CustomerInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200)
    email = serializers.EmailField(max_length=254, allow_null=True, required=False)
    external_id = serializers.CharField(max_length=200, allow_null=True, required=False)
    metadata = serializers.JSONField(required=False, validators=[check_metadata])


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


class ApiKeyInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100, required=False, allow_blank=True)
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, validators=[check_is_ahead]
    )


class ApiKeyOutput(serializers.Serializer[Any]):
    id = PrefixedIdField(ids.KEY)
    customer = PrefixedIdField(ids.CUSTOMER, source="customer_id")
    name = serializers.CharField()
    prefix = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
