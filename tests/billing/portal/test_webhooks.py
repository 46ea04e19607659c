"""A company's endpoints, what was sent to them, and sending it again."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from standardwebhooks import Webhook

from accounts.ids import uuid7
from accounts.models import Role
from billing.models import DeliveryState, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from billing.webhooks_out import endpoints, resending, signing
from billing.webhooks_out.catalogue import BY_NAME
from tests.accounts.people import browser_of, said
from tests.factories.accounts import MemberFactory

PAGE = "/portal/webhooks/"
URL = "https://1.1.1.1/hook"


@pytest.fixture
def endpoint(member):
    return endpoints.add(uuid7(), customer=member.customer, url=URL).endpoint


def deliveries(endpoint, *states, days_ago=0) -> list[WebhookDelivery]:
    made = []
    for state in states:
        delivery = resending.send_test(endpoint)
        at = timezone.now() - timedelta(days=days_ago)
        WebhookDelivery.objects.filter(pk=delivery.pk).update(state=state, created_at=at)
        made.append(delivery)
    return made


def page(name, *args):
    return reverse(name, args=args)


def told(answer) -> str:
    return " ".join(said(answer))


def new(**fields):
    return {"url": URL, "key": uuid7(), **fields}


def test_an_endpoint_is_added_and_its_secret_shown_once(browser, member):
    answer = browser.post(PAGE, new(description="Billing", types=["key.created"])).content.decode()
    (secret,) = set(re.findall(r"whsec_[\w+/=]+", answer))
    endpoint = WebhookEndpoint.objects.get(customer=member.customer)
    assert (endpoint.url, endpoint.types) == (URL, ["key.created"])
    assert endpoint.created_by == member.user
    assert signing.decipher(endpoint.secret) == secret and secret not in endpoint.secret
    assert Webhook(secret)
    for path in (PAGE, page("webhook-endpoint", endpoint.id)):
        shown = browser.get(path).content.decode()
        assert URL in shown and "whsec_" not in shown


def test_a_form_that_is_sent_twice_adds_one(browser, member):
    form = new()
    browser.post(PAGE, form)
    assert "added already" in told(browser.post(PAGE, form, follow=True))
    assert endpoints.of(member.customer).count() == 1


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://1.1.1.1/", "begin with https://"),
        ("https://169.254.169.254/latest", "not a public address"),
        ("https://nowhere.invalid/", "leads to no address"),
        ("", "required"),
    ],
)
def test_an_address_that_will_not_do_is_told_beside_it(browser, member, endpoint, url, why):
    for path in (PAGE, page("edit-webhook", endpoint.id)):
        answer = browser.post(path, new(url=url, description="kept as typed")).content.decode()
        assert why in answer and 'aria-invalid="true"' in answer and "kept as typed" in answer
    assert list(endpoints.of(member.customer).values_list("url", flat=True)) == [URL]


def test_ten_and_no_more(browser, member):
    for _ in range(10):
        browser.post(PAGE, new())
    answer = browser.post(PAGE, new()).content.decode()
    assert "as many endpoints as a company may" in answer
    assert endpoints.of(member.customer).count() == 10


def test_it_can_be_changed(browser, endpoint):
    form = {"url": "https://1.0.0.1:8443/", "types": ["lot.expired"], "description": "b"}
    browser.post(page("edit-webhook", endpoint.id), form)
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.types) == ("https://1.0.0.1:8443/", ["lot.expired"])
    assert "lot.expired" in browser.get(page("webhook-endpoint", endpoint.id)).content.decode()


def test_it_is_disabled_and_enabled(browser, endpoint, member):
    (due,) = deliveries(endpoint, "due")
    browser.post(page("switch-webhook", endpoint.id), {"enabled": "no"})
    endpoint.refresh_from_db()
    due.refresh_from_db()
    assert not endpoint.enabled and due.state == "skipped"
    shown = browser.get(page("webhook-endpoint", endpoint.id)).content.decode()
    assert member.user.email in shown and "Nothing is sent" in shown
    for path in (
        page("test-webhook", endpoint.id),
        page("resend-webhook", endpoint.id, due.id),
    ):
        assert "enable it first" in told(browser.post(path, follow=True))
    browser.post(page("switch-webhook", endpoint.id), {"enabled": "yes"})
    endpoint.refresh_from_db()
    due.refresh_from_db()
    assert endpoint.enabled and endpoint.disabled_reason == "" and due.state == "skipped"


def test_the_secret_is_rotated(browser, endpoint):
    before = endpoint.secret
    answer = browser.post(page("rotate-webhook", endpoint.id)).content.decode()
    endpoint.refresh_from_db()
    assert signing.decipher(endpoint.secret) in answer
    assert endpoint.previous_secret == before
    left = endpoint.previous_until - timezone.now()
    assert timedelta(hours=23.9) < left < timedelta(hours=24.1)
    assert "was rotated" in browser.get(page("webhook-endpoint", endpoint.id)).content.decode()


def test_it_is_not_rotated_again_before_the_old_secret_has_ended(browser, endpoint):
    rotate = page("rotate-webhook", endpoint.id)
    log = page("webhook-endpoint", endpoint.id)
    assert "End the old secret" not in browser.get(log).content.decode()
    browser.post(rotate)
    endpoint.refresh_from_db()
    both = endpoint.secret, endpoint.previous_secret, endpoint.previous_until
    assert "End the old secret first" in told(browser.post(rotate, follow=True))
    endpoint.refresh_from_db()
    assert (endpoint.secret, endpoint.previous_secret, endpoint.previous_until) == both
    assert rotate not in browser.get(log).content.decode()
    end = page("end-old-webhook-secret", endpoint.id)
    assert "has ended" in told(browser.post(end, follow=True))
    endpoint.refresh_from_db()
    assert (endpoint.secret, endpoint.previous_secret) == (both[0], "")
    assert not endpoint.is_rotating
    assert rotate in browser.get(log).content.decode()
    assert "whsec_" in browser.post(rotate).content.decode()


def test_it_is_removed_with_its_secret(browser, endpoint, member):
    browser.post(page("remove-webhook", endpoint.id))
    endpoint.refresh_from_db()
    assert (endpoint.enabled, endpoint.secret) == (False, "")
    assert not endpoints.of(member.customer).exists()
    assert browser.get(page("webhook-endpoint", endpoint.id)).status_code == 404


def test_a_test_event_is_due_and_its_page_looks_again(browser, endpoint):
    answer = browser.post(page("test-webhook", endpoint.id), follow=True).content.decode()
    delivery = endpoint.deliveries.get()
    assert (delivery.kind, delivery.state) == ("webhook.test", "due")
    assert "as soon as possible" in answer and "This is a test" in answer
    seen = asked_for_again(answer)
    assert browser.get(seen).status_code == 204
    WebhookDelivery.objects.update(attempts=3, due_at=timezone.now() + timedelta(hours=2))
    answer = browser.get(seen).content.decode()
    assert "is due" in answer and "as soon as possible" not in answer
    seen = asked_for_again(answer)
    assert browser.get(seen).status_code == 204
    WebhookDelivery.objects.update(state=DeliveryState.DELIVERED)
    assert "hx-get" not in browser.get(seen).content.decode()


def asked_for_again(answer: str) -> str:
    (path,) = re.findall(r'hx-get="([^"]+)"', answer)
    return path


def test_a_delivery_shows_what_was_sent_and_answered(browser, endpoint):
    (delivery,) = deliveries(endpoint, "failed")
    WebhookAttempt.objects.create(
        delivery=delivery,
        request_headers={"webhook-id": "evt_1"},
        status=302,
        response_headers={"location": "/<x>"},
        response_body="<script>moved</script>",
        seconds=0.5,
        error="It leads elsewhere.",
    )
    shown = browser.get(page("webhook-delivery", endpoint.id, delivery.id)).content.decode()
    for part in ("evt_1", "location: /&lt;x&gt;", "&lt;script&gt;moved", "It leads elsewhere."):
        assert part in shown


def shown_in_log(browser, endpoint, **query) -> int:
    answer = browser.get(page("webhook-endpoint", endpoint.id), query)
    return len(answer.context["page"].rows)


def test_the_log_is_filtered(browser, endpoint):
    deliveries(endpoint, "delivered", "failed", "failed", "skipped")
    deliveries(endpoint, "failed", days_ago=5)
    today = timezone.now().date()
    assert shown_in_log(browser, endpoint) == 5
    assert shown_in_log(browser, endpoint, state="failed") == 3
    assert shown_in_log(browser, endpoint, state="failed", since=today) == 2
    assert shown_in_log(browser, endpoint, until=today - timedelta(days=5)) == 1
    assert shown_in_log(browser, endpoint, kind="webhook.test") == 5
    assert shown_in_log(browser, endpoint, kind="key.created") == 0
    assert shown_in_log(browser, endpoint, since="x", state="x", before="y") == 5


def test_pages_keep_the_filter(browser, endpoint):
    deliveries(endpoint, *["failed"] * 26, "delivered")
    shown = browser.get(page("webhook-endpoint", endpoint.id), {"state": "failed"}).content.decode()
    assert 'href="?state=failed&amp;before=' in shown


def test_one_is_sent_again(browser, endpoint):
    (delivery,) = deliveries(endpoint, "failed")
    WebhookDelivery.objects.update(attempts=10)
    path = page("resend-webhook", endpoint.id, delivery.id)
    assert "sent again" in told(browser.post(path, follow=True))
    before, event = delivery.body, delivery.event_id
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("due", 0)
    assert (delivery.body, delivery.event_id) == (before, event)
    assert "on its way already" in told(browser.post(path, follow=True))


def test_a_time_is_counted_first_and_then_sent_again(browser, endpoint):
    deliveries(endpoint, "failed", days_ago=5)
    recent = deliveries(endpoint, "failed", "skipped", "delivered", "due")
    now = timezone.now()
    span = {
        "since": (now - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S"),
        "until": (now + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%S"),
    }
    path = page("resend-range", endpoint.id)
    counted = browser.get(path, span)
    assert counted.context["number"] == 2 and "Send all 2 again" in counted.content.decode()
    assert browser.get(path, span | {"every": "on"}).context["number"] == 3
    assert endpoint.deliveries.filter(state="due").count() == 1
    assert "2 deliveries are sent again" in told(browser.post(path, span, follow=True))
    states = {one.pk: one.state for one in endpoint.deliveries.all()}
    assert [states[one.pk] for one in recent] == ["due", "due", "delivered", "due"]
    assert list(states.values()).count("failed") == 1


@pytest.mark.parametrize(
    "span",
    [
        {},
        {"since": "x", "until": "y"},
        {"since": "2026-11-21T10:00", "until": "2026-11-21T10:00"},
    ],
)
def test_what_is_no_time_sends_nothing(browser, endpoint, span):
    (delivery,) = deliveries(endpoint, "failed")
    path = page("resend-range", endpoint.id)
    for answer in (browser.get(path, span), browser.post(path, span)):
        assert answer.status_code == 200 and 'aria-invalid="true"' in answer.content.decode()
    delivery.refresh_from_db()
    assert delivery.state == "failed"


def test_nothing_of_another_endpoint_is_reached(browser, endpoint, member):
    other = endpoints.add(uuid7(), customer=member.customer, url=URL).endpoint
    (theirs,) = deliveries(other, "failed")
    for name in ("webhook-delivery", "resend-webhook"):
        path = page(name, endpoint.id, theirs.id)
        asked = browser.get if name == "webhook-delivery" else browser.post
        assert asked(path).status_code == 404


def test_developers_may_too(member, endpoint):
    developer = browser_of(MemberFactory(customer=member.customer, role=Role.DEVELOPER))
    assert developer.get(PAGE).status_code == 200


def test_whoever_may_not_is_told_the_role(member):
    biller = browser_of(MemberFactory(customer=member.customer, role=Role.BILLING))
    refused = biller.get(PAGE)
    assert refused.status_code == 403
    assert "Your role in this company is billing." in refused.content.decode()


def test_what_tells_of_purchases_is_for_those_who_may_see_them(browser, member, endpoint):
    (delivery,) = deliveries(endpoint, "failed")
    WebhookDelivery.objects.update(kind="purchase.paid", body='{"amount":"25.00"}')
    WebhookAttempt.objects.create(
        delivery=delivery,
        request_headers={"webhook-id": "evt_1"},
        status=500,
        response_headers={},
        response_body="echo of 25.00",
        seconds=0.5,
        error="It was answered with 500.",
    )
    paths = (
        page("webhook-delivery", endpoint.id, delivery.id),
        page("webhook-endpoint", endpoint.id),
    )
    span = {"since": "2000-01-01T00:00", "until": "2100-01-01T00:00"}
    developer = browser_of(MemberFactory(customer=member.customer, role=Role.DEVELOPER))
    shown, log = (developer.get(path).content.decode() for path in paths)
    assert "25.00" not in shown + log and "ask an owner" in shown
    assert "purchase.paid" in shown and "500" in shown and "Failed" in shown
    assert "Send again</button>" not in shown
    again = page("resend-webhook", endpoint.id, delivery.id)
    assert "ask an owner" in told(developer.post(again, follow=True))
    assert developer.get(page("resend-range", endpoint.id), span).context["number"] == 0
    developer.post(page("resend-range", endpoint.id), span)
    delivery.refresh_from_db()
    assert delivery.state == "failed"
    shown = browser.get(paths[0]).content.decode()
    assert shown.count("25.00") == 2 and "ask an owner" not in shown
    assert "sent again" in told(browser.post(again, follow=True))


def test_the_catalogue_has_every_type(browser):
    shown = browser.get(f"{PAGE}events/").content.decode()
    for name, one in BY_NAME.items():
        assert f"<code>{name}</code>" in shown and one.sentence in shown.replace("&#x27;", "'")
