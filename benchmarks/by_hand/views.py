"""Reserve and commit as they are usually written: ORM, `select_for_update`, a row for the key."""

import uuid
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.by_hand.models import Entry, IdempotencyKey, Reservation, Status, Wallet
from benchmarks.by_hand.serializers import (
    CommitSerializer,
    NewReservationSerializer,
    ReservationSerializer,
)

PRICES = {"classify": Decimal(1), "summarize": Decimal(4), "extract-pdf": Decimal(12)}
LIFETIME = timedelta(minutes=15)


class InsufficientCredits(APIException):
    status_code = status.HTTP_402_PAYMENT_REQUIRED
    default_code = "insufficient-credits"


class Conflict(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class AnsweredOnce(APIView):
    """Answers the same key the same way, under the wallet's lock."""

    success = status.HTTP_200_OK

    @transaction.atomic
    def post(self, request, **arguments):
        wallet = self.lock_wallet(request, **arguments)
        key = request.headers["Idempotency-Key"]
        known = IdempotencyKey.objects.filter(service=request.user, key=key).first()
        if known:
            return Response(known.body, status=known.status)
        reservation = self.decide(request, wallet, **arguments)
        body = ReservationSerializer(reservation).data
        IdempotencyKey.objects.create(service=request.user, key=key, status=self.success, body=body)
        return Response(body, status=self.success)


class Reserve(AnsweredOnce):
    success = status.HTTP_201_CREATED

    def lock_wallet(self, request):
        self.form = NewReservationSerializer(data=request.data)
        self.form.is_valid(raise_exception=True)
        wallets = Wallet.objects.select_for_update()
        return get_object_or_404(wallets, customer=self.form.validated_data["customer"])

    def decide(self, request, wallet):
        endpoint = self.form.validated_data["endpoint"]
        amount = PRICES[endpoint]
        if wallet.available < amount:
            raise InsufficientCredits
        wallet.held += amount
        wallet.save(update_fields=["held"])
        return Reservation.objects.create(
            id=uuid.uuid4(),
            wallet=wallet,
            endpoint=endpoint,
            amount=amount,
            expires_at=timezone.now() + LIFETIME,
        )


class Commit(AnsweredOnce):
    def lock_wallet(self, request, id):
        reservations = Reservation.objects.select_related("wallet").select_for_update()
        self.reservation = get_object_or_404(reservations, id=id)
        return self.reservation.wallet

    def decide(self, request, wallet, id):
        form = CommitSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        amount = form.validated_data["amount"]
        reservation = self.reservation
        if reservation.status != Status.HELD or amount > reservation.amount:
            raise Conflict
        wallet.held -= reservation.amount
        wallet.balance -= amount
        wallet.save(update_fields=["held", "balance"])
        reservation.status = Status.COMMITTED
        reservation.committed = amount
        reservation.save(update_fields=["status", "committed"])
        Entry.objects.create(wallet=wallet, reservation=reservation, amount=amount)
        return reservation


def healthz(request):
    return HttpResponse()
