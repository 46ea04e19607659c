"""Plans at Stripe: one charge a period, whatever becomes of its answer."""

from datetime import UTC, datetime, timedelta

import pytest

from billing import events
from billing.models import Invoice, InvoiceCharge, PaymentMethod
from billing.plans import charging, paying, running, subscribing
from billing.plans.errors import NothingToPay
from billing.reconciliation import reconcile
from tests.billing.plans.world import new_plan
from tests.billing.stripe.conftest import credits, deliver, money
from tests.factories.accounts import MemberFactory


@pytest.fixture
def start(account, buyer, buy):
    """With a card of these digits, from a purchase of 1,000 credits."""

    def start(last4="4242", **settings):
        purchase = buy(save_card=True)
        account.pay(purchase.provider_ref, card=last4)
        deliver(account)
        card = PaymentMethod.objects.get(last4=last4)
        plan = new_plan(**{"fee": 20_00, "included_credits": 50} | settings)
        return subscribing.start(buyer, plan, card=card)

    return start


def states():
    return list(Invoice.objects.order_by("id").values_list("state", flat=True))


def due():
    Invoice.objects.filter(state="due").update(due_at="2020-01-01T00:00Z")


def test_it_is_charged_once(account, buyer, start):
    start()
    running.run()
    assert (states(), credits(buyer), len(account.charges)) == (["paid"], (1050, 0), 2)
    assert set(deliver(account)) == {200}
    assert reconcile()["failed"] == 0
    running.run()
    assert (states(), credits(buyer), len(account.charges)) == (["paid"], (1050, 0), 2)
    balances = money(buyer)
    assert balances["1000"] + balances["6100"] == 120_00
    assert "1100" not in balances


@pytest.mark.parametrize("is_told", [True, False])
def test_an_answer_that_is_lost(account, buyer, start, monkeypatch, is_told):
    start()
    with monkeypatch.context() as patched:
        patched.setattr(events, "enter", lambda *args: None)
        running.run()
    assert (states(), len(account.charges)) == (["due"], 2)
    if is_told:
        deliver(account)
        assert states() == ["paid"]
    due()
    running.run()
    assert (states(), credits(buyer), len(account.charges)) == (["paid"], (1050, 0), 2)


def test_what_was_charged_is_found_in_stripe_s_own_list(account, buyer, start, monkeypatch):
    start()
    with monkeypatch.context() as patched:
        patched.setattr(events, "enter", lambda *args: None)
        running.run()
    InvoiceCharge.objects.update(created_at="2020-01-01T00:00Z")
    due()
    running.run()
    assert (states(), credits(buyer), len(account.charges)) == (["paid"], (1050, 0), 2)


@pytest.mark.parametrize("last4", ["9995", "9979", "3184"])
def test_a_decline_is_told_twice_and_counts_once(account, start, last4):
    start(last4)
    running.run()
    assert set(deliver(account)) == {200}
    invoice = Invoice.objects.get()
    assert (invoice.state, invoice.failures, invoice.charges.count()) == ("due", 1, 1)


def test_a_report_of_the_decline_may_be_first(account, start, monkeypatch):
    start("9979")
    with monkeypatch.context() as patched:
        patched.setattr(charging.settling, "failed", lambda *args, **options: None)
        running.run()
    deliver(account)
    due()
    assert Invoice.objects.get().failures == 1


def test_it_is_paid_on_stripe_s_page(account, buyer):
    plan = new_plan(fee=20_00, included_credits=50)
    subscription = subscribing.start(buyer, plan)
    invoice = subscription.invoices.get()
    member = _owner(buyer)
    charge = paying.open_page(invoice, by=member, return_url="https://shop.example/back")
    account.pay(charge.provider_ref, save_card=True)
    assert set(deliver(account)) == {200}
    assert (states(), credits(buyer)) == (["paid"], (50, 0))
    subscription.refresh_from_db()
    assert subscription.card is not None and subscription.card.provider == "stripe"


def test_a_page_that_is_open_is_closed_before_a_card_is_charged(account, buyer, buy):
    purchase = buy(save_card=True)
    account.pay(purchase.provider_ref, card="4242")
    deliver(account)
    subscription = subscribing.start(buyer, new_plan(fee=20_00, included_credits=50))
    invoice = subscription.invoices.get()
    page = paying.open_page(invoice, by=_owner(buyer), return_url="https://shop.example/back")
    InvoiceCharge.objects.update(created_at="2020-01-01T00:00Z")
    subscribing.use_card(subscription, PaymentMethod.objects.get())
    charging.charge_now(subscription)
    assert account.sessions[page.provider_ref]["status"] == "expired"
    assert (states(), len(account.charges)) == (["paid"], 2)
    assert set(deliver(account)) == {200}
    page.refresh_from_db()
    assert page.state == "given_up"


@pytest.fixture
def under_way(account, buyer, buy):
    """A page that was paid by bank debit a day ago. There is a card by now."""
    purchase = buy(save_card=True)
    account.pay(purchase.provider_ref, card="4242")
    deliver(account)
    subscription = subscribing.start(buyer, new_plan(fee=20_00, included_credits=50))
    page = _open_page(subscription.invoices.get(), buyer)
    account.pay_by_debit(page.provider_ref)
    deliver(account)
    InvoiceCharge.objects.update(created_at=datetime.now(UTC) - timedelta(hours=25))
    subscribing.use_card(subscription, PaymentMethod.objects.get())
    _rounds()
    assert (states(), len(account.charges)) == (["due"], 1)
    with pytest.raises(NothingToPay, match="under way"):
        _open_page(page.invoice, buyer)
    return page


@pytest.mark.parametrize("is_told", [True, False])
def test_while_a_bank_debit_is_under_way_no_card_is_charged(account, buyer, under_way, is_told):
    account.debit_arrives(under_way.provider_ref)
    if is_told:
        assert set(deliver(account)) == {200}
    _rounds()
    assert (states(), credits(buyer), len(account.charges)) == (["paid"], (1050, 0), 2)
    assert set(deliver(account)) <= {200}


@pytest.mark.parametrize("is_told", [True, False])
def test_when_it_has_failed_one_is(account, buyer, under_way, is_told):
    account.debit_fails(under_way.provider_ref)
    if is_told:
        assert set(deliver(account)) == {200}
    _rounds()
    under_way.refresh_from_db()
    assert (under_way.state, under_way.reason) == ("given_up", "The payment failed.")
    assert (states(), credits(buyer), len(account.charges)) == (["paid"], (1050, 0), 2)


def test_a_debit_that_has_failed_does_not_keep_another_page_closed(account, buyer, under_way):
    account.debit_fails(under_way.provider_ref)
    account.pay(_open_page(under_way.invoice, buyer).provider_ref)
    assert set(deliver(account)) == {200}
    assert (states(), credits(buyer)) == (["paid"], (1050, 0))


def _open_page(invoice, buyer):
    return paying.open_page(invoice, by=_owner(buyer), return_url="https://shop.example/back")


def _rounds():
    for _ in range(2):
        due()
        running.run()


def _owner(customer):
    return MemberFactory(customer=customer).user
