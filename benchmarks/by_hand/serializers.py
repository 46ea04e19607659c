from uuid import UUID

from rest_framework import serializers

from benchmarks.by_hand.models import Reservation


class CustomerField(serializers.Field):
    default_error_messages = {"unknown": "No such customer."}

    def to_internal_value(self, data):
        try:
            return UUID(data.removeprefix("cus_"))
        except (AttributeError, ValueError):
            self.fail("unknown")

    def to_representation(self, value):
        return f"cus_{value.hex}"


class NewReservationSerializer(serializers.Serializer):
    customer = CustomerField()
    endpoint = serializers.ChoiceField(["classify", "summarize", "extract-pdf"])


class CommitSerializer(serializers.Serializer):
    amount = serializers.DecimalField(max_digits=18, decimal_places=6, min_value=0)


class ReservationSerializer(serializers.ModelSerializer):
    id = serializers.SerializerMethodField()
    customer = CustomerField(source="wallet_id")
    available = serializers.DecimalField(max_digits=18, decimal_places=6, source="wallet.available")

    class Meta:
        model = Reservation
        fields = [
            "id",
            "customer",
            "endpoint",
            "status",
            "amount",
            "committed",
            "expires_at",
            "available",
        ]

    def get_id(self, reservation):
        return f"rsv_{reservation.id.hex}"
