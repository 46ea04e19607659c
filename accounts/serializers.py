import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts import ids, limits_of_keys
from accounts.errors import UNKNOWN_FIELD
from accounts.models import ApiKey, CustomerStatus
from accounts.rotation import OVERLAP, OVERLAP_MAX
from accounts.validators import METADATA_PAIRS_MAX, check_metadata, check_time_zone

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


class FlagField(serializers.BooleanField):
    """Neither a text nor a number is made into one."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class SecondsField(serializers.IntegerField):
    """A whole number: a text is not made into one."""

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class ZoneField(TextField):
    default_validators = [check_time_zone]


class EndpointsField(serializers.ListField):
    """Codes that there are."""

    child = TextField(max_length=100)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return _checked(limits_of_keys.endpoints, super().run_validation(data))


class NetworksField(serializers.ListField):
    """CIDR as it is kept."""

    child = TextField(max_length=64)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return _checked(limits_of_keys.networks, super().run_validation(data))


def _checked(check: Callable[[Any], Any], value: Any) -> Any:
    try:
        return check(value)
    except ValidationError as error:
        raise serializers.ValidationError(error.messages) from error


class CustomerInput(StrictInput):
    name = TextField(max_length=200)
    email = serializers.EmailField(max_length=254, allow_null=True, required=False)
    external_id = TextField(max_length=200, allow_null=True, required=False)
    metadata = MetadataField(required=False)
    time_zone = ZoneField(
        max_length=64,
        required=False,
        help_text="Where its days and months begin, by its IANA name; the provider's at first.",
    )


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
    time_zone = serializers.CharField()
    created_at = serializers.DateTimeField()


class ApiKeyChangesInput(StrictInput):
    name = TextField(max_length=100, required=False, allow_blank=True)
    expires_at = InstantField(required=False, allow_null=True, validators=[check_is_ahead])
    endpoints = EndpointsField(
        required=False,
        allow_null=True,
        help_text="Codes of the only endpoints that it pays for; null is all of them.",
    )
    networks = NetworksField(
        required=False,
        help_text="CIDR of IPv4 or IPv6: where the only calls come from that it pays for. An empty "
        "list is anywhere.",
    )


class ApiKeyInput(ApiKeyChangesInput):
    name = TextField(max_length=100, required=False)
    test = FlagField(
        default=False, help_text="Of the customer's sandbox: it spends test credits only."
    )


class ApiKeyPatchInput(ApiKeyChangesInput):
    suspended = FlagField(required=False, help_text="While it is, the key opens nothing.")


class RotationInput(StrictInput):
    overlap = SecondsField(
        min_value=0,
        max_value=int(OVERLAP_MAX.total_seconds()),
        default=int(OVERLAP.total_seconds()),
        help_text="Seconds for which the old key is accepted still; with 0 it ends at once.",
    )


class ApiKeyOutput(serializers.Serializer[Any]):
    id = PrefixedIdField(ids.KEY)
    customer = PrefixedIdField(ids.CUSTOMER, source="customer_id")
    name = serializers.CharField()
    prefix = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    endpoints = serializers.ListField(child=serializers.CharField(), allow_null=True)
    networks = serializers.ListField(child=serializers.CharField())
    suspended_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)
    replaced_by = PrefixedIdField(ids.KEY, source="replaced_by_id", allow_null=True)
    livemode = serializers.SerializerMethodField()

    @extend_schema_field(bool)
    def get_livemode(self, key: ApiKey) -> bool:
        return not key.is_test()


class NewApiKeyOutput(ApiKeyOutput):
    secret = serializers.CharField(allow_null=True)


class RotatedKeyOutput(NewApiKeyOutput):
    old = ApiKeyOutput()
