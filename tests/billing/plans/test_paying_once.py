"""An invoice may be paid on a page and by a card: it is paid once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing.errors import ProviderDeclined, ProviderFailed
from billing.models import (
    Invoice,
    InvoiceCharge,
    SandboxCheckout,
)
from billing.plans import charging, closing, paying, subscribing
from billing.plans.errors import NothingToPay
from billing.providers.sandbox import acts
from billing.providers.sandbox.provider import Sandbox
from tests.billing.plans.world import World, new_plan


def test_paid_on_the_page_the_card_is_kept_and_charged_from_then_on(world: World) -> None:
    one = world.subscriber(has_card=False)
    one.start(new_plan("pro", fee=20_00, included_credits=100))
    assert (one.states(), one.available()) == (["due"], 0)
    (invoice,) = one.invoices()
    pages = [
        paying.open_page(invoice, by=one.member.user, return_url="http://testserver/back")
        for _ in range(2)
    ]
    assert pages[0] == pages[1]
    acts.pay(pages[0].provider_ref or "", save_card=True)
    paying.confirm(invoice)
    assert (one.states(), one.available()) == (["paid"], 100)
    card = one.subscription.card
    assert card is not None and card.last4 == "4242"
    world.go(2031, 2, 10)
    assert one.states() == ["paid", "paid"]


def _page_of(one: Any) -> InvoiceCharge:
    (invoice,) = one.invoices()
    return paying.open_page(invoice, by=one.member.user, return_url="http://testserver/back")


def _paid(one: Any) -> int:
    """At the provider, for invoices of a subscriber."""
    names = [charge.name for charge in InvoiceCharge.objects.filter(invoice__customer=one.id)]
    paid = SandboxCheckout.objects.filter(purchase_ref__in=names, state="paid")
    return sum(paid.values_list("amount", flat=True))


def _card_is_charged(one: Any, world: World) -> None:
    """The page was opened so long ago that a card is charged all the same."""
    InvoiceCharge.objects.filter(card=None).update(created_at="2020-01-01T00:00Z")
    subscribing.use_card(one.subscription, world.card(one, "4242"))
    charging.charge_now(one.subscription)


def test_before_a_card_is_charged_the_open_page_is_closed(world: World) -> None:
    one = world.subscriber(has_card=False)
    one.start(new_plan("pro", fee=20_00, included_credits=100))
    page = _page_of(one)
    _card_is_charged(one, world)
    assert (one.states(), _paid(one)) == (["paid"], 20_00)
    page.refresh_from_db()
    assert page.state == "given_up"
    with pytest.raises(ProviderDeclined):
        acts.pay(page.provider_ref or "")
    assert _paid(one) == 20_00


def test_what_was_paid_on_the_page_is_not_charged_to_the_card_as_well(world: World) -> None:
    one = world.subscriber(has_card=False)
    one.start(new_plan("pro", fee=20_00, included_credits=100))
    page = _page_of(one)
    acts.pay(page.provider_ref or "")
    _card_is_charged(one, world)
    assert (one.states(), _paid(one), one.available()) == (["paid"], 20_00, 100)


def test_a_provider_that_does_not_close_the_page_puts_the_charge_off(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(provider: Sandbox, ref: str) -> None:
        raise ProviderFailed("No answer.")

    one = world.subscriber(has_card=False)
    one.start(new_plan("pro", fee=20_00, included_credits=100))
    _page_of(one)
    with monkeypatch.context() as patched:
        patched.setattr(Sandbox, "close_checkout", silent)
        _card_is_charged(one, world)
        assert (one.states(), _paid(one)) == (["due"], 0)
    Invoice.objects.filter(customer=one.id).update(due_at="2020-01-01T00:00Z")
    world.run()
    assert (one.states(), _paid(one)) == (["paid"], 20_00)


def test_a_page_that_is_open_when_an_invoice_is_paid_is_closed_soon(world: World) -> None:
    one = world.subscriber()
    one.start(new_plan("pro", fee=20_00, included_credits=100))
    (invoice,) = one.invoices()
    page = InvoiceCharge.objects.create(invoice=invoice, provider="test")
    closing.close_left()
    page.refresh_from_db()
    assert page.state == "charging"  # it is being made this moment
    InvoiceCharge.objects.filter(id=page.id).update(created_at="2020-01-01T00:00Z")
    closing.close_left()
    page.refresh_from_db()
    assert page.state == "given_up"


def _paid_with_a_page_open(world: World) -> Invoice:
    one = world.subscriber()
    one.start(new_plan("pro", fee=20_00, included_credits=100))
    (invoice,) = one.invoices()
    return invoice


def test_a_provider_that_is_silent_keeps_no_other_page_open(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def silent(provider: Sandbox, ref: str) -> None:
        asked.append(ref)
        if ref != "last":
            raise ProviderFailed("No answer.")

    monkeypatch.setattr(Sandbox, "close_checkout", silent)
    invoice = _paid_with_a_page_open(world)
    for ref in [*(str(number) for number in range(100)), "last"]:
        InvoiceCharge.objects.create(invoice=invoice, provider="test", provider_ref=ref)
    closing.close_left()
    assert (len(asked), "last" in asked) == (100, False)
    closing.close_left()
    # The others have their pause.
    assert (len(asked), asked[-1]) == (101, "last")
    assert InvoiceCharge.objects.get(provider_ref="last").state == "given_up"
    world.calendar.forward(120)
    closing.close_left()
    assert len(asked) == 201


def test_a_page_of_a_provider_that_is_gone_is_forgotten_in_the_end(world: World) -> None:
    page = InvoiceCharge.objects.create(
        invoice=_paid_with_a_page_open(world), provider="gone", provider_ref="page"
    )
    closing.close_left()
    page.refresh_from_db()
    assert page.state == "charging"
    InvoiceCharge.objects.update(created_at=datetime.now(UTC) - timedelta(days=16), attempts=0)
    closing.close_left()
    page.refresh_from_db()
    assert page.state == "given_up"


def test_a_page_that_is_opened_before_the_card_is_charged_puts_the_charge_off(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = world.subscriber(has_card=False)
    one.start(new_plan("pro", fee=20_00, included_credits=100))
    close_pages, pages = closing.close_pages, []

    def then_open(invoice: Invoice) -> bool:
        closed = close_pages(invoice)
        pages.append(_page_of(one))
        return closed

    with monkeypatch.context() as patched:
        patched.setattr(closing, "close_pages", then_open)
        subscribing.use_card(one.subscription, world.card(one, "4242"))
        charging.charge_now(one.subscription)
    assert (one.states(), _paid(one), len(pages)) == (["due"], 0, 1)
    acts.pay(pages[0].provider_ref or "")
    InvoiceCharge.objects.update(created_at="2020-01-01T00:00Z")
    Invoice.objects.filter(customer=one.id, state="due").update(due_at="2020-01-01T00:00Z")
    world.run()
    assert (one.states(), _paid(one)) == (["paid"], 20_00)


def test_no_page_opens_while_a_card_is_charged(world: World) -> None:
    one = world.subscriber(has_card=False)
    one.start(new_plan("pro", fee=20_00))
    (invoice,) = one.invoices()
    InvoiceCharge.objects.create(invoice=invoice, card=world.card(one), provider="test")
    with pytest.raises(NothingToPay, match="just now"):
        _page_of(one)


def test_a_page_that_is_given_up_while_it_is_made_is_closed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever makes it took too long, and a card may be charged by now."""
    create = Sandbox.create_checkout

    def slow(provider: Sandbox, order: Any) -> Any:
        InvoiceCharge.objects.update(created_at="2020-01-01T00:00Z")
        closing.close_left()
        return create(provider, order)

    one = world.subscriber(has_card=False)
    one.start(new_plan("pro", fee=20_00))
    with monkeypatch.context() as patched:
        patched.setattr(Sandbox, "create_checkout", slow)
        page = _page_of(one)
    assert page.state == "given_up"
    with pytest.raises(ProviderDeclined):
        acts.pay(page.provider_ref or "")


def test_an_old_page_is_closed_when_another_opens(world: World) -> None:
    one = world.subscriber(has_card=False)
    one.start(new_plan("pro", fee=20_00))
    old = _page_of(one)
    InvoiceCharge.objects.update(created_at=datetime.now(UTC) - timedelta(hours=23, minutes=30))
    assert _page_of(one) != old
    with pytest.raises(ProviderDeclined):
        acts.pay(old.provider_ref or "")
