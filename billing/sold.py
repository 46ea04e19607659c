"""What the books know of a lot from its sale on: its cohort, and whether a state may claim it.

Both are fixed when it is sold (accounting rules, section 2).
"""

from typing import NamedTuple

from billing.books import periods
from billing.books.cohorts import Cohort
from billing.models import BillingProfile, EscheatClass, Purchase


class Sold(NamedTuple):
    cohort: str | None
    escheat_class: str | None


NOTHING = Sold(None, None)


def terms(purchase: Purchase, net: int) -> Sold:
    """Of a lot for so many minor units, sold today. What has no price breaks no money (R8)."""
    if not net:
        return NOTHING
    escheat = escheat_class(purchase)
    cohort = Cohort(
        periods.today().replace(day=1), purchase.currency, purchase.pack.family, escheat or ""
    )
    return Sold(cohort.name, escheat)


def escheat_class(purchase: Purchase) -> str | None:
    """The code of the one of the buyer's region, else of its country: the last known address says
    whose law it is (E17), and where there is none, the place that takes the tax."""
    profile = BillingProfile.objects.filter(customer=purchase.customer_id).first()
    country, region = purchase.tax_country, purchase.tax_region
    if profile is not None and profile.country:
        country, region = profile.country, profile.region
    return class_of_place(country, region)


def class_of_place(country: str, region: str) -> str | None:
    found = EscheatClass.objects.filter(country=country, region__in={"", region})
    return found.order_by("-region").values_list("code", flat=True).first()
