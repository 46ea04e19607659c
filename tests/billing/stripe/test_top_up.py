"""Automatic top-up at Stripe: one charge, whatever becomes of its answer."""

from datetime import timedelta

import pytest

from billing import events
from billing.models import PaymentMethod, Purchase, TopUp
from billing.reconciliation import reconcile
from billing.relay import relay
from billing.top_up import agreeing, running
from billing.top_up.agreeing import Terms
from ledger.amounts import CREDIT
from tests.billing.stripe.conftest import credits, deliver, money
from tests.factories.ledger import Book


@pytest.fixture
def low(account, buyer, pack, buy):
    """With a card of these digits that is to top up, and 100 credits left of 1,000."""

    def low(last4="4242"):
        purchase = buy(save_card=True)
        account.pay(purchase.provider_ref, card=last4)
        deliver(account)
        card = PaymentMethod.objects.get(last4=last4)
        terms = Terms(200 * CREDIT, 3000 * CREDIT, pack, "USD", 1000_00, card)
        agreeing.agree(buyer, terms, by=None)
        Book(buyer.id).debit(900 * CREDIT)
        relay()
        return card

    return low


def states():
    return list(TopUp.objects.order_by("id").values_list("state", flat=True))


def due():
    """The provider may be asked again."""
    TopUp.objects.update(due_at="2020-01-01T00:00Z")


def test_one_charge_closes_the_gap(account, buyer, low):
    low()
    running.run()
    assert (states(), credits(buyer), len(account.charges)) == (["succeeded"], (3100, 0), 2)
    # The first was bought on the page; its fee and that of the three are known.
    assert money(buyer)["1000"] + money(buyer)["6100"] == 400_00
    assert set(deliver(account)) == {200}
    assert reconcile()["failed"] == 0
    running.run()
    assert (states(), credits(buyer), len(account.charges)) == (["succeeded"], (3100, 0), 2)


@pytest.mark.parametrize("is_told", [True, False])
def test_an_answer_that_is_lost_is_asked_for_again(account, buyer, low, monkeypatch, is_told):
    low()
    with monkeypatch.context() as patched:
        patched.setattr(events, "enter", lambda *args: None)
        running.run()
    assert states() == ["charging"]
    if is_told:
        deliver(account)
        assert states() == ["succeeded"]
    due()
    running.run()
    assert (states(), credits(buyer), len(account.charges)) == (["succeeded"], (3100, 0), 2)


def test_after_a_day_it_is_looked_for_and_not_asked_for(account, buyer, low, monkeypatch):
    """Stripe has forgotten the key by then: it would be another charge."""
    low()
    with monkeypatch.context() as patched:
        patched.setattr(events, "enter", lambda *args: None)
        running.run()
    purchase = Purchase.objects.get(top_up__isnull=False)
    purchase.created_at -= timedelta(hours=21)
    purchase.save()
    due()
    running.run()
    assert (states(), credits(buyer), len(account.charges)) == (["succeeded"], (3100, 0), 2)


def test_what_is_under_way_at_stripe_is_not_given_up(account, buyer, low, monkeypatch):
    low()
    with monkeypatch.context() as patched:
        patched.setattr(events, "enter", lambda *args: None)
        running.run()
    purchase = Purchase.objects.get(top_up__isnull=False)
    (intent,) = (one for one in account.intents.values() if one["metadata"].get("saved"))
    assert intent["metadata"]["purchase"] == purchase.name
    intent["status"] = "processing"
    purchase.created_at -= timedelta(hours=21)
    purchase.save()
    due()
    running.run()
    assert states() == ["charging"]
    intent["status"] = "succeeded"
    due()
    running.run()
    assert (states(), credits(buyer), len(account.charges)) == (["succeeded"], (3100, 0), 2)


@pytest.mark.parametrize(("last4", "is_final"), [("9995", False), ("9979", True), ("3184", True)])
def test_a_decline_opens_the_breaker_or_is_tried_again_later(account, low, last4, is_final):
    card = low(last4)
    running.run()
    running.run()
    assert (states(), len(account.charges)) == (["failed"], 1)
    assert (card.breaker.opened_at is not None, card.breaker.retry_at is not None) == (
        is_final,
        not is_final,
    )
    # The report of it comes after.
    assert set(deliver(account)) == {200}
    assert states() == ["failed"]


def test_a_report_of_the_decline_may_be_first(account, low, monkeypatch):
    low("9979")
    with monkeypatch.context() as patched:
        patched.setattr("billing.top_up.settling.failed", lambda *args, **options: None)
        running.run()
    deliver(account)
    assert states() == ["charging"]
    due()
    running.run()
    assert states() == ["failed"]
