"""The packs that Northwind AI sells today."""

from decimal import Decimal

from django.db import transaction

from billing.models import Pack, PackPrice
from config.demo import customers
from config.demo.catalogue import CREDIT

IN_EURO = {customers.SMALL: "23.00", customers.MEDIUM: "92.00", customers.LARGE: "460.00"}
NAMES = {customers.SMALL: "Starter", customers.MEDIUM: "Team", customers.LARGE: "Company"}
VALID_DAYS = 365
# On terms of its own: fewer days.
BONUS_CREDITS = {customers.LARGE: 15_000}
BONUS_VALID_DAYS = 90


def put_on_sale() -> None:
    """Those that are not there yet: what staff made of the others stays."""
    for sold in NAMES:
        _put_on_sale(sold)


def _put_on_sale(sold: customers.Pack) -> None:
    with transaction.atomic():
        pack, is_new = Pack.objects.get_or_create(
            code=f"credits-{sold.credits}",
            defaults={
                "name": NAMES[sold],
                "credits": sold.credits * CREDIT,
                "validity_days": VALID_DAYS,
                **_bonus(sold),
            },
        )
        if is_new:
            prices = {"USD": Decimal(sold.cents) / 100, "EUR": Decimal(IN_EURO[sold])}
            for currency, price in prices.items():
                PackPrice.objects.create(pack=pack, price=price, price_currency=currency)


def _bonus(sold: customers.Pack) -> dict[str, int]:
    if sold not in BONUS_CREDITS:
        return {}
    return {
        "bonus_credits": BONUS_CREDITS[sold] * CREDIT,
        "bonus_validity_days": BONUS_VALID_DAYS,
    }
