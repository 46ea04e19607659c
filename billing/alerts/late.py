from typing import Final
from uuid import UUID

from django.db.models import DateTimeField, ExpressionWrapper, F

from ledger import selectors, services
from ledger.models import Threshold

CUSTOMERS_AT_ONCE: Final = 500


def tell_late() -> int:
    """What was reached again within the pause, and is not left behind yet, is told now that the
    pause is over: a debit looks at a threshold once only. Of how many customers that was."""
    late = _late()
    for first in range(0, len(late), CUSTOMERS_AT_ONCE):
        services.refresh_all(late[first : first + CUSTOMERS_AT_ONCE])
    return len(late)


def _late() -> list[UUID]:
    pause_ends = ExpressionWrapper(F("told_at") + F("cool_down"), output_field=DateTimeField())
    untold = Threshold.objects.filter(purpose="alert", crossed=True, told=False)
    late = untold.alias(pause_ends=pause_ends).filter(pause_ends__lte=selectors.now())
    return list(late.order_by("customer_id").values_list("customer_id", flat=True).distinct())
