"""A payer went to the bank: the card in use is left alone, as the bank will take again what it is
charged for."""

import pytest

from billing.errors import TopUpRefused
from billing.models import Dispute, Obstacle
from billing.providers.sandbox import acts
from billing.reconciliation import reconcile
from billing.top_up import agreeing
from tests.billing.top_up.owner import save_card

MINUTE = 60


def dispute(owner):
    """The last payment, whose credits are frozen: the threshold is crossed."""
    ref = acts.dispute(owner.last_purchase().provider_ref).ref
    reconcile()
    return ref


def close(ref, *, won):
    acts.close(ref, won=won)
    reconcile()


def go_on(owner, calendar):
    for _ in range(3):
        calendar.forward(2 * MINUTE)
        owner.run()


@pytest.fixture
def disputed(owner, calendar):
    """Charged once, and that is disputed."""
    owner.spend_to(200)
    owner.run()
    owner.dispute = dispute(owner)
    go_on(owner, calendar)
    return owner


def test_a_disputed_top_up_is_followed_by_none_and_told_once(disputed):
    assert (disputed.states(), disputed.charged(), disputed.available()) == (
        ["succeeded"],
        100_00,
        200,
    )
    assert disputed.settings.stopped_by == Obstacle.DISPUTED
    assert disputed.told() == ["top_up.succeeded", "top_up.paused"]
    assert disputed.mails() == ["top_up_paused"]


def test_so_is_any_other_payment(owner, calendar):
    dispute(owner)
    go_on(owner, calendar)
    assert (owner.states(), owner.charged(), owner.mails()) == ([], 0, ["top_up_paused"])


def test_won_it_goes_on(disputed, calendar):
    close(disputed.dispute, won=True)
    disputed.spend_to(200)
    go_on(disputed, calendar)
    assert (disputed.states(), disputed.charged()) == (["succeeded"] * 2, 200_00)


def test_after_one_is_won_the_next_is_told_again(disputed, calendar):
    close(disputed.dispute, won=True)
    dispute(disputed)
    go_on(disputed, calendar)
    assert (disputed.charged(), disputed.mails()) == (100_00, ["top_up_paused"] * 2)


def test_lost_it_does_not(disputed, calendar):
    close(disputed.dispute, won=False)
    go_on(disputed, calendar)
    assert (disputed.charged(), disputed.mails()) == (100_00, ["top_up_paused"])


def test_the_same_card_cannot_be_agreed_to_again_and_another_can(disputed, calendar, pack):
    agreeing.end(disputed.settings)
    with pytest.raises(TopUpRefused) as refusal:
        disputed.agree(cap=2000)
    assert refusal.value.field == "card"
    another = save_card(disputed.customer, pack, "9995")
    disputed.agree(card=another, threshold=2000, target=3000)
    assert disputed.settings.stopped_by == ""
    disputed.run()
    # Asked for, and declined: it is left alone no more.
    assert disputed.states() == ["succeeded", "failed"]


def test_nor_after_another_one_was_agreed_to_meanwhile(disputed, pack):
    disputed.agree(card=save_card(disputed.customer, pack, "9995"))
    with pytest.raises(TopUpRefused):
        disputed.agree()


def test_the_card_that_was_charged_is_left_alone_though_another_is_in_use(owner, pack):
    owner.spend_to(200)
    owner.run()
    charged = owner.last_purchase()
    owner.agree(card=save_card(owner.customer, pack, "9995"))
    acts.dispute(charged.provider_ref)
    reconcile()
    dispute = Dispute.objects.get(payment__purchase__customer=owner.customer)
    assert dispute.card == owner.settings.card
    with pytest.raises(TopUpRefused):
        owner.agree()
