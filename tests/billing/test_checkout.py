"""From a pack to a pending purchase and its page."""

import os
import subprocess
import sys
from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from accounts.models import Customer
from billing import checkout, selectors
from billing.errors import NoProvider, PackUnavailable, ProviderFailed, TooManyOpen
from billing.models import Document, Pack, Purchase, PurchaseState
from billing.providers.sandbox.provider import Sandbox
from config.state import BASE_DIR
from ledger.amounts import CREDIT
from tests.factories.accounts import CustomerFactory, MemberFactory
from tests.factories.billing import add_price, bought, money, new_pack, order, taxed

pytestmark = pytest.mark.usefixtures("books_tie")


def start(customer: Customer, pack: Pack, currency: str = "USD", **fields: object) -> Purchase:
    pages = {
        "return_url": lambda purchase: f"http://testserver/back/{purchase.name}",
        "cancel_url": lambda purchase: "http://testserver/cancelled",
    }
    return checkout.start(customer, pack, currency, None, **pages | fields)


@pytest.fixture
def customer(db: None) -> Customer:
    customer: Customer = CustomerFactory()
    return customer


def test_a_purchase_is_of_the_pack_as_it_is_now(customer: Customer) -> None:
    pack = new_pack(bonus=50, validity_days=30)
    purchase = start(customer, pack)
    Pack.objects.filter(id=pack.id).update(credits=1, name="Another", validity_days=1)
    pack.prices.update(price="1.00")
    purchase.refresh_from_db()
    assert purchase.state == PurchaseState.PENDING
    assert (purchase.credits, purchase.bonus_credits) == (1000 * CREDIT, 50 * CREDIT)
    assert (purchase.net, purchase.validity_days) == (100_00, 30)
    assert purchase.pack_name == "Pack of 1,000"
    assert "/pay/test/tco_" in purchase.checkout_url


def test_what_is_on_sale_to_whom(customer: Customer) -> None:
    now, day = timezone.now(), timedelta(days=1)
    usual = new_pack(price="50.00")
    offer = new_pack(price="40.00", customer=customer)
    for_another = new_pack(customer=CustomerFactory())
    to_come = new_pack(active_from=now + day)
    gone = new_pack(active_from=now - 2 * day, active_until=now - day)
    in_euros = new_pack(currency="EUR")
    packs = [one.pack for one in selectors.packs_for(customer, "USD")]
    assert [pack for pack in packs if pack in (offer, usual)] == [offer, usual]
    assert in_euros in [one.pack for one in selectors.packs_for(customer, "EUR")]
    for pack in (for_another, to_come, gone, in_euros):
        assert pack not in packs
        with pytest.raises(PackUnavailable):
            start(customer, pack)
    assert not Purchase.objects.filter(customer=customer).exists()
    assert start(customer, offer).net == 40_00


def test_a_pack_has_its_price_in_each_currency(customer: Customer) -> None:
    pack = new_pack(price="20.00")
    add_price(pack, "18.50", "EUR")
    add_price(pack, "3000", "JPY")
    priced = [(code, start(customer, pack, code).net) for code in ("USD", "EUR", "JPY")]
    assert priced == [("USD", 20_00), ("EUR", 18_50), ("JPY", 3000)]
    with pytest.raises(PackUnavailable):
        start(customer, pack, "GBP")


def test_tax_is_of_the_buyers_address_and_kept(db: None) -> None:
    customer = taxed("19", country="DE")
    purchase = start(customer, new_pack())
    assert (purchase.tax, purchase.tax_name, purchase.tax_country) == (19_00, "VAT", "DE")
    customer.billing_profile.country = "FR"
    customer.billing_profile.save()
    purchase.refresh_from_db()
    assert purchase.total == 119_00
    assert start(customer, new_pack()).total == 100_00


def test_one_form_is_one_purchase(customer: Customer) -> None:
    pack, key = new_pack(), uuid4()
    first, again = (start(customer, pack, key=key) for _ in range(2))
    assert (again.id, again.checkout_url) == (first.id, first.checkout_url)
    assert start(customer, pack, key=uuid4()).id != first.id
    # Another customer's form has nothing to do with it.
    assert start(CustomerFactory(), pack, key=key).id != first.id


