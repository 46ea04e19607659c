"""How much of a month's cap is left."""

from datetime import datetime

from django.db.models import Q, Sum

from billing.models import TopUp, TopUpSettings, TopUpState
from ledger import selectors


def left(agreement: TopUpSettings) -> int:
    """Minor units. Below zero where a charge that was given up was paid after all."""
    return agreement.cap - spent(agreement)


def spent(agreement: TopUpSettings) -> int:
    """What was charged this calendar month in UTC, with what is in flight."""
    counted = Q(state=TopUpState.CHARGING) | Q(
        state=TopUpState.SUCCEEDED, finished_at__gte=month_of(selectors.now())
    )
    charged = TopUp.objects.filter(
        counted, customer=agreement.customer_id, currency=agreement.currency
    )
    return charged.aggregate(sum=Sum("amount", default=0))["sum"] or 0


def month_of(instant: datetime) -> datetime:
    """Its first."""
    return instant.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
