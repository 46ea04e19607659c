"""The breaker of a card: one that was declined is left alone, the longer the oftener."""

from datetime import timedelta
from typing import Final

from billing.models import CardBreaker, Obstacle, PaymentMethod, TopUpSettings
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
