import pytest
from django.urls import reverse

from accounts.ids import encode, uuid7
from billing.models import DeliveryState, WebhookAttempt, WebhookDelivery
from billing.webhooks_out import endpoints, resending


@pytest.fixture
def delivery(acme):
    made = endpoints.add(uuid7(), customer=acme, url="https://1.1.1.1/hook")
    delivery = resending.send_test(made.endpoint)
    delivery.secret = made.secret
    WebhookAttempt.objects.create(
        delivery=delivery,
        request_headers={"webhook-id": "evt_1"},
        status=500,
        response_headers={"server": "teapot"},
        response_body="<b>no</b>",
        seconds=0.25,
        error="It was answered with 500.",
    )
    return delivery


def page(staff, model, *args, **query):
    name = f"admin:billing_{model}_{'change' if args else 'changelist'}"
    return staff.get(reverse(name, args=args), query).content.decode()


def test_endpoints_are_seen_without_their_secrets(staff, delivery):
    for shown in (
        page(staff, "webhookendpoint"),
        page(staff, "webhookendpoint", delivery.endpoint_id),
    ):
        assert "https://1.1.1.1/hook" in shown
        assert delivery.secret not in shown and delivery.endpoint.secret not in shown


def test_a_delivery_is_seen_with_its_attempts(staff, delivery):
    shown = page(staff, "webhookdelivery", delivery.pk)
    for said in ("It was answered with 500.", "server: teapot", "&lt;b&gt;no&lt;/b&gt;", "evt_1"):
        assert said in shown


def test_deliveries_are_found(staff, delivery, acme):
    event, customer = encode("evt", delivery.event_id), encode("cus", acme.id)
    for term in (event, customer, "https://1.1.1.1/"):
        assert "webhook.test" in page(staff, "webhookdelivery", q=term)
    assert "webhook.test" not in page(staff, "webhookdelivery", q=encode("evt", uuid7()))


def test_nothing_can_be_changed(staff, delivery):
    change = reverse("admin:billing_webhookdelivery_change", args=[delivery.pk])
    assert staff.post(change, {"state": "delivered"}).status_code == 403
    assert WebhookDelivery.objects.get().state == DeliveryState.DUE
