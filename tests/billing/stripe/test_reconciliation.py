"""A day of lost events, found in Stripe's lists."""

from billing import refunds
from billing.models import Dispute, PurchaseState, Refund
from billing.reconciliation import reconcile
from ledger.amounts import CREDIT
from tests.billing.stripe.conftest import credits, deliver, money


def lose_the_events(account):
    account.events.clear()


def test_what_was_paid_is_found(account, buyer, buy):
    # More than one page of Stripe's list.
    bought = [buy() for _ in range(12)]
    for purchase in bought[:11]:
        account.pay(purchase.provider_ref)
    lose_the_events(account)
    report = reconcile()
    assert (report["applied"], report["failed"]) == (11, 0)
    assert credits(buyer) == (11_000, 0)
    assert money(buyer)["1000"] == 11 * (100_00 - 3_20)
    for purchase in bought:
        purchase.refresh_from_db()
    assert [purchase.state for purchase in bought] == [PurchaseState.PAID] * 11 + ["pending"]


def test_fee_and_card_come_with_the_list(account, buyer, buy):
    purchase = buy(save_card=True)
    account.pay(purchase.provider_ref)
    account.asked.clear()
    reconcile()
    assert buyer.payment_methods.get().last4 == "4242"
    assert not [path for _, path, _ in account.asked if path.startswith("/v1/payment_intents/")]


def test_refunds_and_disputes_are_found(account, buyer, buy, paid):
    account.refund(paid.payment.provider_ref, 30_00)
    other = buy()
    account.pay(other.provider_ref)
    dispute = account.dispute(account.sessions[other.provider_ref]["payment_intent"])
    lose_the_events(account)
    assert reconcile()["failed"] == 0
    assert Refund.objects.get().amount == 30_00
    assert credits(buyer) == (700, 1000)
    account.close_dispute(dispute["id"], won=False)
    lose_the_events(account)
    reconcile()
    assert Dispute.objects.get().state == "lost"
    assert credits(buyer) == (700, 0)


def test_reconciling_again_changes_nothing(account, buyer, paid):
    account.refund(paid.payment.provider_ref, 30_00)
    reconcile()
    booked = money(buyer)
    reconcile()
    deliver(account)
    reconcile()
    assert money(buyer) == booked
    assert credits(buyer) == (700, 0)


def test_a_refund_that_fails_weeks_later_is_found(account, buyer, paid):
    """The event that tells of it is lost, and it is in no list of today."""
    made = account.refund(paid.payment.provider_ref, 30_00)
    deliver(account)
    assert credits(buyer) == (700, 0)
    made["created"] -= 29 * 24 * 3600
    account.fail_refund(made["id"])
    lose_the_events(account)
    assert reconcile()["failed"] == 0
    assert Refund.objects.get().state == "failed"
    assert credits(buyer) == (1000, 0)
    booked = money(buyer)
    reconcile()
    assert money(buyer) == booked


def test_a_refund_that_could_not_be_sent_is_sent(account, buyer, paid, settings):
    settings.STRIPE_SECRET_KEY = "sk_test_of_yesterday"
    refund = refunds.request(paid, 100 * CREDIT, by=None, reason="Unused")
    assert (refund.state, credits(buyer)) == ("requested", (900, 0))
    settings.STRIPE_SECRET_KEY = "sk_test_stand_in"
    assert reconcile()["failed"] == 0
    refund.refresh_from_db()
    assert refund.state == "succeeded"
    assert [one["amount"] for one in account.refunds.values()] == [10_00]


def test_stripe_may_be_down(account, paid, settings):
    settings.STRIPE_SECRET_KEY = "sk_test_of_yesterday"
    assert reconcile()["failed"] == 1
