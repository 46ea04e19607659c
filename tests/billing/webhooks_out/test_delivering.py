"""What is due is sent, signed, and noted."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from standardwebhooks import Webhook, WebhookVerificationError

from accounts import ids
from billing.errors import SecretIsRotating
from billing.models import DeliveryState, Mail, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from billing.webhooks_out import deliver_due, endpoints, noting, retries, sending
from tests.billing.webhooks_out.conftest import due_for
from tests.billing.webhooks_out.receiver import answering, dripping, hanging, saying
from tests.factories.accounts import CustomerFactory, MemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def quick(monkeypatch):
    """Time-outs, for what is tested and not for how long."""
    monkeypatch.setattr(sending, "WHOLE_SECONDS", 0.6)
    monkeypatch.setattr(sending, "CONNECT_SECONDS", 0.3)


def again(endpoint: WebhookEndpoint) -> int:
    """As if all pauses were over."""
    WebhookDelivery.objects.filter(state=DeliveryState.DUE).update(due_at=Now())
    WebhookEndpoint.objects.update(rests_until=Now())
    delivered = deliver_due()
    endpoint.refresh_from_db()
    return delivered


def failure(add, receiver, behaviour) -> WebhookAttempt:
    """Of a first attempt that is answered so."""
    receiver.behave["/hook"] = behaviour
    (delivery,) = due_for(add())
    assert deliver_due() == 0
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("due", 1)
    return delivery.log.get()


def test_a_secret_that_cannot_be_read_holds_up_nobody_else(add, receiver):
    broken, sound = add("/broken"), add("/sound")
    (unsent,) = due_for(broken)
    due_for(sound)
    WebhookEndpoint.objects.filter(pk=broken.pk).update(secret="nonsense")
    assert deliver_due() == 1
    assert [got.path for got in receiver.got] == ["/sound"]
    assert unsent.log.get().error == "The endpoint's secret cannot be read: rotate it."


def test_what_is_sent_can_be_verified(add, receiver):
    endpoint = add()
    (delivery,) = due_for(endpoint)
    assert deliver_due() == 1
    (got,) = receiver.got
    told = Webhook(endpoint.plain).verify(got.body, got.headers)
    assert told["type"] == "webhook.test"
    assert told["data"]["customer"] == ids.encode("cus", endpoint.customer_id)
    assert got.headers["webhook-id"] == ids.encode("evt", delivery.event_id)
    assert got.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint.plain).verify(got.body + b" ", got.headers)


def test_what_was_sent_and_answered_is_in_the_log(add, receiver):
    receiver.behave["/hook"] = answering(201, b"thank you", X_Request="a1")
    (delivery,) = due_for(add())
    deliver_due()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("delivered", 1)
    assert delivery.delivered_at is not None
    attempt = delivery.log.get()
    assert (attempt.status, attempt.response_body, attempt.error) == (201, "thank you", "")
    assert attempt.response_headers["x-request"] == "a1"
    assert (
        attempt.request_headers["webhook-signature"] == receiver.got[0].headers["webhook-signature"]
    )
    assert receiver.got[0].body == delivery.body.encode()
    assert deliver_due() == 0 and len(receiver.got) == 1


def test_while_a_secret_is_rotated_both_verify(add, receiver):
    endpoint = add()
    new = endpoints.rotate(endpoint).secret
    due_for(endpoint)
    deliver_due()
    (got,) = receiver.got
    for secret in (endpoint.plain, new):
        Webhook(secret).verify(got.body, got.headers)
    WebhookEndpoint.objects.update(previous_until=Now() - timedelta(seconds=1))
    due_for(endpoint)
    deliver_due()
    (_, got) = receiver.got
    Webhook(new).verify(got.body, got.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint.plain).verify(got.body, got.headers)


def test_rotated_twice_whichever_is_in_use_still_verifies(add, receiver):
    """Until the old one is ended, and at once then."""
    endpoint = add()
    new = endpoints.rotate(endpoint).secret
    with pytest.raises(SecretIsRotating):
        endpoints.rotate(endpoint)
    due_for(endpoint)
    deliver_due()
    for secret in (endpoint.plain, new):
        Webhook(secret).verify(receiver.got[0].body, receiver.got[0].headers)
    endpoints.end_previous_secret(endpoint)
    due_for(endpoint)
    deliver_due()
    Webhook(new).verify(receiver.got[1].body, receiver.got[1].headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint.plain).verify(receiver.got[1].body, receiver.got[1].headers)
    newest = endpoints.rotate(endpoint).secret
    assert newest not in (new, endpoint.plain)


def test_ten_attempts_with_one_id_and_then_it_has_failed(add, receiver):
    receiver.behave["/hook"] = answering(500)
    endpoint = add()
    (delivery,) = due_for(endpoint)
    for _ in range(12):
        again(endpoint)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("failed", 10)
    assert len(receiver.got) == delivery.log.count() == 10
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1


def test_after_a_failure_it_waits_as_the_table_says(add, receiver):
    receiver.behave["/hook"] = answering(500)
    endpoint = add()
    (delivery,) = due_for(endpoint)
    for pause in retries.PAUSES[:4]:
        again(endpoint)
        delivery.refresh_from_db()
        waits = delivery.due_at - delivery.log.latest("id").at
        assert pause * 0.79 <= waits <= pause * 1.21
    assert endpoint.failures == 4 and endpoint.failing_since


def test_a_success_ends_a_row_of_failures(add, receiver):
    receiver.behave["/hook"] = answering(500)
    endpoint = add()
    due_for(endpoint)
    again(endpoint)
    assert endpoint.failures == 1
    receiver.behave.clear()
    assert again(endpoint) == 1
    assert (endpoint.failures, endpoint.failing_since) == (0, None)


@pytest.mark.parametrize("status", [429, 503])
def test_whoever_says_when_is_left_alone_until_then(add, receiver, status):
    receiver.behave["/hook"] = answering(status, Retry_After="3600")
    endpoint = add()
    (delivery, other) = due_for(endpoint, 2)
    deliver_due()
    delivery.refresh_from_db()
    endpoint.refresh_from_db()
    at = delivery.log.get().at
    assert timedelta(minutes=59) < delivery.due_at - at < timedelta(minutes=61)
    assert timedelta(minutes=59) < endpoint.rests_until - at < timedelta(minutes=61)
    assert not other.log.exists()


def test_gone_disables_the_endpoint_and_its_owners_are_told(add, receiver):
    customer = CustomerFactory()
    owner = MemberFactory(customer=customer)
    MemberFactory(customer=customer, role="developer")
    receiver.behave["/hook"] = answering(410)
    endpoint = add(customer=customer)
    first, second = due_for(endpoint, 2)
    deliver_due()
    for one in (endpoint, first, second):
        one.refresh_from_db()
    assert (endpoint.enabled, endpoint.disabled_reason) == (False, noting.GONE)
    assert (first.state, second.state) == ("failed", "skipped")
    mail = Mail.objects.get(customer=customer)
    assert mail.to == [owner.user.email]
    for said in (mail.text, mail.html):
        assert endpoint.url in said and f"/portal/webhooks/{endpoint.id}/" in said


def test_after_three_days_of_nothing_but_failures_it_is_disabled(add, receiver):
    receiver.behave["/hook"] = answering(500)
    endpoint = add(customer=MemberFactory().customer)
    due_for(endpoint)
    again(endpoint)
    WebhookEndpoint.objects.update(failing_since=Now() - timedelta(days=2.9))
    again(endpoint)
    assert endpoint.enabled
    WebhookEndpoint.objects.update(failing_since=Now() - timedelta(days=3, seconds=1))
    again(endpoint)
    assert (endpoint.enabled, endpoint.disabled_reason) == (False, noting.FAILED_TOO_LONG)
    assert Mail.objects.filter(customer=endpoint.customer_id).count() == 1
    assert again(endpoint) == 0


def test_redirects_are_not_followed(add, receiver):
    attempt = failure(add, receiver, answering(302, Location=f"{receiver.url}/other"))
    assert attempt.status == 302 and "Redirects are not followed" in attempt.error
    assert [got.path for got in receiver.got] == ["/hook"]


@pytest.mark.parametrize("behaviour", [hanging, dripping])
def test_who_does_not_answer_is_given_up(add, receiver, quick, behaviour):
    began = time.monotonic()
    attempt = failure(add, receiver, behaviour)
    assert attempt.status is None and "no answer within" in attempt.error
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("raw", [b"220 mail.example ESMTP\r\n", b"\x00\xff" * 100 + b"\r\n\r\n"])
def test_what_is_no_http_is_a_failure(add, receiver, raw):
    attempt = failure(add, receiver, saying(raw))
    assert attempt.status is None and "no HTTP answer" in attempt.error


def test_who_hangs_up_is_a_failure(add, receiver):
    assert "no HTTP answer" in failure(add, receiver, saying(b"")).error


def test_nobody_there_is_told_plainly(add, receiver):
    (delivery,) = due_for(add(url="http://127.0.0.1:9999/hook"))
    deliver_due()
    assert "There was no connection: Connection refused" in delivery.log.get().error


def test_of_a_huge_answer_the_beginning_is_read(add, receiver):
    receiver.behave["/hook"] = answering(200, b"x" * 50_000_000)
    (delivery,) = due_for(add())
    began = time.monotonic()
    assert deliver_due() == 1
    assert time.monotonic() - began < 2
    assert len(delivery.log.get().response_body) == sending.BODY_KEPT


def test_an_answer_that_is_cut_off_was_one_all_the_same(add, receiver):
    receiver.behave["/hook"] = saying(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nha\0lf")
    (delivery,) = due_for(add())
    assert deliver_due() == 1
    assert delivery.log.get().response_body == "ha\ufffdlf"


def test_first_attempts_keep_their_order(add, receiver):
    endpoint = add()
    sent = [ids.encode("evt", one.event_id) for one in due_for(endpoint, 40)]
    assert deliver_due() == 40
    assert [got.headers["webhook-id"] for got in receiver.got] == sent


def test_one_that_hangs_delays_no_other(add, receiver):
    """All others have theirs before it is given up."""
    receiver.behave["/dead"] = hanging
    due_for(add("/dead"), 3)
    for number in range(50):
        due_for(add(f"/live/{number}"), 2)
    began = time.monotonic()
    with ThreadPoolExecutor(1) as watching:
        # It ends the hanging one, so that nobody waits longer than for what is asked here.
        seen = watching.submit(all_live_by, receiver, began + sending.WHOLE_SECONDS)
        assert deliver_due() == 100
        assert seen.result()
    assert len(receiver.at("/dead")) == 1


def all_live_by(receiver, end: float) -> bool:
    while sum(got.path.startswith("/live/") for got in receiver.got) < 100:
        if time.monotonic() > end:
            break
        time.sleep(0.02)
    receiver.ended.set()
    return time.monotonic() <= end


def test_whoever_is_held_by_another_process_is_left_to_it(add, receiver):
    endpoint = add()
    due_for(endpoint)
    WebhookEndpoint.objects.update(leased_until=Now() + timedelta(seconds=20))
    assert deliver_due() == 0
    WebhookEndpoint.objects.update(leased_until=Now())
    assert deliver_due() == 1


def test_after_a_process_was_killed_only_what_was_on_its_way_is_sent_again(add, receiver):
    endpoint = add()
    first, second = due_for(endpoint, 2)
    # Counted, sent perhaps, and not noted.
    WebhookDelivery.objects.filter(pk=first.pk).update(attempts=1)
    assert deliver_due() == 2
    first.refresh_from_db()
    assert first.attempts == 2 and first.log.count() == 1


def test_nothing_is_sent_to_a_disabled_endpoint(add, receiver):
    endpoint = add()
    (delivery,) = due_for(endpoint)
    endpoints.disable(endpoint, "Disabled by hand.")
    assert deliver_due() == 0 and receiver.got == []
    endpoints.enable(endpoint)
    delivery.refresh_from_db()
    assert deliver_due() == 0 and delivery.state == "skipped"
