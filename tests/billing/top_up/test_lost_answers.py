"""A process may die, and a provider be silent, at any moment: never a second charge."""

from datetime import timedelta

import pytest

from billing import events, payment_methods
from billing.errors import ProviderFailed
from billing.models import Purchase, SandboxCheckout, TopUp
from billing.providers.sandbox import acts
from billing.providers.sandbox.provider import Sandbox
from billing.reconciliation import reconcile
from billing.relay import relay
from billing.top_up import budget, charging, running
from tests.billing.reports import report, untold

HOUR = 3600


class Killed(BaseException):
    """As a process is: nothing is tidied up after it."""


def kill(monkeypatch, place, name, *, after):
    """Whoever comes by dies, once."""
    real = getattr(place, name)

    def dying(*args, **options):
        if after:
            real(*args, **options)
        monkeypatch.setattr(place, name, real)
        raise Killed

    monkeypatch.setattr(place, name, dying)


def silent(monkeypatch):
    """It charges, and its answer is lost."""
    real = Sandbox.charge_saved

    def charge(provider, asked):
        real(provider, asked)
        raise ProviderFailed

    monkeypatch.setattr(Sandbox, "charge_saved", charge)


@pytest.mark.parametrize(
    ("place", "name", "after"),
    [
        (charging, "_begin", False),
        (charging, "_charge", False),
        (payment_methods, "pay", False),
        (Sandbox, "charge_saved", False),
        (Sandbox, "charge_saved", True),
        (events, "enter", False),
        (events, "enter", True),
    ],
)
def test_whoever_comes_after_a_killed_process_goes_on(
    owner, calendar, monkeypatch, place, name, after
):
    owner.spend_to(200)
    relay()
    kill(monkeypatch, place, name, after=after)
    with pytest.raises(Killed):
        running.run()
    for _ in range(3):
        calendar.forward(charging.LEASE.total_seconds() + 1)
        running.run()
    assert (owner.states(), owner.charged(), owner.available()) == (["succeeded"], 100_00, 1200)


def test_while_the_answer_is_awaited_nothing_else_is_charged(owner, calendar, monkeypatch):
    with monkeypatch.context() as patched:
        silent(patched)
        owner.spend_to(200)
        for _ in range(20):
            owner.run()
            calendar.forward(HOUR / 4)
        assert (owner.states(), owner.charged()) == (["charging"], 100_00)
        assert budget.spent(owner.settings) == 100_00
        assert owner.mails() == ["top_up_unanswered"]
    owner.run()
    assert (owner.states(), owner.charged(), owner.available()) == (["succeeded"], 100_00, 1200)


def test_a_webhook_may_be_first(owner, calendar, monkeypatch):
    untold()
    with monkeypatch.context() as patched:
        silent(patched)
        owner.spend_to(200)
        owner.run()
    assert [report(body) for body in untold()] == ["applied"]
    assert (owner.states(), owner.available()) == (["succeeded"], 1200)
    calendar.forward(HOUR)
    owner.run()
    assert owner.charged() == 100_00


def test_or_come_late_and_often(owner):
    untold()
    owner.spend_to(200)
    owner.run()
    (body,) = untold()
    assert [report(body) for _ in range(3)] == ["applied"] * 3
    assert (owner.states(), owner.available()) == (["succeeded"], 1200)
    assert owner.told() == ["top_up.succeeded"]


def test_so_may_the_reconciliation(owner, monkeypatch):
    with monkeypatch.context() as patched:
        silent(patched)
        owner.spend_to(200)
        owner.run()
    reconcile()
    assert (owner.states(), owner.available()) == (["succeeded"], 1200)


