"""Tax by the table of rates: the newest rate of the buyer's region, else of its country."""

from decimal import Decimal
from typing import NamedTuple

from billing.errors import PlaceMissing
from billing.models import BillingProfile, Policy, TaxPoint, TaxRate
from billing.shares import part_of
from ledger import selectors


class Tax(NamedTuple):
    amount: int
    name: str = ""
    percent: Decimal = Decimal(0)
    country: str = ""
    region: str = ""
    on_use: int = 0  # instead of `amount`


def at_sale(net: int, profile: BillingProfile | None) -> Tax:
    """As `due`; where the tax point is redemption, none of it is charged now, at a rate that is
    fixed now (E01). Raises PlaceMissing."""
    return _at_its_point(due(net, profile))


def shown(net: int, profile: BillingProfile | None) -> Tax:
    """The same for a price that is looked at."""
    return _at_its_point(on(net, profile))


def is_on_use() -> bool:
    return Policy.current().tax_point == TaxPoint.REDEMPTION


def due(net: int, profile: BillingProfile | None) -> Tax:
    """On a purchase. Raises PlaceMissing where nobody has said whose rate it is."""
    if is_place_missing(profile):
        raise PlaceMissing
    return on(net, profile)


def is_place_missing(profile: BillingProfile | None) -> bool:
    """Where nothing is taxed anywhere, nobody is asked."""
    rates = TaxRate.objects.filter(effective_from__lte=selectors.now())
    if profile is None or not profile.country:
        return rates.exists()
    # Where only regions tax, a country does not say it yet.
    own = rates.filter(country=profile.country)
    return not profile.region and own.exists() and not own.filter(region="").exists()


def on(net: int, profile: BillingProfile | None) -> Tax:
    rate = _rate(profile) if profile else None
    if rate is None:
        return Tax(0)
    # Thousandths of a per cent are whole numbers.
    amount = part_of(net, int(rate.percent * 1000), 100_000)
    return Tax(amount, rate.name, rate.percent, rate.country, rate.region)


def _at_its_point(tax: Tax) -> Tax:
    return tax._replace(amount=0, on_use=tax.amount) if is_on_use() else tax


def _rate(profile: BillingProfile) -> TaxRate | None:
    found = TaxRate.objects.filter(
        country=profile.country,
        region__in={"", profile.region},
        effective_from__lte=selectors.now(),
    )
    return found.order_by("-region", "-effective_from").first()
