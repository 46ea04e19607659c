"""What credits come to in money, by what was paid last and by what is on sale."""

from decimal import Decimal, localcontext
from typing import NamedTuple

from moneyed import get_currency

from accounts.models import Customer
from billing import selectors, shown
from billing.models import Purchase, PurchaseState
from billing.portal.purchases import shop
from billing.selectors import PackOnSale


class Worth(NamedTuple):
    """`by` says by whose price, net of tax."""

    money: str
    by: str


def of(customer: Customer, amount: int) -> list[Worth]:
    """Of so many micro-credits. None where nothing was bought and nothing is on sale."""
    return [found for found in (_last(customer, amount), _cheapest(customer, amount)) if found]


def _last(customer: Customer, amount: int) -> Worth | None:
    paid = Purchase.objects.filter(customer=customer, state=PurchaseState.PAID)
    last = paid.order_by("-created_at").first()
    if last is None:
        return None
    net = Decimal(last.net) / get_currency(last.currency).sub_unit
    by = f"what you paid last, for {last.pack_name} on {last.paid_at:%-d %b %Y}"
    return Worth(_money(net, last.credits + last.bonus_credits, amount, last.currency), by)


def _cheapest(customer: Customer, amount: int) -> Worth | None:
    """By the credit, with its bonus, of the packs that are on sale to this customer."""
    if not shop.offers(customer):
        return None
    packs = selectors.packs_for(customer, shop.currency_for(customer))
    best = min(packs, key=lambda one: Decimal(one.price.amount) / _credits(one))
    by = f"the pack that is cheapest by the credit now, {best.pack.name}"
    currency = best.price.currency.code
    return Worth(_money(Decimal(best.price.amount), _credits(best), amount, currency), by)


def _credits(one: PackOnSale) -> int:
    return one.pack.credits + one.pack.bonus_credits


def _money(net: Decimal, credits: int, amount: int, currency: str) -> str:
    with localcontext(prec=60):
        return shown.unit_price(net * amount / credits, currency)
