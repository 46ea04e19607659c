"""A plan's group of prices, as the ledger has them."""

from accounts.models import Customer
from ledger.models import PriceGroup, PriceTerms
from ledger.prices import price_terms


def is_known(group: str) -> bool:
    return PriceGroup.objects.filter(name=group).exists()


def put_in_group(customer: Customer, group: str) -> None:
    """Calls are priced by the cards of this group from now on. A plan without one leaves it to
    staff."""
    if group:
        price_terms.set_group(customer, PriceGroup.objects.get(name=group))


def take_out_of_group(customer: Customer, group: str) -> None:
    """Unless staff have put the customer elsewhere meanwhile."""
    if PriceTerms.objects.filter(customer=customer, group__name=group).exists():
        price_terms.set_group(customer, None)