@pytest.fixture
def given_up(owner, calendar, monkeypatch):
    """Nobody could reach the provider for a day, whose own list knew of nothing then; it had
    charged all the same."""
    with monkeypatch.context() as patched:
        silent(patched)
        patched.setattr(Sandbox, "facts_since", lambda provider, since: iter([]))
        owner.spend_to(200)
        owner.run()
        long_ago = calendar.now() - timedelta(hours=21)
        Purchase.objects.filter(top_up__isnull=False).update(created_at=long_ago)
        calendar.forward(HOUR)
        owner.run()
    assert owner.states() == ["given_up"]
    assert owner.mails() == ["top_up_failed"]
    assert owner.told() == ["top_up.failed"]
    return owner


def test_a_payment_that_succeeds_after_it_was_given_up_credits_once(given_up, calendar):
    reconcile()
    reconcile()
    assert (given_up.states(), given_up.available()) == (["succeeded"], 1200)
    assert (budget.spent(given_up.settings), given_up.settings.failing_since) == (100_00, None)
    assert given_up.told() == ["top_up.failed", "top_up.succeeded"]
    calendar.forward(24 * HOUR)
    given_up.run()
    assert (given_up.states(), given_up.charged()) == (["succeeded"], 100_00)


def test_one_that_was_wanted_again_by_then_is_not_charged(given_up, calendar):
    """The late payment comes when the next attempt is written down already."""
    TopUp.objects.create(customer=given_up.customer)
    reconcile()
    calendar.forward(HOUR)
    given_up.run()
    assert (given_up.states(), given_up.charged()) == (["succeeded"], 100_00)


def test_it_is_given_up_only_when_the_providers_list_was_read(owner, calendar, monkeypatch):
    def failing(*args):
        raise ProviderFailed

    with monkeypatch.context() as patched:
        patched.setattr(Sandbox, "charge_saved", failing)
        patched.setattr(Sandbox, "facts_since", failing)
        owner.spend_to(200)
        owner.run()
        long_ago = calendar.now() - timedelta(hours=21)
        Purchase.objects.filter(top_up__isnull=False).update(created_at=long_ago)
        for _ in range(5):
            calendar.forward(HOUR)
            owner.run()
        assert owner.states() == ["charging"]
    calendar.forward(HOUR)
    owner.run()
    assert owner.states() == ["given_up"]
    ours = Purchase.objects.get(top_up__customer=owner.customer)
    assert not SandboxCheckout.objects.filter(purchase_ref=ours.name).exists()


def test_a_card_that_is_removed_meanwhile_is_looked_for_at_the_provider(
    owner, calendar, monkeypatch
):
    with monkeypatch.context() as patched:
        silent(patched)
        owner.spend_to(200)
        owner.run()
    payment_methods.remove(owner.card)
    calendar.forward(HOUR)
    owner.run()
    assert (owner.states(), owner.available()) == (["succeeded"], 1200)


def test_nor_is_one_given_up_before_its_time_that_the_list_does_not_have(
    owner, calendar, monkeypatch
):
    with monkeypatch.context() as patched:
        silent(patched)
        owner.spend_to(200)
        owner.run()
    payment_methods.remove(owner.card)
    with monkeypatch.context() as patched:
        patched.setattr(Sandbox, "facts_since", lambda provider, since: iter([]))
        for _ in range(3):
            calendar.forward(HOUR)
            owner.run()
        assert owner.states() == ["charging"]
    calendar.forward(HOUR)
    owner.run()
    assert (owner.states(), owner.charged(), owner.available()) == (["succeeded"], 100_00, 1200)


def test_a_card_that_is_disputed_meanwhile_is_not_asked_for_again(owner, calendar, monkeypatch):
    def failing(*args):
        raise ProviderFailed

    with monkeypatch.context() as patched:
        patched.setattr(Sandbox, "charge_saved", failing)
        bought = owner.last_purchase()
        owner.spend_to(200)
        owner.run()
    acts.dispute(bought.provider_ref)
    reconcile()
    calendar.forward(HOUR)
    owner.run()
    assert (owner.states(), owner.charged()) == (["charging"], 0)
