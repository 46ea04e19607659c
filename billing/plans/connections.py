"""Connected applications: keys of the customer that were valid at some time of a period. One that
was rotated in it is the same application."""

from django.db.models import Q, QuerySet

from accounts.models import ApiKey
from billing.models import Subscription


def number(subscription: Subscription) -> int:
    return _in_period(subscription).count()


def billed(subscription: Subscription) -> int:
    """Those beyond what the plan includes."""
    return max(number(subscription) - subscription.plan.connections_included, 0)


def _in_period(subscription: Subscription) -> QuerySet[ApiKey]:
    start, end = subscription.period_start, subscription.period_end
    not_over = (Q(revoked_at=None) | Q(revoked_at__gt=start)) & (
        Q(expires_at=None) | Q(expires_at__gt=start)
    )
    keys = ApiKey.objects.filter(customer=subscription.customer_id, replaced_by=None)
    return keys.filter(not_over, created_at__lt=end)
