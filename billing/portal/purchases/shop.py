"""What is on sale to a customer, as its page says it."""

from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

from django.conf import settings

from accounts.ids import uuid7
from accounts.models import Customer
from billing import selectors, shown, tax
from billing.models import BillingProfile, Pack, Purchase
from billing.selectors import PackOnSale
from ledger.amounts import CREDIT

PREFERRED: Final = "USD"


class Offer(NamedTuple):
    """A pack with its price in one currency. What is empty is not said. `key` is for one form."""

    id: UUID
    code: str
    name: str
    credits: str
    bonus: str
    bonus_validity: str
    price: str
    per_thousand: str
    saving: str
    tax: str
    total: str
    validity: str
    is_personal: bool
    until: datetime | None
    currency: str
    key: UUID


def offers(customer: Customer, currency: str = "") -> list[Offer]:
    """The cheapest first; in this currency, or in the customer's own. None where nobody takes
    payments."""
    if not settings.PAYMENT_PROVIDERS:
        return []
    currency = currency or currency_for(customer)
    packs = selectors.packs_for(customer, currency)
    dearest = max((_per_thousand(one) for one in packs), default=Decimal(0))
    profile = BillingProfile.objects.filter(customer=customer).first()
    return [_offer(one, dearest, profile) for one in packs]


def currency_for(customer: Customer, wanted: str = "") -> str:
    """The one that is asked for, that of the last purchase, or the first that there is."""
    on_sale = selectors.currencies_for(customer)
    last = Purchase.objects.filter(customer=customer).order_by("-created_at").first()
    candidates = [wanted, last.currency if last else "", PREFERRED, *on_sale]
    return next((code for code in candidates if code in on_sale), PREFERRED)


def tax_note(customer: Customer) -> str:
    """What the prices do not say by themselves."""
    if tax.is_on_use():
        return "Prices are without tax, which is charged when credits are used."
    if settings.TAX_BY_PROVIDER:
        return "Prices are without tax; it is added at the checkout."
    profile = BillingProfile.objects.filter(customer=customer).first()
    if tax.is_place_missing(profile):
        return (
            "Prices are without tax, which depends on where your company is: you are asked for it"
            " before you pay."
        )
    if profile is None or not profile.country:
        return "Prices are without tax. What is due depends on your country."
    return ""


def _offer(one: PackOnSale, dearest: Decimal, profile: BillingProfile | None) -> Offer:
    pack, currency = one.pack, one.price.currency.code
    net = one.price.get_amount_in_sub_unit()
    due = tax.Tax(0) if settings.TAX_BY_PROVIDER else tax.shown(net, profile)
    return Offer(
        id=pack.id,
        code=pack.code,
        name=pack.name,
        credits=shown.credits(pack.credits),
        bonus=shown.credits(pack.bonus_credits) if pack.bonus_credits else "",
        bonus_validity=_bonus_validity(pack),
        price=shown.money(net, currency),
        per_thousand=f"{shown.unit_price(_per_thousand(one), currency)} per 1,000",
        saving=_saving(_per_thousand(one), dearest),
        tax=f"{shown.percent(due.percent)} {due.name}" if due.amount else "",
        total=shown.money(net + due.amount, currency),
        validity=shown.days(pack.validity_days),
        is_personal=pack.customer_id is not None,
        until=pack.active_until,
        currency=currency,
        key=uuid7(),
    )


def _per_thousand(one: PackOnSale) -> Decimal:
    """With the bonus, for that is spent all the same."""
    credits = Decimal(one.pack.credits + one.pack.bonus_credits) / CREDIT
    return Decimal(one.price.amount) * 1000 / credits


def _saving(price: Decimal, dearest: Decimal) -> str:
    percent = int((1 - price / dearest) * 100)
    return f"{percent} % less per credit" if percent > 0 else ""


def _bonus_validity(pack: Pack) -> str:
    own = pack.bonus_validity_days
    return shown.days(own) if pack.bonus_credits and own else ""
