"""Cards kept at the test provider, and charged there without their owners."""

import pytest

from billing import checkout, payment_methods, selectors
from billing.errors import CardDeclined
from billing.models import PurchaseState, SandboxCard, SandboxCheckout
from billing.providers.sandbox import acts
from billing.reconciliation import reconcile
from ledger.amounts import CREDIT
from ledger.selectors import balance
from tests.factories import billing
from tests.factories.accounts import CustomerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(books_tie):
    return CustomerFactory(name="Acme")


@pytest.fixture
def pack():
    return billing.new_pack()


def save(customer, pack, card="4242"):
    """1,000 credits are bought with it."""
    purchase = billing.order(customer, pack)
    acts.pay(purchase.provider_ref, save_card=True, card=card)
    reconcile()
    return selectors.payment_methods_of(customer).get(last4=card)


def pending(customer, pack):
    return checkout._create(customer, pack, "USD", None, None)


def available(customer):
    return balance(customer.id).available // CREDIT


def test_a_kept_card_pays_without_its_owner(acme, pack):
    card = save(acme, pack)
    assert (card.brand, card.exp_month, card.exp_year) == ("test", 12, 2034)
    purchase = payment_methods.pay(pending(acme, pack), card)
    assert (purchase.state, available(acme)) == (PurchaseState.PAID, 2000)
    payment_methods.pay(purchase, card)
    reconcile()
    assert (SandboxCheckout.objects.count(), available(acme)) == (2, 2000)


@pytest.mark.parametrize(("last4", "is_final"), [("9995", False), ("9979", True)])
def test_some_cards_are_declined_later(acme, pack, last4, is_final):
    card = save(acme, pack, last4)
    purchase = pending(acme, pack)
    with pytest.raises(CardDeclined) as refusal:
        payment_methods.pay(purchase, card)
    assert refusal.value.is_final is is_final
    purchase.refresh_from_db()
    assert purchase.state == PurchaseState.FAILED
    assert purchase.reason == refusal.value.detail
    reconcile()
    assert available(acme) == 1000


def test_a_card_that_was_removed_is_forgotten(acme, pack):
    card = save(acme, pack)
    payment_methods.remove(card)
    assert not SandboxCard.objects.exists()
    assert not selectors.payment_methods_of(acme).exists()


def test_and_is_kept_again_when_it_is_given_again(acme, pack):
    card = save(acme, pack)
    payment_methods.remove(card)
    assert save(acme, pack) == card


def test_a_card_that_the_provider_forgot_is_declined_for_good(acme, pack):
    card = save(acme, pack)
    acts.forget_card(card.ref)
    with pytest.raises(CardDeclined) as refusal:
        payment_methods.pay(pending(acme, pack), card)
    assert refusal.value.is_final


def test_no_card_is_kept_unasked(acme, pack):
    purchase = billing.order(acme, pack)
    acts.pay(purchase.provider_ref)
    reconcile()
    assert available(acme) == 1000
    assert not selectors.payment_methods_of(acme).exists()
