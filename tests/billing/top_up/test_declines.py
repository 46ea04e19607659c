"""Cards that decline: left alone, told of once, and taken up again when that is mended."""

import pytest

from accounts.models import Role
from billing.errors import ProviderDeclined, TopUpRefused
from billing.models import CardBreaker, Mail, Obstacle, SandboxCheckout
from billing.providers.sandbox import acts
from billing.providers.sandbox.provider import Sandbox
from billing.reconciliation import reconcile
from billing.top_up import agreeing
from ledger.models import Event
from tests.billing.top_up.owner import Owner, save_card
from tests.factories import billing
from tests.factories.accounts import MemberFactory

HARD, SOFT = "9979", "9995"
HOUR = 3600


@pytest.fixture
def hard(books_tie, pack):
    return Owner.new(pack, HARD)


@pytest.fixture
def soft(books_tie, pack):
    return Owner.new(pack, SOFT)


def charges(owner):
    """That the provider was asked for."""
    kept = SandboxCheckout.objects.filter(customer_ref=owner.card.customer_ref)
    return kept.filter(saves_card=False).count()


def test_a_hard_decline_pauses_at_once_and_is_told_once(hard, calendar):
    hard.spend_to(100)
    for _ in range(3):
        hard.run()
        calendar.forward(48 * HOUR)
    assert (charges(hard), hard.states(), hard.available()) == (1, ["failed"], 100)
    assert hard.told() == ["top_up.failed", "top_up.paused"]
    assert hard.mails() == ["top_up_failed"]
    assert hard.settings.stopped_by == Obstacle.DECLINED


def test_the_mail_says_why_and_where_to_mend_it(hard):
    hard.spend_to(100)
    hard.run()
    mail = Mail.objects.get(customer=hard.customer)
    assert mail.to == [hard.member.user.email]
    for part in (mail.text, mail.html):
        for told in ("stolen", "$100.00", "/portal/buy/", "200 credits"):
            assert told in part
    assert "Test 9979" in mail.text and "not tried again" in mail.text


def test_the_mail_leads_to_another_card_that_is_saved(hard, pack):
    save_card(hard.customer, pack)
    hard.spend_to(100)
    hard.run()
    mail = Mail.objects.get(customer=hard.customer, kind="top_up_failed")
    assert "Use Test 4242 from now on: http://127.0.0.1:9/portal/top-up/" in mail.text


def test_and_else_to_saving_one(hard):
    hard.spend_to(100)
    hard.run()
    mail = Mail.objects.get(customer=hard.customer, kind="top_up_failed")
    assert "Buy with another card and keep it: http://127.0.0.1:9/portal/buy/" in mail.text
    assert "Keep my card for later" in mail.text and "Choose" not in mail.text


def test_the_mail_of_a_pause_says_how_often_it_was_declined_and_why(soft, calendar):
    soft.spend_to(100)
    for _ in range(3):
        soft.run()
        calendar.forward(7 * HOUR)
    mail = Mail.objects.get(customer=soft.customer, kind="top_up_paused")
    assert "declined 3 times in a row" in mail.text and "insufficient funds" in mail.text


def test_a_mail_says_what_stopped_it_and_leads_there(books_tie, pack, calendar):
    owner = Owner.new(pack, name="A & B")
    pack.active_until = calendar.now()
    pack.save()
    owner.spend_to(100)
    owner.run()
    mail = Mail.objects.get(customer=owner.customer)
    assert mail.subject.startswith("A & B: the automatic top-up at ")
    assert "A & B has fallen to 200 credits" in mail.text
    assert "A &amp; B has fallen" in mail.html
    assert "Choose another pack: http://127.0.0.1:9/portal/top-up/" in mail.text
    assert 'href="http://127.0.0.1:9/portal/top-up/"' in mail.html


def test_whoever_does_the_billing_is_told_and_nobody_else(hard):
    for role in Role:
        MemberFactory(customer=hard.customer, role=role, user__email=f"{role}@acme.example")
    hard.spend_to(100)
    hard.run()
    to = Mail.objects.get(customer=hard.customer).to
    assert to == sorted(["billing@acme.example", "owner@acme.example", hard.member.user.email])


def test_what_the_provider_refuses_is_told_as_a_purchase_that_failed(owner, monkeypatch):
    def refuse(*args):
        raise ProviderDeclined("There is no such customer.")

    monkeypatch.setattr(Sandbox, "charge_saved", refuse)
    owner.spend_to(100)
    owner.run()
    assert (owner.states(), owner.mails()) == (["failed"], ["top_up_failed"])
    (failed,) = Event.objects.filter(customer=owner.customer.id, kind="purchase.failed")
    assert failed.subject == str(owner.last_purchase().id)
    assert failed.data["reason"] == "There is no such customer."


