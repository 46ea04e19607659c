"""What an adjustment would come to: it is applied and rolled back, so the figures are the same."""

from django.db import transaction

from billing.adjustments import applying
from billing.adjustments.effects import Effect
from billing.models import Adjustment


class _Seen(Exception):
    def __init__(self, effect: Effect) -> None:
        self.effect = effect


def preview(adjustment: Adjustment) -> Effect:
    """Nothing is written. Raises DraftRefused."""
    try:
        with transaction.atomic():
            raise _Seen(applying.apply(adjustment))
    except _Seen as seen:
        return seen.effect