def test_no_customer_has_more_pages_open_than_anybody_pays(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkout, "OPEN_MAX", 3)
    pack, key = new_pack(), uuid4()
    first = start(customer, pack, key=key)
    open_ones = [first, start(customer, pack), start(customer, pack)]
    with pytest.raises(TooManyOpen):
        start(customer, pack)
    # A form that is sent again makes none, and others are free to buy.
    assert start(customer, pack, key=key).id == first.id
    assert start(CustomerFactory(), pack)
    assert Purchase.objects.filter(customer=customer).count() == 3
    checkout.cancel(open_ones[1])
    start(customer, pack)
    Purchase.objects.filter(id=first.id).update(expires_at=timezone.now())
    assert start(customer, pack)


def test_a_provider_that_does_not_answer_may_be_asked_again(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise ProviderFailed

    pack, key = new_pack(), uuid4()
    with monkeypatch.context() as patch:
        patch.setattr(Sandbox, "create_checkout", fail)
        with pytest.raises(ProviderFailed):
            start(customer, pack, key=key)
    assert start(customer, pack, key=key).checkout_url
    assert Purchase.objects.filter(customer=customer).count() == 1


def test_who_came_back_without_paying_may_still_pay(customer: Customer) -> None:
    purchase = start(customer, new_pack())
    checkout.cancel(purchase)
    purchase.refresh_from_db()
    assert purchase.state == PurchaseState.CANCELLED
    paid = bought(customer).purchase
    checkout.cancel(paid)
    paid.refresh_from_db()
    assert paid.state == PurchaseState.PAID


def test_who_made_it_is_known(customer: Customer) -> None:
    member = MemberFactory(customer=customer)
    pages = {"return_url": lambda _: "", "cancel_url": lambda _: ""}
    purchase = checkout.start(customer, new_pack(), "USD", member, **pages)
    assert purchase.made_by == member.user


def test_without_a_provider_nothing_can_be_bought(
    customer: Customer, settings: LazySettings
) -> None:
    settings.PAYMENT_PROVIDERS = []
    with pytest.raises(NoProvider):
        start(customer, new_pack())


@pytest.mark.parametrize(
    ("more", "providers"),
    [
        ({}, "['test']"),
        ({"DATABASE_URL": "postgresql://nowhere/db"}, "[]"),
        ({"DATABASE_URL": "postgresql://nowhere/db", "PAYMENT_PROVIDERS": "test"}, "['test']"),
    ],
)
def test_the_test_provider_is_on_by_itself_with_the_embedded_database_only(
    more: dict[str, str], providers: str
) -> None:
    assert providers_with(more).stdout.strip() == providers


def test_stripe_is_not_named_without_its_secrets() -> None:
    named = {"DATABASE_URL": "postgresql://nowhere/db", "PAYMENT_PROVIDERS": "stripe"}
    assert "set STRIPE_SECRET_KEY too" in providers_with(named).stderr
    named["STRIPE_SECRET_KEY"] = "sk"
    assert "set STRIPE_WEBHOOK_SECRET too" in providers_with(named).stderr
    named["STRIPE_WEBHOOK_SECRET"] = "whsec"
    assert providers_with(named).stdout.strip() == "['stripe']"


def providers_with(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A process of its own, with these settings."""
    own = {"PATH": os.environ["PATH"], "STATE": os.environ.get("STATE", ".run")}
    own |= {"SECRET_KEY": "x", "KEY_PEPPER": "x"}
    return subprocess.run(
        [sys.executable, "-c", "from config import settings; print(settings.PAYMENT_PROVIDERS)"],
        cwd=BASE_DIR,
        env=own | environment,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("table", ["purchase", "payment", "document", "providerevent"])
def test_what_was_bought_and_told_is_not_deleted(db: None, table: str) -> None:
    bought()
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"delete from billing_{table}")


def test_what_was_issued_is_not_changed(db: None) -> None:
    payment = bought()
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        Document.objects.update(number=7)
    assert money(payment.purchase.customer_id)["1000"] == 100_00
    assert order(payment.purchase.customer).pk


def test_a_pack_whose_bonus_takes_the_whole_price_is_not_on_sale(customer: Customer) -> None:
    pack = new_pack(credits=10, bonus=10_000, bonus_validity_days=30, price="1.00")
    with pytest.raises(PackUnavailable):
        start(customer, pack)
    assert not Purchase.objects.exists()


def test_only_a_form_that_was_sent_twice_is_taken_for_one(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What else the database refuses is not the other purchase of a double click."""
    pack = new_pack(credits=10, bonus=10_000, bonus_validity_days=30, price="1.00")
    monkeypatch.setattr(checkout, "can_be_sold", lambda pack, net: True)
    with pytest.raises(IntegrityError):
        start(customer, pack, key=uuid4())
