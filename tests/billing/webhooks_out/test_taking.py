"""Events become deliveries, and say outside what they should and no more."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from accounts import ids, services
from accounts.ids import uuid7
from accounts.keys import parse
from billing import payment_methods
from billing.errors import CardDeclined
from billing.facts import CheckoutEnded
from billing.models import PaymentMethod, WebhookDelivery, WebhookEndpoint
from billing.relay import relay
from billing.webhooks_out import catalogue, endpoints, messages, resending, taking
from billing.webhooks_out.catalogue import BY_NAME, TYPES
from ledger import services as ledger
from ledger.amounts import CREDIT
from ledger.models import Reservation
from ledger.operations import Operation
from ledger.outbox import Event
from tests.factories.accounts import ApiKeyFactory, CustomerFactory
from tests.factories.billing import (
    bought,
    dispute_fact,
    order,
    refund_fact,
    say,
)

# What some events of a type do not say.
OPTIONAL = {"reason", "purchase", "amount", "credits", "declines", "cap"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer():
    return CustomerFactory()


@pytest.fixture
def endpoint(add, customer):
    """That wants everything."""
    return add(customer=customer)


def told(endpoint: WebhookEndpoint) -> list[tuple[str, dict]]:
    """Everything that was told to it, by type and data."""
    relay()
    bodies = [json.loads(one.body) for one in endpoint.deliveries.order_by("id")]
    customer = ids.encode("cus", endpoint.customer_id)
    assert all(body["data"].pop("customer") == customer for body in bodies)
    return [(body["type"], body["data"]) for body in bodies]


def last(endpoint: WebhookEndpoint) -> tuple[str, dict]:
    return told(endpoint)[-1]


def event(customer, name="credits.added", subject=None, **data) -> Event:
    subject = subject or str(uuid7())
    return Event(customer.id, uuid7(), name, subject, data, timezone.now())


def test_one_delivery_for_each_endpoint_that_wants_it(add, customer):
    everything = add(customer=customer)
    keys = add(customer=customer, types=["key.created"])
    credits = add(customer=customer, types=["credits.added", "key.created"])
    disabled, removed, others = add(customer=customer), add(customer=customer), add()
    endpoints.disable(disabled, "")
    endpoints.remove(removed)
    taking.take([event(customer, amount=1, kind="paid"), event(customer, "no.such.kind")])
    made = WebhookDelivery.objects.order_by("endpoint")
    assert [(one.endpoint, one.state) for one in made] == [
        (everything, "due"),
        (credits, "due"),
        (disabled, "skipped"),
    ]
    assert not keys.deliveries.exists() and not others.deliveries.exists()


def test_what_a_disabled_endpoint_missed_is_sent_again_when_asked_for(endpoint, customer):
    endpoints.disable(endpoint, "")
    began = timezone.now() - timedelta(minutes=1)
    taking.take([event(customer, amount=1)])
    endpoints.enable(endpoint)
    assert not endpoint.deliveries.filter(state="due").exists()
    missed = resending.between(
        endpoint, began, timezone.now() + timedelta(minutes=1), undelivered_only=True
    )
    assert resending.resend(missed) == 1
    assert endpoint.deliveries.get().state == "due"


def test_a_recovery_is_told_of_what_is_watched_and_of_running_dry(endpoint, customer):
    for purpose in ("alert", "dry", "top_up"):
        taking.take([event(customer, "balance.recovered", purpose=purpose, available=1)])
    taking.take([event(customer, "top_up.needed", purpose="top_up", available=1)])
    purposes = [(kind, data["purpose"]) for kind, data in told(endpoint)]
    assert purposes == [
        ("balance.recovered", "alert"),
        ("balance.recovered", "exhausted"),
        ("top_up.needed", "top_up"),
    ]


def test_an_event_is_taken_once(endpoint, customer):
    one = event(customer, amount=1)
    taking.take([one])
    taking.take([one])
    assert endpoint.deliveries.count() == 1


def test_taking_many_asks_little(endpoint, customer, django_assert_num_queries):
    many = [event(customer, amount=number) for number in range(500)]
    with django_assert_num_queries(2):
        taking.take(many)
    assert endpoint.deliveries.count() == 500


def test_a_purchase_that_is_paid(endpoint, customer):
    purchase = bought(customer, credits=1000, price="25.00", bonus=50).purchase
    credits, paid = told(endpoint)
    lot = ids.encode("lot", purchase.payment.lots[0])
    assert credits[0] == "credits.added" and paid[0] == "purchase.paid"
    assert credits[1].pop("transaction").startswith("txn_")
    assert credits[1] == {"lot": lot, "amount": "1050", "kind": "paid"}
    assert paid[1] == {
        "purchase": purchase.name,
        "amount": {"amount": "25.00", "currency": "USD"},
        "credits": "1050",
        "pack": purchase.pack_code,
    }


def test_a_payment_that_fails_is_told_once(endpoint, customer):
    purchase = order(customer)
    fact = CheckoutEnded(purchase.name, purchase.provider_ref, "failed", "No funds.")
    say(fact)
    say(fact)
    (failed,) = told(endpoint)
    assert failed[0] == "purchase.failed" and failed[1]["reason"] == "No funds."
    assert failed[1]["purchase"] == purchase.name


def test_a_checkout_that_ends_unpaid_is_not_told(endpoint, customer):
    purchase = order(customer)
    say(CheckoutEnded(purchase.name, purchase.provider_ref, "expired"))
    assert told(endpoint) == []


def test_a_saved_card_that_is_declined(endpoint, customer):
    purchase = order(customer)
    card = PaymentMethod.objects.create(customer=customer, provider="test", ref="forgotten")
    for _ in range(2):
        with pytest.raises(CardDeclined):
            payment_methods.pay(purchase, card)
    (failed,) = told(endpoint)
    assert failed[0] == "purchase.failed" and failed[1]["reason"]


def test_a_refund(endpoint, customer):
    payment = bought(customer, credits=1000, price="100.00")
    say(refund_fact(payment, "re_1", 2500, state="pending"))
    assert last(endpoint)[0] == "purchase.paid"
    say(refund_fact(payment, "re_1", 2500))
    kind, data = last(endpoint)
    assert kind == "purchase.refunded"
    assert data["refund"] == payment.refunds.get().name
    assert data["purchase"] == payment.purchase.name
    assert (data["amount"], data["credits"]) == ({"amount": "25.00", "currency": "USD"}, "250")
    say(refund_fact(payment, "re_1", 2500, state="failed", reason="Closed account"))
    kind, data = last(endpoint)
    assert (kind, data["credits"], data["reason"]) == (
        "purchase.refund_failed",
        "250",
        "Closed account",
    )


@pytest.mark.parametrize("end", ["won", "lost"])
def test_a_dispute(endpoint, customer, end):
    payment = bought(customer, credits=1000, price="100.00")
    for state in ("open", "open", end, end):
        say(dispute_fact(payment, state))
    opened, ended = [one for one in told(endpoint) if one[0].startswith("dispute.")]
    assert (opened[0], ended[0]) == ("dispute.opened", f"dispute.{end}")
    for _, data in (opened, ended):
        assert data["purchase"] == payment.purchase.name
        assert data["amount"] == {"amount": "100.00", "currency": "USD"}
        assert data["credits"] == "1000"
        assert data["dispute"] == ids.encode("dsp", payment.disputes.get().id)


def test_keys_and_never_their_secret(endpoint, customer):
    key, secret = ApiKeyFactory(customer=customer, name="web")
    assert parse(secret)
    services.revoke_key(key)
    services.revoke_key(key)
    shown = {"key": ids.encode("key", key.id), "name": "web", "prefix": key.prefix}
    assert told(endpoint) == [("key.created", shown), ("key.revoked", shown)]
    assert not any(secret in one.body for one in endpoint.deliveries.all())


def test_a_hold_that_expires_is_named_as_it_was_answered(endpoint, customer):
    ledger.grant(customer.id, amount=10 * CREDIT, kind="goodwill")
    reserve = Operation(op="reserve", customer_id=customer.id, amount=4 * CREDIT, expires_in=60)
    held = ledger.apply_one(reserve)
    assert Reservation.objects.filter(id=held.reservation_id).exists()
    found = event(
        customer, "hold.expired", str(held.reservation_id), amount=4 * CREDIT, price_id=None
    )
    shown = messages.message(found)["data"]["reservation"]
    assert shown == f"rsv_{customer.id.hex}{held.reservation_id.hex}00000000"


def test_money_that_was_moved_names_its_transaction(customer):
    moved = event(customer, amount=CREDIT, kind="move")
    data = messages.message(moved)["data"]
    assert "lot" not in data and data["transaction"] == "txn_" + moved.subject.replace("-", "")


def test_times_are_in_utc(customer):
    shown = json.loads(
        messages.body(event(customer, "lot.expiring", expires_at="2026-11-21T10:00:00+02:00"))
    )
    assert shown["data"]["expires_at"] == "2026-11-21T08:00:00Z"
    assert shown["timestamp"].endswith("Z")


@pytest.mark.parametrize("one", TYPES, ids=lambda one: one.name)
def test_examples_show_every_field(one):
    data = json.loads(messages.body(one.example))["data"]
    assert set(data) >= {"customer", *set(one.fields) - OPTIONAL}
    assert len(one.name) <= WebhookDelivery._meta.get_field("kind").max_length


def test_the_documentation_is_the_catalogue():
    page = Path(django_settings.BASE_DIR, "docs", "webhooks.md").read_text()
    for name, one in BY_NAME.items():
        section = f"### {name}\n\n{one.sentence}\n\n```json\n{messages.example(name)}\n```\n"
        assert section in page
    assert page.count("\n### ") == len(BY_NAME)
    assert catalogue.TEST.name in BY_NAME
