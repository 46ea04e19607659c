import pytest

from billing import checkout, events, payment_methods, selectors
from billing.errors import CardDeclined
from billing.models import PaymentMethod, Purchase, PurchaseState
from billing.reconciliation import reconcile
from tests.billing.stripe.conftest import credits, deliver, money


@pytest.fixture
def save(account, buyer, buy):
    """A card that was kept at a purchase."""

    def save(last4="4242"):
        purchase = buy(save_card=True)
        account.pay(purchase.provider_ref, card=last4)
        deliver(account)
        return PaymentMethod.objects.get(last4=last4)

    return save


@pytest.fixture
def pending(buyer, pack):
    """A purchase that nobody opened a page for."""
    return checkout._create(buyer, pack, "USD", None, None)


def test_the_payer_agrees_to_be_charged_later(account, buy):
    buy(save_card=True)
    (_, _, asked) = account.asked[-1]
    assert asked["payment_intent_data"]["setup_future_usage"] == "off_session"
    buy()
    (_, _, asked) = account.asked[-1]
    assert "setup_future_usage" not in asked["payment_intent_data"]


def test_a_card_is_kept_with_what_tells_it_apart(account, buyer, save):
    card = save()
    assert list(selectors.payment_methods_of(buyer)) == [card]
    assert (card.brand, card.last4, card.exp_month, card.exp_year) == ("visa", "4242", 8, 2034)
    assert card.ref in account.methods


def test_a_kept_card_is_offered_on_stripes_page(account, save, buy):
    save()
    buy()
    (_, _, asked) = account.asked[-1]
    kept = asked["saved_payment_method_options"]["allow_redisplay_filters"]
    assert kept == ["always", "limited"]


def test_a_saved_card_pays_without_its_owner(account, buyer, save, pending):
    card = save()
    assert payment_methods.pay(pending, card).state == PurchaseState.PAID
    assert credits(buyer) == (2000, 0)
    # The same again, and its event, change nothing.
    payment_methods.pay(pending, card)
    assert set(deliver(account)) == {200}
    assert reconcile()["failed"] == 0
    assert credits(buyer) == (2000, 0)
    assert money(buyer)["1000"] == 2 * (100_00 - 3_20)
    assert len(account.charges) == 2


def test_who_buys_first_on_two_pages_at_once_is_charged_by_either_card(account, buyer, buy, pack):
    pages = [buy(save_card=True), buy(save_card=True)]
    for page, last4 in zip(pages, ("4242", "1111"), strict=True):
        account.pay(page.provider_ref, card=last4)
    deliver(account)
    assert len({session["customer"] for session in account.sessions.values()}) == 2
    for card in selectors.payment_methods_of(buyer):
        purchase = checkout._create(buyer, pack, "USD", None, None)
        assert payment_methods.pay(purchase, card).state == PurchaseState.PAID


def test_a_charge_whose_answer_never_came_is_entered_by_its_event(
    account, buyer, save, pending, monkeypatch
):
    card = save()
    with monkeypatch.context() as patched:
        patched.setattr(events, "enter", lambda *args: None)
        assert payment_methods.pay(pending, card).state == PurchaseState.PENDING
    deliver(account)
    pending.refresh_from_db()
    assert pending.state == PurchaseState.PAID
    assert credits(buyer) == (2000, 0)


def test_or_by_the_reconciliation(account, buyer, save, pending, monkeypatch):
    card = save()
    with monkeypatch.context() as patched:
        patched.setattr(events, "enter", lambda *args: None)
        payment_methods.pay(pending, card)
    account.events.clear()
    reconcile()
    assert credits(buyer) == (2000, 0)


@pytest.mark.parametrize(("last4", "is_final"), [("9995", False), ("9979", True), ("3184", True)])
def test_a_decline_says_whether_another_day_may_be_better(
    account, buyer, save, pending, last4, is_final
):
    card = save(last4)
    with pytest.raises(CardDeclined) as refusal:
        payment_methods.pay(pending, card)
    assert refusal.value.is_final is is_final
    assert refusal.value.detail == "Your card was declined."
    pending.refresh_from_db()
    assert (pending.state, pending.reason) == (PurchaseState.FAILED, "Your card was declined.")
    assert set(deliver(account)) == {200}
    assert credits(buyer) == (1000, 0)


def test_a_card_that_is_removed_is_forgotten_at_stripe(account, buyer, save):
    card = save()
    payment_methods.remove(card)
    assert account.methods[card.ref]["customer"] is None
    assert not selectors.payment_methods_of(buyer).exists()
    payment_methods.remove(card)


def test_one_that_stripe_has_forgotten_is_removed_too(account, buyer, save):
    card = save()
    account.methods[card.ref]["customer"] = None
    payment_methods.remove(card)
    assert not selectors.payment_methods_of(buyer).exists()


def test_a_removed_card_is_not_charged(account, save, pending):
    card = save()
    payment_methods.remove(card)
    with pytest.raises(AssertionError):
        payment_methods.pay(pending, card)
    assert Purchase.objects.get(id=pending.id).state == PurchaseState.PENDING
