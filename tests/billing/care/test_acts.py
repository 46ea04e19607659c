"""Acts on single things of billing: confirmed, done once, by who may, and in the audit."""

import pytest
from django.core import mail as outgoing
from django.urls import reverse

from accounts.admin.acting import address
from accounts.ids import uuid7
from accounts.models import AuditEntry, StaffRole
from billing import mails, selectors
from billing.admin.acts.cards import RETIRE_CARD
from billing.admin.acts.deliveries import REPLAY
from billing.admin.acts.mails import RESEND
from billing.errors import ProviderFailed
from billing.models import DeliveryState, Mail, MailState, PaymentMethod, WebhookDelivery
from billing.providers.sandbox import acts as bank
from billing.providers.sandbox.provider import Sandbox
from billing.reconciliation import reconcile
from billing.webhooks_out import endpoints, resending
from tests.confirming import confirmed, form_of, told
from tests.factories import billing

pytestmark = pytest.mark.django_db


@pytest.fixture
def card(acme, books_tie):
    purchase = billing.order(acme)
    bank.pay(purchase.provider_ref, save_card=True, card="4242")
    reconcile()
    return selectors.payment_methods_of(acme).get()


@pytest.fixture
def delivered(acme):
    """One that failed, and one that arrived."""
    made = endpoints.add(uuid7(), customer=acme, url="https://1.1.1.1/hook")
    sent = [resending.send_test(made.endpoint) for _ in range(2)]
    for one, state in zip(sent, (DeliveryState.FAILED, DeliveryState.DELIVERED), strict=True):
        WebhookDelivery.objects.filter(pk=one.pk).update(state=state, attempts=1)
        one.refresh_from_db()
    return sent


@pytest.fixture
def mail(acme):
    return Mail.objects.create(
        customer=acme,
        kind="receipt",
        about="1",
        to=["owner@acme.example", "books@acme.example"],
        subject="Your receipt",
        text="Thank you.",
        html="<p>Thank you.</p>",
        state=MailState.SENT,
    )


def audited(action):
    return list(AuditEntry.objects.filter(action=action).order_by("id"))


def test_a_saved_card_is_retired(staff, card, acme):
    page = address(RETIRE_CARD, card)
    shown = staff.get(page).content.decode()
    assert "The card is charged no more" in shown and "Test forgets it." in shown
    assert selectors.payment_methods_of(acme).exists()
    answer = confirmed(staff, page, reason="Stolen")
    assert told(answer) == [f"{card} of Acme is retired."]
    assert not selectors.payment_methods_of(acme).exists()
    (entry,) = audited("card.retired")
    assert (entry.row, entry.customer_id) == (str(card.pk), acme.pk)
    assert (entry.person.email, entry.after["reason"]) == ("boss@example.com", "Stolen")
    assert "It is retired already." in staff.get(page).content.decode()


def test_a_provider_that_fails_leaves_the_card_and_says_so(staff, card, monkeypatch):
    def away(self, ref):
        raise ProviderFailed("It does not answer.")

    monkeypatch.setattr(Sandbox, "forget_card", away)
    answer = confirmed(staff, address(RETIRE_CARD, card))
    assert answer.status_code == 409
    assert "It does not answer." in answer.content.decode()
    assert PaymentMethod.objects.get(pk=card.pk).removed_at is None
    assert audited("card.retired") == []
    monkeypatch.undo()
    sent = dict(answer.context["form"].initial) | {"reason": "Stolen"}
    staff.post(address(RETIRE_CARD, card), sent)
    assert PaymentMethod.objects.get(pk=card.pk).removed_at is not None


def test_deliveries_are_replayed_together(staff, delivered):
    page = address(REPLAY, *delivered)
    assert "https://1.1.1.1/hook of Acme" in staff.get(page).content.decode()
    confirmed(staff, page)
    states = WebhookDelivery.objects.values_list("state", "attempts")
    assert list(states) == [(DeliveryState.DUE, 0)] * 2
    assert len(audited("delivery.replayed")) == 2


