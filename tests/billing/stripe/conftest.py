from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import Customer
from billing import checkout
from billing.models import Pack, Purchase
from ledger import selectors
from ledger.amounts import CREDIT
from tests.billing.stripe.account import KEY, WEBHOOK_SECRET, Stripe
from tests.billing.stripe.server import serving
from tests.factories import billing
from tests.factories.accounts import CustomerFactory

# One for all: each would load the middleware again.
CLIENT = Client()


@pytest.fixture
def account(settings: Any) -> Iterator[Stripe]:
    """Ours at Stripe."""
    with serving() as account:
        settings.PAYMENT_PROVIDERS = ["stripe"]
        settings.STRIPE_API_BASE = account.base
        settings.STRIPE_SECRET_KEY = KEY
        settings.STRIPE_WEBHOOK_SECRET = WEBHOOK_SECRET
        yield account


@pytest.fixture
def buyer(books_tie: None) -> Customer:
    return CustomerFactory(name="Acme", email="acme@example.com")


@pytest.fixture
def pack(db: None) -> Pack:
    """1,000 credits for USD 100."""
    return billing.new_pack(name="1,000 credits")


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
    answer = CLIENT.post(
        "/billing/webhooks/stripe",
        body,
        content_type="application/json",
        headers={"Stripe-Signature": signature},
    )
    return answer.status_code


def deliver(account: Stripe) -> list[int]:
    return account.deliver(post)


def credits(customer: Customer) -> tuple[int, int]:
    """Available and frozen, in whole credits."""
    balance = selectors.balance(customer.id)
    return balance.available // CREDIT, balance.frozen // CREDIT


def money(customer: Customer) -> dict[str, int]:
    """What each account has, debits above zero, in minor units."""
    return billing.money(customer.id)
