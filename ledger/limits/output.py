from typing import Any, get_args

from rest_framework import serializers

from ledger.limits import Kind, Period, Scope, Source
from ledger.serializers import AmountField


class LimitOutput(serializers.Serializer[Any]):
    # DRF's fields have an attribute of this name, which declared ones leave alone.
    source = serializers.ChoiceField(get_args(Source))  # type: ignore[assignment]
    kind = serializers.ChoiceField(get_args(Kind))
    scope = serializers.ChoiceField(get_args(Scope))
    subject = serializers.CharField(allow_null=True)
    period = serializers.ChoiceField(get_args(Period), allow_null=True)
    hard = AmountField(allow_null=True)
    soft = AmountField(allow_null=True)
    count = serializers.IntegerField(allow_null=True)
    calls = serializers.IntegerField(allow_null=True)
    seconds = serializers.IntegerField(allow_null=True)
    used = AmountField(allow_null=True)
    open = serializers.IntegerField(allow_null=True)
    starts_at = serializers.DateTimeField(allow_null=True)
    resets_at = serializers.DateTimeField(allow_null=True)


class LimitsOutput(serializers.Serializer[Any]):
    """Those in force, what is used of each, and when its window ends."""

    time_zone = serializers.CharField()
    limits = LimitOutput(many=True)
