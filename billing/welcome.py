"""Credits for who signs up: once for a customer, when the owner's e-mail is verified."""

from datetime import timedelta
from typing import Final
from uuid import UUID, uuid5

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models.functions import Now

from accounts.models import SignUp, User
from ledger import selectors, services
from ledger.amounts import CREDIT
from ledger.operations import Operation

CREDITS: Final = 100 * CREDIT
LASTS: Final = timedelta(days=30)

_KEYS: Final = UUID("6f0d4f3e-8a55-4f0b-9d0e-6b5f0f5b7a01")


def grant_to(user: User) -> None:
    """Grant them where they are owed. Twice, or at the same time, grants once."""
    with transaction.atomic():
        sign_up = (
            SignUp.objects.select_for_update(no_key=True)
            .filter(user=user, customer__isnull=False, welcomed_at=None)
            .first()
        )
        if sign_up is None or sign_up.customer_id is None or not _is_verified(user):
            return
        services.apply_one(_grant(sign_up.customer_id))
        SignUp.objects.filter(id=sign_up.id).update(welcomed_at=Now())


def _is_verified(user: User) -> bool:
    return EmailAddress.objects.filter(user=user, verified=True).exists()


def _grant(customer_id: UUID) -> Operation:
    """Under a key of its own, so that the ledger too does it once."""
    detail = {
        "kind": "promo",
        "expires_at": selectors.now() + LASTS,
        "reason": "Welcome credits",
        "cohort": "welcome",
    }
    return Operation(
        op="grant",
        customer_id=customer_id,
        amount=CREDITS,
        key=uuid5(_KEYS, customer_id.hex),
        request=1,
        detail=detail,
    )
