"""Refunds and disputes of a pack of 1,000 credits for USD 100, of which Stripe kept 3.20."""

import pytest

from billing import events, refunds
from billing.models import Dispute, ProviderEvent, Refund, RefundState
from ledger.amounts import CREDIT
from tests.billing.stripe.conftest import credits, deliver, money
from tests.ledger.api.conftest import operate

CASH = 100_00 - 3_20


def spend(customer, amount):
    hold = operate("reserve", customer, amount=amount * CREDIT)
    operate("commit", customer, reservation_id=hold.reservation_id)


def ask(purchase, amount=None):
    wanted = None if amount is None else amount * CREDIT
    return refunds.request(purchase, wanted, by=None, reason="Unused")


def test_partial_refunds_each_count(account, buyer, paid):
    ask(paid, 100)
    ask(paid, 250)
    assert credits(buyer) == (650, 0)
    assert [refund.amount for refund in Refund.objects.order_by("created_at")] == [10_00, 25_00]
    assert set(Refund.objects.values_list("state", flat=True)) == {RefundState.SUCCEEDED}
    assert [refund["amount"] for refund in account.refunds.values()] == [10_00, 25_00]
    # Its events tell of the same once more.
    assert set(deliver(account)) == {200}
    assert credits(buyer) == (650, 0)
    assert money(buyer)["2100"] == -65_00
    assert money(buyer)["1000"] == CASH - 35_00
    paid.payment.refresh_from_db()
    assert (paid.payment.refunded, paid.payment.returned) == (35_00, 35_00)


def test_refunds_at_the_dashboard_take_credits(account, buyer, paid):
    payment = paid.payment.provider_ref
    account.refund(payment, 10_00)
    account.refund(payment, 25_00)
    assert set(deliver(account)) == {200}
    assert credits(buyer) == (650, 0)
    assert money(buyer)["2100"] == -65_00
    assert not ProviderEvent.objects.filter(state__in=["parked", "refused"]).exists()


@pytest.mark.parametrize("order", ["told backwards", "told as they came"])
def test_totals_and_single_refunds_come_in_any_order(account, buyer, paid, order):
    payment = paid.payment.provider_ref
    account.refund(payment, 10_00)
    account.refund(payment, 25_00)
    if order == "told backwards":
        account.events.reverse()
    deliver(account)
    assert credits(buyer) == (650, 0)
    assert money(buyer)["1000"] == CASH - 35_00


def test_a_refund_whose_answer_is_lost_is_one_refund(account, buyer, paid):
    account.lost_answers = 2
    refund = ask(paid, 100)
    assert refund.state == RefundState.SUCCEEDED
    assert len(account.refunds) == 1
    assert credits(buyer) == (900, 0)


def test_a_refund_that_is_asked_for_again_days_later_is_one_refund(account, paid, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(events, "enter", lambda *args: None)
        refund = ask(paid, 100)
    assert refund.state == RefundState.REQUESTED
    account.forget_keys()
    refunds.send(refund)
    refund.refresh_from_db()
    assert refund.state == RefundState.SUCCEEDED
    assert len(account.refunds) == 1


def test_a_refund_that_stripe_declines_gives_the_credits_back(account, buyer, paid):
    account.dispute(paid.payment.provider_ref, 1_00)
    refund = ask(paid, 100)
    assert (refund.state, refund.reason) == (RefundState.FAILED, "The charge is disputed.")
    assert credits(buyer) == (1000, 0)
    assert money(buyer) == {"1000": CASH, "2100": -100_00, "6100": 3_20}


def test_a_refund_that_fails_later_gives_the_credits_back(account, buyer, paid):
    ask(paid, 100)
    account.fail_refund(Refund.objects.get().provider_ref)
    deliver(account)
    refund = Refund.objects.get()
    assert (refund.state, refund.reason) == (RefundState.FAILED, "expired_or_canceled_card")
    assert credits(buyer) == (1000, 0)
    assert money(buyer) == {"1000": CASH, "2100": -100_00, "6100": 3_20}


def test_a_dispute_freezes_what_is_unspent(account, buyer, paid):
    spend(buyer, 400)
    account.dispute(paid.payment.provider_ref)
    deliver(account)
    assert credits(buyer) == (0, 600)
    assert money(buyer)["1200"] == 100_00
    assert money(buyer)["6200"] == 15_00
    assert Dispute.objects.get().reason == "fraudulent"


def test_a_dispute_that_is_won_gives_it_free_again(account, buyer, paid):
    spend(buyer, 400)
    dispute = account.dispute(paid.payment.provider_ref)
    deliver(account)
    account.close_dispute(dispute["id"], won=True)
    deliver(account)
    assert Dispute.objects.get().state == "won"
    assert credits(buyer) == (600, 0)
    assert "1200" not in money(buyer)
    # Stripe gave its fee back.
    assert "6200" not in money(buyer)
    assert money(buyer)["1000"] == CASH


def test_a_dispute_that_is_lost_takes_what_is_unspent(account, buyer, paid):
    spend(buyer, 400)
    dispute = account.dispute(paid.payment.provider_ref)
    deliver(account)
    account.close_dispute(dispute["id"], won=False)
    deliver(account)
    lost = Dispute.objects.get()
    assert (lost.state, lost.clawed_credits // CREDIT, lost.owed) == ("lost", 600, 40_00)
    assert credits(buyer) == (0, 0)
    booked = money(buyer)
    assert "1200" not in booked
    assert booked["1000"] == CASH - 115_00


@pytest.mark.parametrize("won", [True, False])
def test_a_disputes_events_come_in_any_order(account, buyer, paid, won):
    dispute = account.dispute(paid.payment.provider_ref)
    account.close_dispute(dispute["id"], won=won)
    account.events.reverse()
    assert set(deliver(account)) == {200}
    assert Dispute.objects.get().state == ("won" if won else "lost")
    assert credits(buyer) == ((1000, 0) if won else (0, 0))
    assert "1200" not in money(buyer)


def test_fees_of_a_dispute_may_be_told_late(account, buyer, paid):
    dispute = account.dispute(paid.payment.provider_ref)
    created, withdrawn = account.events
    created["data"]["object"]["balance_transactions"] = []
    account.close_dispute(dispute["id"], won=True)
    reinstated, closed = account.events[2:]
    closed["data"]["object"]["balance_transactions"] = dispute["balance_transactions"][:1]
    account.events = [created]
    deliver(account)
    assert "6200" not in money(buyer)
    account.events = [withdrawn, closed]
    deliver(account)
    assert money(buyer)["6200"] == 15_00
    account.events = [reinstated, withdrawn]
    deliver(account)
    assert "6200" not in money(buyer)
    assert money(buyer)["1000"] == CASH


def test_an_inquiry_moves_nothing(account, buyer, paid):
    account.inquire(paid.payment.provider_ref)
    deliver(account)
    assert not Dispute.objects.exists()
    assert credits(buyer) == (1000, 0)
    assert ProviderEvent.objects.get(kind="charge.dispute.created").state == "ignored"


def test_after_a_partial_refund_only_the_rest_is_disputed(account, buyer, paid):
    ask(paid, 300)
    dispute = account.dispute(paid.payment.provider_ref)
    account.close_dispute(dispute["id"], won=False)
    deliver(account)
    paid.payment.refresh_from_db()
    assert (paid.payment.refunded, paid.payment.clawed_back) == (30_00, 70_00)
    assert credits(buyer) == (0, 0)
    assert "2100" not in money(buyer)
