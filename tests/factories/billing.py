"""Packs on sale, and what is bought at the test provider. Money is minor units."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

from django.db import connection

from accounts.models import Customer
from billing import checkout, events, payments
from billing.facts import Disputed, Paid, Refunded
from billing.models import BillingProfile, Pack, Payment, Purchase, TaxRate
from billing.outcomes import Outcome
from billing.providers.sandbox import acts
from ledger.amounts import CREDIT
from tests.factories.accounts import CustomerFactory


def new_pack(
    credits: int = 1000, price: str = "100.00", currency: str = "USD", bonus: int = 0, **fields: Any
) -> Pack:
    pack = Pack.objects.create(
        code=f"pack-{uuid4().hex}",
        name=fields.pop("name", f"Pack of {credits:,}"),
        credits=credits * CREDIT,
        bonus_credits=bonus * CREDIT,
        **fields,
    )
    add_price(pack, price, currency)
    return pack


def add_price(pack: Pack, price: str, currency: str) -> None:
    pack.prices.create(price=Decimal(price), price_currency=currency)


def taxed(percent: str = "20", *, country: str = "AT", region: str = "") -> Customer:
    """A customer in a country that takes so much tax."""
    customer = CustomerFactory()
    BillingProfile.objects.create(customer=customer, country=country, region=region)
    TaxRate.objects.get_or_create(
        country=country, region=region, percent=Decimal(percent), defaults={"name": "VAT"}
    )
    return customer


def order(customer: Customer | None = None, pack: Pack | None = None, **fields: Any) -> Purchase:
    """A pending purchase; of 1,000 credits for USD 100.00 unless told otherwise."""
    pack = pack or new_pack(**fields)
    currency = fields.get("currency", "USD")
    return checkout.start(
        customer or CustomerFactory(),
        pack,
        currency,
        None,
        return_url=lambda purchase: f"http://testserver/back/{purchase.name}",
        cancel_url=lambda purchase: "http://testserver/cancelled",
    )


def paid_fact(purchase: Purchase, **fields: Any) -> Paid:
    said = Paid(
        our_purchase=purchase.name,
        checkout_ref=purchase.provider_ref or "",
        payment_ref=payment_ref(purchase),
        amount=purchase.total,
        currency=purchase.currency,
        fee=0,
    )
    return said._replace(**fields)


def payment_ref(purchase: Purchase) -> str:
    return f"pay {purchase.name}"


def pay(purchase: Purchase, **fields: Any) -> Payment:
    say(paid_fact(purchase, **fields))
    return Payment.objects.get(purchase=purchase)


def bought(customer: Customer | None = None, pack: Pack | None = None, **fields: Any) -> Payment:
    return pay(order(customer, pack, **fields))


def sold_by_the_test_provider(
    customer: Customer | None = None, pack: Pack | None = None, **fields: Any
) -> Purchase:
    purchase = order(customer, pack, **fields)
    acts.pay(purchase.provider_ref or "")
    return payments.confirm(purchase)


def refund_fact(payment: Payment, ref: str, amount: int, **fields: Any) -> Refunded:
    currency = payment.purchase.currency
    said = Refunded(payment.provider_ref, ref, amount, currency, "succeeded")
    return said._replace(**fields)


def dispute_fact(payment: Payment, state: str, amount: int = 0, **fields: Any) -> Disputed:
    said = Disputed(
        payment_ref=payment.provider_ref,
        dispute_ref=f"dispute {payment.purchase.name}",
        amount=amount or payment.amount,
        currency=payment.purchase.currency,
        state=state,
    )
    return said._replace(**fields)


def say(fact: Any) -> Outcome:
    return events.enter("test", fact)


def in_any_order(told: Iterable[str]) -> list[tuple[str, ...]]:
    return list(permutations(told))


def books(customer_id: UUID) -> dict[str, dict[str, int]]:
    """What stands on each account of money by currency, debits positive; and of credits, whole
    ones, as they are counted: issued, available, used, expired, refunded."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select unit, account, sum(amount) from ledger_posting"
            " where customer_id = %s group by 1, 2 having sum(amount) <> 0",
            [customer_id],
        )
        rows = cursor.fetchall()
    found: dict[str, dict[str, int]] = {}
    for unit, account, amount in rows:
        amount = int(amount)
        if unit == "CR":
            amount = (amount if account == "U10" else -amount) // CREDIT
        found.setdefault(unit, {})[account] = amount
    return found


def money(customer_id: UUID, currency: str = "USD") -> dict[str, int]:
    return books(customer_id).get(currency, {})


def credits(customer_id: UUID) -> dict[str, int]:
    return books(customer_id).get("CR", {})
