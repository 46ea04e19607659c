"""What goes wrong, or comes in between, while an account is closed: it goes on to its end, once."""

import pytest

from accounts import services as accounts_services
from accounts.models import User
from billing import events, payments
from billing.care import closings, running
from billing.errors import ProviderDeclined, ProviderFailed
from billing.models import (
    Closing,
    ClosingState,
    Purchase,
    Refund,
    RefundState,
    SandboxCheckout,
    SandboxRefund,
)
from billing.providers.sandbox import acts as bank
from billing.providers.sandbox.provider import Sandbox
from ledger.amounts import CREDIT
from ledger.selectors import balance
from tests.billing.care.closed import now
from tests.factories import billing

pytestmark = pytest.mark.django_db


def test_a_provider_that_fails_is_asked_again(acme, purchase, ask, approve, monkeypatch):
    def away(self, **refund):
        raise ProviderFailed("It does not answer.")

    monkeypatch.setattr(Sandbox, "refund", away)
    closing = approve(ask(acme))
    assert not running.carry_on(closing.pk)
    assert now(closing).state == ClosingState.SETTLING
    assert "It does not answer." in now(closing).told
    assert balance(acme.pk).total == 0
    monkeypatch.undo()
    assert running.carry_on_all() == "1 closed, 0 expired"
    assert (now(closing).state, SandboxRefund.objects.get().amount) == (ClosingState.CLOSED, 10000)


@pytest.mark.usefixtures("all_books_tie")
def test_what_a_provider_declines_is_given_up_when_that_is_confirmed(
    acme, purchase, ask, approve, monkeypatch
):
    def no(self, **refund):
        raise ProviderDeclined("The card is gone.")

    monkeypatch.setattr(Sandbox, "refund", no)
    closing = approve(ask(acme))
    running.carry_on(closing.pk)
    assert now(closing).state == ClosingState.CHANGED
    assert balance(acme.pk).total == 1000 * CREDIT
    assert running.carry_on_all() == "0 closed, 0 expired"
    effect = closings.effect_now(now(closing), User.objects.get(email="approver@example.com"))
    assert effect.kept == [(purchase.pk, "The provider declined: The card is gone.")]
    approve(now(closing))
    assert running.carry_on(closing.pk)
    assert billing.credits(acme.pk) == {"U10": 1000, "U31": 1000}


@pytest.mark.parametrize("policy", Closing.values)
def test_what_is_paid_after_it_was_asked_for_goes_back(acme, purchase, ask, approve, policy):
    closing = ask(acme, policy)
    late = billing.sold_by_the_test_provider(acme, billing.new_pack(credits=10, price="2.00"))
    approve(closing)
    running.carry_on(closing.pk)
    assert Refund.objects.get(payment=late.pk).paid_back == 200
    assert Refund.objects.filter(payment=purchase.pk).exists() is (policy == Closing.REFUND)


@pytest.mark.usefixtures("all_books_tie")
@pytest.mark.parametrize("policy", Closing.values)
def test_what_is_paid_after_it_was_approved_goes_back(acme, purchase, ask, approve, policy):
    pending = billing.order(acme, billing.new_pack(credits=10, price="2.00"))
    closing = approve(ask(acme, policy))
    bank.pay(pending.provider_ref)
    payments.confirm(pending)
    assert balance(acme.pk).total == 10 * CREDIT
    assert running.carry_on(closing.pk)
    assert balance(acme.pk).total == 0
    assert Refund.objects.get(payment=pending.pk).state == RefundState.SUCCEEDED


def test_what_is_paid_when_it_was_closed_goes_back(acme, purchase, ask, approve):
    """The provider tells of it the day after."""
    pending = billing.order(acme, billing.new_pack(credits=10, price="2.00"))
    Purchase.objects.filter(pk=pending.pk).update(expires_at="2026-01-01T00:00Z")
    closing = approve(ask(acme, Closing.FORFEIT))
    assert running.carry_on(closing.pk)
    bank.pay(pending.provider_ref)
    payments.confirm(pending)
    assert running.carry_on_all() == "1 closed, 0 expired"
    assert Refund.objects.get().payment_id == pending.pk
    assert balance(acme.pk).total == 0


def test_pages_that_could_be_paid_are_closed(acme, purchase, ask, approve):
    pending = billing.order(acme)
    closing = approve(ask(acme))
    assert running.carry_on(closing.pk)
    assert SandboxCheckout.objects.get(ref=pending.provider_ref).state == "closed"
    assert Purchase.objects.get(pk=pending.pk).state == "expired"


@pytest.mark.usefixtures("all_books_tie")
def test_credits_that_come_back_wait_for_a_person(acme, purchase, ask, approve):
    """The bank sent a refund back, days later."""
    closing = approve(ask(acme))
    running.carry_on(closing.pk)
    refund = Refund.objects.get()
    failed = billing.refund_fact(
        refund.payment, refund.provider_ref, 10000, state="failed", our_refund=refund.name
    )
    events.enter("test", failed)
    assert balance(acme.pk).total == 1000 * CREDIT
    running.carry_on_all()
    assert (now(closing).state, now(closing).told) == (ClosingState.CHANGED, running.CAME_BACK)


@pytest.mark.parametrize("step", ["_close_pages", "_give_back_late", "_send", "_finish"])
def test_killed_between_two_steps_the_job_goes_on(acme, purchase, ask, approve, monkeypatch, step):
    class Killed(BaseException):
        pass

    def die(*args):
        raise Killed

    pending = billing.order(acme)
    closing = approve(ask(acme))
    monkeypatch.setattr(running, step, die)
    with pytest.raises(Killed):
        running.carry_on(closing.pk)
    assert now(closing).state == ClosingState.SETTLING
    monkeypatch.undo()
    assert running.carry_on_all() == "1 closed, 0 expired"
    assert running.carry_on_all() == "0 closed, 0 expired"
    assert Refund.objects.get().paid_back == SandboxRefund.objects.get().amount == 10000
    assert SandboxCheckout.objects.get(ref=pending.provider_ref).state == "closed"


def test_killed_while_the_provider_is_asked_it_is_one_refund(
    acme, purchase, ask, approve, monkeypatch
):
    """The provider has done it, and we died before its answer was written."""

    class Killed(BaseException):
        pass

    def die(*args):
        raise Killed

    closing = approve(ask(acme))
    monkeypatch.setattr(events, "enter", die)
    with pytest.raises(Killed):
        running.carry_on(closing.pk)
    assert SandboxRefund.objects.count() == 1
    monkeypatch.undo()
    running.carry_on_all()
    assert SandboxRefund.objects.count() == 1
    assert now(closing).state == ClosingState.CLOSED


def test_killed_while_it_settles_nothing_was_done(acme, purchase, ask, approve, monkeypatch):
    def die(*args, **fields):
        raise KeyboardInterrupt

    closing = ask(acme)
    monkeypatch.setattr(accounts_services, "close_customer", die)
    with pytest.raises(KeyboardInterrupt):
        approve(closing)
    monkeypatch.undo()
    assert (now(closing).state, balance(acme.pk).total) == (
        ClosingState.REQUESTED,
        1000 * CREDIT,
    )
    assert not Refund.objects.exists()