def test_soft_declines_are_tried_again_later_and_later_and_three_pause(soft, calendar):
    soft.spend_to(100)
    tried = []
    for _ in range(60):
        soft.run()
        tried.append(charges(soft))
        calendar.forward(HOUR / 2)
    # At once, after an hour, and six hours after that.
    assert [tried.index(1), tried.index(2), tried.index(3), tried[-1]] == [0, 2, 14, 3]
    assert soft.told() == ["top_up.failed"] * 3 + ["top_up.paused"]
    assert soft.mails() == ["top_up_failed", "top_up_paused"]


def test_another_card_goes_on_at_once(hard, pack):
    hard.spend_to(100)
    hard.run()
    hard.card = save_card(hard.customer, pack)
    hard.spend_to(100)
    hard.agree()
    hard.run()
    assert (hard.states(), hard.available()) == (["failed", "succeeded"], 1100)
    assert (hard.settings.stopped_by, hard.settings.failing_since) == ("", None)


def test_a_card_that_is_paused_cannot_be_chosen_again(hard):
    hard.spend_to(100)
    hard.run()
    with pytest.raises(TopUpRefused) as refusal:
        hard.agree()
    assert refusal.value.field == "card"


def test_any_payment_with_the_card_closes_its_breaker(hard, pack):
    hard.spend_to(100)
    hard.run()
    save_card(hard.customer, pack, HARD)
    assert not CardBreaker.objects.filter(card=hard.card).exists()
    assert (hard.settings.stopped_by, hard.settings.failing_since) == ("", None)


def test_a_payment_with_another_card_does_not(hard, pack):
    hard.spend_to(100)
    hard.run()
    acts.pay(billing.order(hard.customer, pack).provider_ref)
    reconcile()
    assert CardBreaker.objects.get(card=hard.card).opened_at


def test_the_next_failure_after_a_success_is_told_again(soft, calendar, pack):
    soft.spend_to(100)
    soft.run()
    save_card(soft.customer, pack, SOFT)
    soft.spend_to(100)
    soft.run()
    assert soft.mails() == ["top_up_failed"] * 2


def test_a_card_that_was_removed_pauses_and_is_told_once(owner, calendar):
    owner.card.removed_at = calendar.now()
    owner.card.save()
    owner.spend_to(100)
    for _ in range(3):
        owner.run()
    assert (owner.states(), owner.told(), owner.mails()) == (
        [],
        ["top_up.paused"],
        ["top_up_paused"],
    )


def test_a_pack_that_is_withdrawn_pauses_until_it_is_back(owner, pack, calendar):
    pack.active_until = calendar.now()
    pack.save()
    owner.spend_to(100)
    for _ in range(3):
        owner.run()
    assert (owner.states(), owner.told()) == ([], ["top_up.paused"])
    assert owner.settings.stopped_by == Obstacle.PACK
    pack.active_until = None
    pack.save()
    owner.run()
    assert (owner.states(), owner.settings.stopped_by) == (["succeeded"], "")


@pytest.mark.parametrize(("price", "is_charged"), [("100.01", False), ("99.00", True)])
def test_what_became_dearer_is_not_covered_by_what_was_agreed(owner, pack, price, is_charged):
    pack.prices.update(price=price)
    owner.spend_to(100)
    owner.run()
    assert bool(owner.charged()) is is_charged
    assert owner.settings.stopped_by == ("" if is_charged else Obstacle.PRICE)


def test_nor_is_a_pack_with_fewer_credits(owner, pack):
    pack.credits -= 1
    pack.save()
    owner.spend_to(100)
    owner.run()
    assert (owner.charged(), owner.settings.stopped_by) == (0, Obstacle.PRICE)


def test_a_provider_that_finds_out_the_tax_cannot_for_a_saved_card(owner, settings):
    settings.TAX_BY_PROVIDER = True
    owner.spend_to(100)
    owner.run()
    assert (owner.charged(), owner.settings.stopped_by) == (0, Obstacle.TAX)
    with pytest.raises(TopUpRefused):
        owner.agree()


def test_what_is_turned_off_charges_nothing(owner):
    agreeing.end(owner.settings)
    owner.spend_to(0)
    owner.run()
    assert (owner.states(), owner.told()) == ([], [])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"threshold": 0}, "threshold"),
        ({"target": 200}, "target"),
        ({"cap": 99}, "cap"),
        ({"currency": "EUR"}, "pack"),
    ],
)
def test_what_makes_no_sense_is_not_agreed_to(owner, changes, field):
    with pytest.raises(TopUpRefused) as refusal:
        owner.agree(**changes)
    assert refusal.value.field == field
    assert refusal.value.detail.endswith(".")


def test_another_customers_card_is_not_charged(owner, pack):
    stranger = Owner.new(pack)
    with pytest.raises(TopUpRefused):
        owner.agree(card=stranger.card)
