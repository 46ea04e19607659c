"""Cards that are left alone: one that was declined, the longer the oftener; and one that was in use
when a payment was disputed, unless that is won."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet

from billing.models import (
    CardBreaker,
    Dispute,
    DisputeState,
    Obstacle,
    PaymentMethod,
    TopUpSettings,
)
from ledger import selectors

# After each soft decline in a row; one more opens the breaker.
PAUSES: Final = (timedelta(hours=1), timedelta(hours=6))


def declined(card: PaymentMethod, reason: str, *, is_final: bool) -> CardBreaker:
    """In a database transaction. Some declines say that no other day will be better."""
    CardBreaker.objects.bulk_create([CardBreaker(card=card)], ignore_conflicts=True)
    breaker = CardBreaker.objects.select_for_update().get(card=card)
    now = selectors.now()
    breaker.declines += 1
    breaker.reason = reason
    if is_final or breaker.declines > len(PAUSES):
        breaker.opened_at, breaker.retry_at = breaker.opened_at or now, None
    else:
        breaker.retry_at = now + PAUSES[breaker.declines - 1]
    breaker.save()
    return breaker


def paid(card: PaymentMethod) -> None:
    """A payment with it succeeded, whichever: what was before is over."""
    CardBreaker.objects.filter(card=card).delete()
    theirs = TopUpSettings.objects.filter(card=card)
    theirs.update(failing_since=None)
    theirs.filter(stopped_by=Obstacle.DECLINED).update(stopped_by="", stopped_at=None)


def in_use(customer_id: UUID) -> PaymentMethod | None:
    """What was agreed to last, even where it was ended since: it may begin again."""
    agreement = TopUpSettings.objects.filter(customer=customer_id).select_related("card").first()
    return agreement.card if agreement else None


def opened(card: PaymentMethod | OuterRef) -> QuerySet[CardBreaker]:
    """Its breaker, where that is open for good."""
    return CardBreaker.objects.filter(Q(card=card, opened_at__isnull=False))


def disputes(card: PaymentMethod | OuterRef) -> QuerySet[Dispute]:
    """Not won, of payments with it, or of any of the customer's while it was in use: whose card
    paid at a checkout is not known."""
    theirs = Q(card=card) | Q(payment__purchase__top_up__card=card)
    return Dispute.objects.filter(theirs).exclude(state=DisputeState.WON)


def dispute_won(customer_id: UUID) -> None:
    """The next one is told of again."""
    stopped = TopUpSettings.objects.filter(customer=customer_id, stopped_by=Obstacle.DISPUTED)
    for agreement in stopped.select_related("card"):
        if not disputes(agreement.card).exists():
            stopped.update(stopped_by="", stopped_at=None)
