"""What the ledger is told to watch."""

import logging
from datetime import timedelta
from typing import Final, Literal, cast
from uuid import UUID

from django.db import transaction

from billing.models import AlertBasis, AlertSettings, AlertThreshold
from ledger import runway, wallets
from ledger.wallets import Watched

# Of what a balance can be, in micro-credits.
LEVEL_MAX: Final = 4 * 10**18

logger = logging.getLogger(__name__)


def watch(settings: AlertSettings) -> None:
    """All thresholds, or none where alerts are off."""
    thresholds = list(settings.thresholds.order_by("id")) if settings.enabled else []
    watched = [_watched(one, settings) for one in thresholds]
    wallets.watch(settings.customer_id, purpose="alert", thresholds=watched)


def refresh_levels() -> int:
    """So many days are another balance as the pace changes; how many customers were looked at."""
    by_days = AlertSettings.objects.filter(enabled=True, thresholds__basis=AlertBasis.DAYS)
    customers = list(by_days.distinct().values_list("pk", flat=True))
    return sum(_refresh(customer_id) for customer_id in customers)


def _refresh(customer_id: UUID) -> bool:
    """What is wrong with one customer stops nobody else's."""
    try:
        with transaction.atomic():
            watch(AlertSettings.objects.select_for_update().get(pk=customer_id))
    except Exception:
        logger.exception("The alerts of %s are as they were", customer_id)
        return False
    return True


def _watched(threshold: AlertThreshold, settings: AlertSettings) -> Watched:
    return Watched(
        threshold.id,
        cast("Literal['credits', 'percent', 'days']", threshold.basis),
        threshold.value,
        _level(threshold, settings),
        timedelta(hours=settings.cool_down_hours),
    )


def _level(threshold: AlertThreshold, settings: AlertSettings) -> int | None:
    """Of days, at the present pace: where nothing is used, no credits last that long."""
    if threshold.basis != AlertBasis.DAYS:
        return None
    return min(threshold.value * (runway.pace(settings.customer_id) or 0), LEVEL_MAX)
