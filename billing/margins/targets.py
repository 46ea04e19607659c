"""How much of its price is to be left of an endpoint, as a part of one."""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from django.conf import settings

from billing.models import MarginTarget

Target = Decimal


def usual() -> Target:
    return Decimal(str(settings.MARGIN_TARGET_PERCENT)) / 100


def targets() -> Mapping[int, Target]:
    """Of each endpoint, by its id."""
    standard = usual()
    found: defaultdict[int, Target] = defaultdict(lambda: standard)
    for endpoint, percent in MarginTarget.objects.values_list("endpoint", "percent"):
        found[endpoint] = percent / 100
    return found
