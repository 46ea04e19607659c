"""What a customer wants to be told. What is watched is changed with it, or neither is."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from django.db import transaction

from billing.alerts.arming import arm
from billing.alerts.watching import watch
from billing.errors import ThresholdExists, ThresholdUnknown, TooManyThresholds
from billing.models import AlertSettings, AlertThreshold

THRESHOLDS_MAX: Final = 10


def settings_of(customer_id: UUID) -> AlertSettings:
    """With the usual thresholds, where nobody has changed them."""
    arm([customer_id])
    return AlertSettings.objects.get(pk=customer_id)


def configure(
    customer_id: UUID,
    *,
    enabled: bool,
    by_email: bool,
    extra_recipients: Sequence[str],
    cool_down_hours: int,
) -> None:
    with _changing(customer_id) as settings:
        settings.enabled, settings.by_email = enabled, by_email
        settings.extra_recipients = list(dict.fromkeys(extra_recipients))
        settings.cool_down_hours = cool_down_hours
        settings.save()


def add(customer_id: UUID, *, basis: str, value: int) -> None:
    """`value` is micro-credits, per cent of the last purchase used, or days left. Raises
    ThresholdExists, TooManyThresholds."""
    with _changing(customer_id) as settings:
        if settings.thresholds.count() >= THRESHOLDS_MAX:
            raise TooManyThresholds
        _check_is_new(settings, basis, value)
        settings.thresholds.create(basis=basis, value=value)


def change(customer_id: UUID, threshold_id: UUID, *, basis: str, value: int) -> None:
    """Raises ThresholdExists, ThresholdUnknown."""
    with _changing(customer_id) as settings:
        threshold = _threshold(settings, threshold_id)
        if (threshold.basis, threshold.value) != (basis, value):
            _check_is_new(settings, basis, value)
            threshold.basis, threshold.value = basis, value
            threshold.save(update_fields=["basis", "value"])


def remove(customer_id: UUID, threshold_id: UUID) -> None:
    """Raises ThresholdUnknown."""
    with _changing(customer_id) as settings:
        _threshold(settings, threshold_id).delete()


@contextmanager
def _changing(customer_id: UUID) -> Iterator[AlertSettings]:
    """One after the other."""
    arm([customer_id])
    with transaction.atomic():
        settings = AlertSettings.objects.select_for_update().get(pk=customer_id)
        yield settings
        watch(settings)


def _threshold(settings: AlertSettings, threshold_id: UUID) -> AlertThreshold:
    """Another company's is not found."""
    found = settings.thresholds.filter(pk=threshold_id).first()
    if found is None:
        raise ThresholdUnknown
    return found


def _check_is_new(settings: AlertSettings, basis: str, value: int) -> None:
    if settings.thresholds.filter(basis=basis, value=value).exists():
        raise ThresholdExists
