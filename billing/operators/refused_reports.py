"""Reports whose signature was wrong, counted by the provider in whose name they came.

Anybody may send one. Many, and none that is right meanwhile, is a secret that is not the
provider's.
"""

from datetime import timedelta

from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.functions import Now

from billing.models import RefusedReports

MANY = 3
WINDOW = timedelta(hours=1)


def count(provider: str) -> None:
    RefusedReports.objects.bulk_create([RefusedReports(provider=provider)], ignore_conflicts=True)
    is_long_ago = When(last_at__lt=Now() - WINDOW, then=Value(1))
    number = Case(is_long_ago, default=F("number") + 1)
    RefusedReports.objects.filter(pk=provider).update(number=number, last_at=Now())


def forget(provider: str) -> None:
    """One was right."""
    RefusedReports.objects.filter(pk=provider).delete()


def many() -> QuerySet[RefusedReports]:
    return RefusedReports.objects.filter(number__gte=MANY, last_at__gte=Now() - WINDOW)
