from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from moneyed import Money

from accounts.models import Customer
from billing import checkout
from billing.models import Pack, PackPrice, Purchase
from ledger import selectors
from ledger.amounts import CREDIT
from tests.billing import stripe_stand_in
from tests.billing.stripe_stand_in import KEY, WEBHOOK_SECRET, Stripe
from tests.factories.accounts import CustomerFactory


@pytest.fixture
def account(settings: Any) -> Iterator[Stripe]:
    """Ours at Stripe."""
    with stripe_stand_in.serving() as account:
        settings.PAYMENT_PROVIDERS = ["stripe"]
        settings.STRIPE_API_BASE = account.base
        settings.STRIPE_SECRET_KEY = KEY
        settings.STRIPE_WEBHOOK_SECRET = WEBHOOK_SECRET
        yield account


@pytest.fixture
def buyer(db: None) -> Customer:
    return CustomerFactory(name="Acme", email="acme@example.com")


@pytest.fixture
def pack(db: None) -> Pack:
    """1,000 credits for USD 100."""
    pack = Pack.objects.create(code="thousand", name="1,000 credits", credits=1000 * CREDIT)
    PackPrice.objects.create(pack=pack, price=Money(100, "USD"))
    return pack


@pytest.fixture
def buy(account: Stripe, buyer: Customer, pack: Pack) -> Callable[..., Purchase]:
    def buy(**more: bool) -> Purchase:
        return checkout.start(
            buyer,
            pack,
            "USD",
            None,
            return_url=lambda purchase: f"https://shop.example/{purchase.name}",
            cancel_url=lambda purchase: "https://shop.example/",
            **more,
        )

    return buy


@pytest.fixture
def paid(account: Stripe, buy: Callable[..., Purchase]) -> Purchase:
    """Bought, paid, and told of."""
    purchase = buy()
    account.pay(purchase.provider_ref)
    deliver(account)
    purchase.refresh_from_db()
    return purchase


def post(body: bytes, signature: str) -> int:
    return (
        Client()
        .post(
            "/billing/webhooks/stripe",
            body,
            content_type="application/json",
            headers={"Stripe-Signature": signature},
        )
        .status_code
    )


def deliver(account: Stripe) -> list[int]:
    return account.deliver(post)


def credits(customer: Customer) -> tuple[int, int]:
    """Available and frozen, in whole credits."""
    balance = selectors.balance(customer.id)
    return balance.available // CREDIT, balance.frozen // CREDIT


def money(customer: Customer) -> dict[str, int]:
    """What each account has, debits above zero, in minor units."""
    found: Counter[str] = Counter()
    with connection.cursor() as cursor:
        cursor.execute(
            "select debit, credit, amount from ledger_transfer"
            " where customer_id = %s and unit <> 'CR'",
            [customer.id],
        )
        for debit, credit, amount in cursor.fetchall():
            found[debit] += amount
            found[credit] -= amount
    return {account: amount for account, amount in sorted(found.items()) if amount}
