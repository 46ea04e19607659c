"""What the ledger is told to watch."""

from datetime import timedelta
from typing import Literal, cast

from django.db import transaction

from billing.models import AlertBasis, AlertSettings, AlertThreshold
from ledger import runway, services
from ledger.services import Watched


def watch(settings: AlertSettings) -> None:
    """All thresholds, or none where alerts are off."""
    thresholds = list(settings.thresholds.order_by("id")) if settings.enabled else []
    watched = [_watched(one, settings) for one in thresholds]
    services.watch(settings.customer_id, purpose="alert", thresholds=watched)


def refresh_levels() -> int:
    """So many days are another balance as the pace changes; how many customers were looked at."""
    by_days = AlertSettings.objects.filter(enabled=True, thresholds__basis=AlertBasis.DAYS)
    customers = list(by_days.distinct().values_list("pk", flat=True))
    for customer_id in customers:
        with transaction.atomic():
            watch(AlertSettings.objects.select_for_update().get(pk=customer_id))
    return len(customers)


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
    return threshold.value * (runway.pace(settings.customer_id) or 0)
