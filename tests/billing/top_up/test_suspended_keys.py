"""Keys that a customer has suspended while a payment is owed."""

import pytest

from accounts.ids import uuid7
from accounts.models import Customer
from billing.alerts import telling
from billing.models import Alert, AlertKind, Mail
from billing.providers.sandbox import acts
from billing.reconciliation import reconcile
from billing.top_up import agreeing
from ledger.amounts import CREDIT
from ledger.models import Event
from tests.billing.top_up.owner import Owner, save_card
from tests.factories.billing import order


@pytest.fixture
def owner(books_tie, pack):
    return Owner.new(pack, "9979", suspend_keys=True)


def is_suspended(owner):
    return Customer.objects.get(id=owner.customer.id).keys_suspended_at is not None


def test_not_while_credits_are_left(owner):
    owner.spend_to(1)
    owner.run()
    assert owner.states() == ["failed"]
    assert not is_suspended(owner)


def test_when_nothing_is_left_and_a_payment_failed(owner):
    owner.spend_to(100)
    owner.run()
    owner.spend_to(0)
    owner.run()
    assert is_suspended(owner)


def test_not_for_want_of_credits_alone(owner):
    agreeing.end(owner.settings)
    owner.spend_to(0)
    owner.run()
    assert not is_suspended(owner)


def test_not_unless_it_was_asked_for(books_tie, pack):
    owner = Owner.new(pack, "9979")
    owner.spend_to(0)
    owner.run()
    assert owner.states() == ["failed"]
    assert not is_suspended(owner)


@pytest.fixture
def suspended(owner):
    owner.spend_to(0)
    owner.run()
    assert is_suspended(owner)
    return owner


def told(owner):
    found = Event.objects.filter(customer=owner.customer.id, kind__startswith="keys.")
    return list(found.order_by("id").values_list("kind", "data"))


def test_it_is_told_once_and_so_is_its_end(suspended):
    suspended.run()
    owed = {"reason": "payment_owed"}
    assert told(suspended) == [("keys.suspended", owed)]
    assert suspended.mails() == ["top_up_failed", "top_up_keys_suspended"]
    mail = Mail.objects.get(kind="top_up_keys_suspended")
    assert "403 key-suspended" in mail.text and "/portal/buy/" in mail.html
    suspended.book.grant(10**6)
    suspended.run()
    suspended.run()
    assert told(suspended) == [("keys.suspended", owed), ("keys.resumed", owed)]


def alerted(owner, kind, available):
    alert = Alert(customer_id=owner.customer.id, kind=kind, event_id=uuid7(), available=available)
    mail = telling.tell([alert], to=[owner.member.user.email], company=owner.customer)
    return mail.text


def test_mails_of_alerts_say_what_calls_are_refused_with(suspended):
    assert "with 403 key-suspended" in alerted(suspended, AlertKind.DRY, 0)
    agreeing.end(suspended.settings)
    assert "with 402" in alerted(suspended, AlertKind.DRY, 0)


def test_a_recovery_does_not_say_that_all_is_well_while_the_card_is_declined(suspended):
    suspended.book.grant(10**6)
    text = alerted(suspended, AlertKind.RECOVERED, CREDIT)
    assert "Automatic top-up needs you" in text and "Nothing is to be done" not in text
    agreeing.end(suspended.settings)
    assert "Nothing is to be done." in alerted(suspended, AlertKind.RECOVERED, CREDIT)


def test_it_is_lifted_by_a_payment_at_once(suspended, pack):
    acts.pay(order(suspended.customer, pack).provider_ref)
    reconcile()
    assert not is_suspended(suspended)


def test_by_another_card_that_pays(suspended, pack):
    suspended.card = save_card(suspended.customer, pack)
    suspended.spend_to(0)
    suspended.agree()
    suspended.run()
    assert (suspended.states(), suspended.available()) == (["failed", "succeeded"], 1000)
    assert not is_suspended(suspended)


@pytest.mark.parametrize("end", ["turned off", "credits"])
def test_and_where_nothing_is_owed_any_more(suspended, end):
    if end == "credits":
        suspended.book.grant(10**6)
    else:
        agreeing.end(suspended.settings)
    suspended.run()
    assert not is_suspended(suspended)


def test_staffs_own_suspension_is_another(suspended):
    assert Customer.objects.get(id=suspended.customer.id).status == "active"
