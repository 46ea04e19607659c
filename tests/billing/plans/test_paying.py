"""Invoices are charged: once, whatever dies; and what follows when nobody pays."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from accounts.models import Customer
from billing import documents, events
from billing.errors import ProviderFailed
from billing.models import (
    BillingProfile,
    Invoice,
    InvoiceCharge,
    Mail,
    SandboxCheckout,
    Subscription,
    TaxRate,
)
from billing.plans import charging, paying, running, subscribing
from billing.providers.sandbox import acts
from billing.providers.sandbox.provider import Sandbox
from billing.reconciliation import reconcile
from billing.top_up import suspending
from ledger import checks
from tests.billing.plans.world import World, new_plan
from tests.billing.reports import report, untold
from tests.billing.test_races import at_once
from tests.factories.dated import Calendar


def test_an_invoice_is_numbered_paper_and_entries(world: World) -> None:
    one = world.subscriber()
    one.start(new_plan("pro", fee=20_00))
    (invoice,) = one.invoices()
    content = invoice.document.content
    assert invoice.document.name.startswith("I-0")
    assert (content["total"], content["lines"][0]["text"]) == (
        "20.00",
        "Pro, 10 January 2031 to 9 February 2031",
    )
    assert documents.pdf(invoice.document).startswith(b"%PDF")
    assert one.told() == [
        "invoice.created",
        "subscription.started",
        "invoice.paid",
    ]
    assert one.money() == {"1000": 20_00, "2120": -20_00}


def test_done_again_it_is_done_once(world: World) -> None:
    one = world.subscriber()
    one.start(new_plan("pro", fee=20_00, included_credits=100))
    for _ in range(3):
        world.run()
        reconcile()
    assert (one.totals(), one.charged(), one.available()) == ([20_00], 20_00, 100)
    for _ in range(3):
        world.go(2031, 2, 10)
        reconcile()
    assert (one.totals(), one.charged(), one.available()) == ([20_00] * 2, 40_00, 100)


def test_periods_that_nobody_turned_over_are_made_up_for(world: World) -> None:
    """Each is an invoice of its own; credits of a time that is over do not come any more."""
    one = world.subscriber()
    one.start(new_plan("pro", fee=20_00, included_credits=100, connection_fee=0))
    world.go(2031, 4, 15)
    assert one.totals() == [20_00] * 4
    assert [invoice.period for invoice in one.invoices()] == [1, 2, 3, 4]
    assert one.available() == 100
    assert one.money() == {"1000": 80_00, "2120": -16_67, "4110": -63_33}


@pytest.mark.parametrize("is_told", [True, False])
def test_an_answer_that_is_lost_is_asked_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch, is_told: bool
) -> None:
    """The process died after the provider had charged."""
    one = world.subscriber()
    with monkeypatch.context() as patched:
        patched.setattr(events, "enter", _die)
        one.start(new_plan("pro", fee=20_00, included_credits=100))
    assert (one.states(), one.charged(), one.available()) == (["due"], 20_00, 0)
    if is_told:
        for body in untold():
            report(body)
    else:
        Invoice.objects.filter(customer=one.id).update(due_at="2020-01-01T00:00Z")
        world.run()
    assert (one.states(), one.charged(), one.available()) == (["paid"], 20_00, 100)
    assert InvoiceCharge.objects.filter(invoice__customer=one.id).count() == 1


def _die(*args: object) -> None:
    raise SystemError


def test_a_report_that_comes_late_and_twice_is_one_payment(world: World) -> None:
    one = world.subscriber()
    one.start(new_plan("pro", fee=20_00))
    bodies = untold()
    assert [report(body) for body in [*bodies, *bodies]] == ["applied"] * 2 * len(bodies)
    assert (one.states(), one.charged()) == (["paid"], 20_00)


def test_a_payment_of_another_amount_is_refused(world: World) -> None:
    one = world.subscriber(has_card=False)
    one.start(new_plan("pro", fee=20_00))
    (invoice,) = one.invoices()
    charge = paying.open_page(invoice, by=one.member.user, return_url="http://testserver/back")
    untold()
    SandboxCheckout.objects.filter(ref=charge.provider_ref).update(amount=19_99)
    acts.pay(charge.provider_ref or "")
    assert [report(body) for body in untold()] == ["refused"]
    assert one.states() == ["due"]


def test_a_provider_that_does_not_answer_is_no_decline(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(provider: Sandbox, asked: object) -> None:
        raise ProviderFailed

    one = world.subscriber()
    with monkeypatch.context() as patched:
        patched.setattr(Sandbox, "charge_saved", silent)
        one.start(new_plan("pro", fee=20_00))
        world.run()
    (invoice,) = one.invoices()
    assert (invoice.state, invoice.failures, one.mails()) == ("due", 0, [])
    world.calendar.forward(120)
    world.run()
    assert (one.states(), one.charged()) == (["paid"], 20_00)


def test_a_card_that_declines_is_tried_by_the_plan_s_days(world: World) -> None:
    one = world.subscriber("9995")
    one.start(new_plan("pro", fee=20_00, included_credits=100, retry_days=[2, 5]))
    assert (one.states(), one.mails(), one.available()) == (["due"], ["plan_invoice_failed"], 0)
    tried = []
    for day in range(10, 20):
        world.go(2031, 1, day, day + 1)
        tried.append(InvoiceCharge.objects.filter(invoice__customer=one.id).count())
    # On the 10th, two days later, five days after that, and not again.
    assert tried == [1, 1, 2, 2, 2, 2, 2, 3, 3, 3]
    assert one.states() == ["failed"]
    assert one.mails() == ["plan_invoice_failed", "plan_invoice_given_up"]
    assert one.told().count("invoice.failed") == 3
    mail = Mail.objects.filter(customer=one.id).latest("id")
    assert "/portal/plan/" in mail.text and "$20.00" in mail.text
    assert "Nothing else changes" in mail.text
    assert one.money() == {"1100": 20_00, "2120": -20_00 + 5_81, "4110": -5_81}


def test_a_new_card_pays_at_once(world: World) -> None:
    one = world.subscriber("9979")
    one.start(new_plan("pro", fee=20_00, included_credits=100, retry_days=[]))
    assert one.states() == ["failed"]
    subscribing.use_card(one.subscription, world.card(one, "4242"))
    charging.charge_now(one.subscription)
    assert (one.states(), one.available()) == (["paid"], 100)


def test_keys_are_suspended_until_it_is_paid(world: World) -> None:
    one = world.subscriber()
    one.start(new_plan("pro", fee=20_00, retry_days=[], on_failure="suspend_keys"))
    subscribing.use_card(one.subscription, world.card(one, "9995"))
    world.go(2031, 2, 10)
    assert _is_suspended(one.id)
    # Nobody who looks after top-ups lifts it.
    suspending.look_at_all()
    assert _is_suspended(one.id)
    assert one.card is not None
    subscribing.use_card(one.subscription, one.card)
    charging.charge_now(one.subscription)
    assert not _is_suspended(one.id)
    assert [kind for kind in one.told() if kind.startswith("keys")] == [
        "keys.suspended",
        "keys.resumed",
    ]


def test_who_does_not_pay_falls_to_the_plan_that_was_named(world: World) -> None:
    free = new_plan("free", included_credits=5)
    one = world.subscriber()
    one.start(new_plan("pro", fee=20_00, retry_days=[1], on_failure="fall_back", fallback=free))
    subscribing.use_card(one.subscription, world.card(one, "9995"))
    world.go(2031, 2, 10)
    world.go(2031, 2, 11, 13)
    assert (one.subscription.plan, one.states()) == (free, ["paid", "failed"])
    world.go(2031, 3, 10)
    # What is owed stays owed; nothing more comes to it.
    assert (one.totals(), one.available()) == ([20_00, 20_00], 5)


def test_who_never_paid_is_not_renewed(world: World) -> None:
    one = world.subscriber("9995")
    one.start(new_plan("pro", fee=20_00, included_credits=100))
    world.go(2031, 2, 10)
    assert (one.subscription.state, one.available(), one.totals()) == ("ended", 0, [20_00])


def test_a_charge_that_is_asked_for_too_late_is_looked_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider has forgotten the name by then: it would be another charge."""
    one = world.subscriber()
    with monkeypatch.context() as patched:
        patched.setattr(events, "enter", _die)
        one.start(new_plan("pro", fee=20_00))
    InvoiceCharge.objects.update(created_at=datetime.now(UTC) - timedelta(hours=21))
    SandboxCheckout.objects.update(paid_at=datetime.now(UTC) - timedelta(hours=21))
    Invoice.objects.update(due_at="2020-01-01T00:00Z")
    with monkeypatch.context() as patched:
        patched.setattr(Sandbox, "charge_saved", _die)
        world.run()
    assert (one.states(), one.charged()) == (["paid"], 20_00)