def test_a_delivery_is_replayed_once_however_often_it_is_pressed(staff, delivered):
    page = address(REPLAY, delivered[0])
    sent = form_of(staff, page)
    staff.post(page, sent, follow=True)
    WebhookDelivery.objects.update(state=DeliveryState.DELIVERED, attempts=1)
    assert told(staff.post(page, sent, follow=True)) == [
        "This was done already; nothing was done again."
    ]
    assert WebhookDelivery.objects.get(pk=delivered[0].pk).state == DeliveryState.DELIVERED
    assert len(audited("delivery.replayed")) == 1


def test_a_delivery_that_was_sent_in_between_is_told(staff, delivered):
    page = address(REPLAY, delivered[0])
    sent = form_of(staff, page)
    resending.resend(WebhookDelivery.objects.filter(pk=delivered[0].pk))
    answer = staff.post(page, sent)
    assert answer.status_code == 409
    assert "It waits to be sent anyway." in answer.content.decode()


def test_what_is_of_a_disabled_endpoint_is_left_out(staff, delivered):
    endpoint = delivered[0].endpoint
    endpoint.enabled = False
    endpoint.save()
    page = address(REPLAY, delivered[0])
    assert "The endpoint is disabled" in staff.get(page).content.decode()
    confirmed(staff, page)
    assert WebhookDelivery.objects.get(pk=delivered[0].pk).state == DeliveryState.FAILED


def test_a_mail_is_sent_again_to_the_same(staff, mail, acme):
    page = address(RESEND, mail)
    assert "Sent to owner@acme.example, books@acme.example." in staff.get(page).content.decode()
    confirmed(staff, page)
    again = Mail.objects.exclude(pk=mail.pk).get()
    assert (again.kind, again.customer, again.state) == ("resent", acme, MailState.DUE)
    assert mails.send_due() == 1
    (sent,) = outgoing.outbox
    assert (sent.subject, sent.body, sent.to) == (mail.subject, mail.text, mail.to)
    assert [entry.row for entry in audited("mail.resent")] == [str(mail.pk)]
    assert "sent again once" in staff.get(page).content.decode()


def test_a_mail_is_sent_again_once_however_often_it_is_pressed(staff, mail):
    page = address(RESEND, mail)
    sent = form_of(staff, page)
    for _ in range(3):
        staff.post(page, sent)
    assert Mail.objects.filter(kind="resent").count() == 1


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"state": MailState.DUE}, "It waits to be sent anyway."),
        ({"text": "", "html": ""}, "Its words were forgotten"),
    ],
)
def test_some_mails_are_not_sent_again(staff, mail, fields, why):
    Mail.objects.update(**fields)
    page = address(RESEND, mail)
    assert why in staff.get(page).content.decode()
    confirmed(staff, page)
    assert not Mail.objects.filter(kind="resent").exists()


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (StaffRole.SUPPORT, {"card", "delivery", "mail"}),
        (StaffRole.FINANCE, {"card"}),
        (StaffRole.OPERATIONS, {"delivery"}),
        (StaffRole.ADMINISTRATOR, {"card", "delivery", "mail"}),
        (StaffRole.AUDITOR, set()),
    ],
)
def test_each_role_may_what_it_may(person, signed_in, role, may, card, delivered, mail):
    client = signed_in(person("clerk", role))
    pages = {
        "card": address(RETIRE_CARD, card),
        "delivery": address(REPLAY, delivered[0]),
        "mail": address(RESEND, mail),
    }
    allowed = {name for name, page in pages.items() if client.get(page).status_code == 200}
    assert allowed == may
    for page in (pages[name] for name in pages.keys() - may):
        assert client.post(page, {"reason": "x"}).status_code == 403


def test_saved_cards_are_seen_and_not_changed(staff, card):
    listed = staff.get(reverse("admin:billing_paymentmethod_changelist")).content.decode()
    assert "test 4242" in listed and "12/2034" in listed
    change = reverse("admin:billing_paymentmethod_change", args=[card.pk])
    assert address(RETIRE_CARD, card) in staff.get(change).content.decode()
    assert staff.post(change, {"last4": "1"}).status_code == 403
