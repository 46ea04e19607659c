"""Reports whose signature was wrong, counted by the provider in whose name they came.

Anybody may send one, and whoever looks for holes sends some to every address, without a signature.
A provider signs all: a few with a wrong one, and none that is right meanwhile, is a secret that is
not the provider's. Many without are a proxy that takes the header away.
"""

from datetime import timedelta

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Now

from billing.models import RefusedReports

MANY_SIGNED = 3
MANY = 20
# A pause so long, and they are counted anew.
WINDOW = timedelta(hours=1)


def count(provider: str, *, is_signed: bool) -> None:
    RefusedReports.objects.bulk_create([RefusedReports(provider=provider)], ignore_conflicts=True)
    RefusedReports.objects.filter(pk=provider).update(
        number=_one_more("number", 1), signed=_one_more("signed", int(is_signed)), last_at=Now()
    )


def forget(provider: str) -> None:
    """One was right."""
    RefusedReports.objects.filter(pk=provider).delete()


def many() -> QuerySet[RefusedReports]:
    are_many = Q(signed__gte=MANY_SIGNED) | Q(number__gte=MANY)
    return RefusedReports.objects.filter(are_many, last_at__gte=Now() - WINDOW)


def _one_more(field: str, more: int) -> Case:
    return Case(When(last_at__lt=Now() - WINDOW, then=Value(more)), default=F(field) + more)