def test_two_processes_at_once_turn_and_charge_once(committed: None) -> None:
    world = World(Calendar())
    one = world.subscriber()
    one.start(new_plan(fee=20_00, included_credits=100))
    subscription = one.subscription
    ended = subscription.period_end - timedelta(days=40)
    Subscription.objects.filter(id=subscription.id).update(
        period_start=ended - timedelta(days=31),
        period_end=ended,
        anchored_on=subscription.anchored_on - timedelta(days=40),
    )
    at_once(*[running.run] * 4)
    at_once(*[running.run] * 2)
    assert (one.states(), one.totals()) == (["paid"] * 2, [20_00] * 2)
    assert one.charged() == 40_00
    assert [found for found in checks.run(connection, [one.id]) if found.broken] == []


def test_a_period_is_not_turned_over_where_nobody_knows_the_tax(world: World) -> None:
    """Until the customer says where it is: then it is made up for."""
    one = world.subscriber()
    one.start(new_plan("pro", fee=20_00))
    rate = TaxRate.objects.create(
        name="VAT", country="AT", percent=20, effective_from=datetime(2020, 1, 1, tzinfo=UTC)
    )
    world.go(2031, 2, 10)
    assert "country" in one.subscription.stuck
    BillingProfile.objects.create(customer=one.customer, country="AT")
    world.run()
    assert (one.subscription.stuck, one.totals()) == ("", [20_00, 24_00])
    assert rate.pk


def _is_suspended(customer_id: object) -> bool:
    return Customer.objects.get(pk=customer_id).keys_suspended_at is not None
