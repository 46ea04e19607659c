"""Reports of the test provider over HTTP: who may report, what is kept, what is applied once."""

import json
import time
from random import Random

import pytest
from django.conf import LazySettings

from billing import events, payments
from billing.models import EventState, Payment, ProviderEvent, Purchase, PurchaseState
from billing.providers import signatures
from billing.providers.sandbox import acts, delivery
from ledger.amounts import CREDIT
from tests.accounts.conftest import problem
from tests.billing.reports import PATH, altered, post, report, send, stored, untold
from tests.factories.billing import bought, credits, money, order, paid_fact, say
from tests.factories.ledger import Book

pytestmark = pytest.mark.usefixtures("books_tie")


def paid(purchase: Purchase) -> str:
    acts.pay(purchase.provider_ref or "")
    (body,) = untold()
    return body


@pytest.fixture
def purchase(db: None) -> Purchase:
    return order()


def test_a_report_of_a_payment_credits_at_once(purchase: Purchase) -> None:
    body = paid(purchase)
    assert report(body) == "applied"
    assert credits(purchase.customer_id) == {"U10": 1000, "U20": 1000}
    event = stored(body)
    assert (event.kind, event.state, event.payload) == (
        "checkout.paid",
        "applied",
        json.loads(body),
    )
    assert event.decided_at


def test_it_is_applied_once_however_often_it_comes(purchase: Purchase) -> None:
    body = paid(purchase)
    again = altered(body, "another event of the same payment")
    for _ in range(3):
        assert report(body) == report(again) == "applied"
    assert credits(purchase.customer_id)["U20"] == 1000
    assert ProviderEvent.objects.count() == 2


def test_a_kind_that_is_not_known_is_kept_and_means_nothing(purchase: Purchase) -> None:
    body = paid(purchase).replace("checkout.paid", "payout.reconsidered")
    assert report(body) == "ignored"
    assert stored(body).payload["type"] == "payout.reconsidered"
    assert money(purchase.customer_id) == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 1},
        {"amount": 10_000_00},
        {"currency": "EUR"},
        {"purchase": "pur_" + "0" * 32},
        {"purchase": 7},
        {"purchase": None},
        {"amount": "100.00"},
        {"amount": None},
        {"id": "another checkout"},
    ],
)
def test_what_does_not_fit_is_refused_and_seen_and_credits_nothing(
    purchase: Purchase, wrong: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    right = paid(purchase)
    body = altered(right, "wrong", **wrong)
    assert report(body) == "refused"
    assert stored(body).reason
    assert "refused test event wrong" in caplog.text
    assert money(purchase.customer_id) == {}
    assert report(right) == "applied"
    assert report(altered(right, "wrong again", **wrong)) == "refused"
    assert credits(purchase.customer_id) == {"U10": 1000, "U20": 1000}


def test_an_event_that_lacks_what_its_kind_has_is_refused(purchase: Purchase) -> None:
    said = json.loads(paid(purchase))
    for kind in ("checkout.paid", "checkout.failed", "refund.succeeded", "dispute.opened"):
        body = json.dumps(said | {"id": kind, "type": kind, "data": {}})
        assert report(body) == "refused"


def test_another_purchase_is_not_paid_by_it(purchase: Purchase) -> None:
    other = order()
    body = altered(paid(purchase), "for another", purchase=other.name)
    assert report(body) == "refused"
    assert money(other.customer_id) == {}


@pytest.mark.parametrize("age", [301, 3600, -330])
def test_a_report_of_long_ago_or_of_a_time_to_come_is_refused(purchase: Purchase, age: int) -> None:
    assert problem(post(paid(purchase), age=age)) == (400, "webhook-refused")
    assert ProviderEvent.objects.count() == 0


@pytest.mark.parametrize("age", [0, 290, -290])
def test_five_minutes_are_given(purchase: Purchase, age: int) -> None:
    assert post(paid(purchase), age=age).status_code == 200


def test_only_who_knows_the_secret_reports(purchase: Purchase) -> None:
    body = paid(purchase)
    content = body.encode()
    right = signatures.sign(content, delivery.secret())
    digest = right.partition("v1=")[2]
    now = int(time.time())
    for wrong in (
        "",
        "nonsense",
        "t=,v1=",
        f"t={now}",
        f"v1={digest}",
        f"t={now + 1},v1={digest}",
        f"t=x,v1={digest}",
        f"t={'9' * 400},v1={digest}",
        "t=é,v1=é",
        signatures.sign(content, b"another secret"),
        signatures.sign(content + b" ", delivery.secret()),
    ):
        assert problem(send(content, wrong)) == (400, "webhook-refused"), wrong
    assert problem(send(content + b" ", right)) == (400, "webhook-refused")
    assert ProviderEvent.objects.count() == 0
    assert send(content, right).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"7",
        b'"text"',
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"id": "x", "type": "checkout.paid", "created": 1}',
        b'{"id": "x", "type": "checkout.paid", "created": 1, "data": []}',
        b'{"id": "x", "type": "checkout.paid", "created": "now", "data": {}}',
        b'{"id": "x", "type": "checkout.paid", "created": 1e99, "data": {}}',
        b'{"id": "x", "type": "checkout.paid", "created": NaN, "data": {}}',
        b'{"id": 7, "type": "checkout.paid", "created": 1, "data": {}}',
        b'{"id": "", "type": "checkout.paid", "created": 1, "data": {}}',
        b'{"id": "x", "type": ["checkout.paid"], "created": 1, "data": {}}',
        b'{"id": "x", "type": "paid", "created": 1, "data": {"payment": {"a": 1}}}',
        b'{"id": "x\\u0000", "type": "paid", "created": 1, "data": {}}',
        b'{"id": "x\\ud800", "type": "paid", "created": 1, "data": {}}',
        b'{"id": "%s", "type": "paid", "created": 1, "data": {}}' % (b"x" * 300),
        b'{"id": "x", "type": "paid", "created": 1, "data": {"more": NaN}}',
    ],
)
def test_a_signed_body_that_is_no_event_is_refused(body: bytes, db: None) -> None:
    response = post(body)
    assert problem(response) == (400, "webhook-refused")
    assert ProviderEvent.objects.count() == 0


def test_a_provider_that_is_not_named_is_not_there(
    purchase: Purchase, settings: LazySettings
) -> None:
    body = paid(purchase)
    assert problem(post(body, path="/billing/webhooks/nobody")) == (404, "not-found")
    settings.PAYMENT_PROVIDERS = ["stripe"]
    assert problem(post(body)) == (404, "not-found")


def test_only_post_reports(client, db: None) -> None:
    response = client.get(PATH)
    assert problem(response) == (405, "method-not-allowed")


def test_it_is_reached_by_any_name_and_needs_no_session(purchase: Purchase, client) -> None:
    content = paid(purchase).encode()
    headers = {delivery.HEADER: signatures.sign(content, delivery.secret())}
    headers |= {"Host": "10.0.0.7"}
    assert client.generic("POST", PATH, content, "text/plain", headers=headers).status_code == 200


def story(purchase: Purchase) -> list[str]:
    """Declined, paid, a third refunded, disputed and lost."""
    ref = purchase.provider_ref or ""
    acts.decline(ref)
    acts.pay(ref)
    acts.refund(ref, amount=12_00)
    acts.refund(ref, amount=18_00)
    dispute = acts.dispute(ref)
    acts.close(dispute.ref, won=False)
    return untold()


@pytest.mark.parametrize("seed", range(6))
def test_in_any_order_and_any_number_of_times_it_comes_to_the_same(
    purchase: Purchase, seed: int
) -> None:
    bodies = story(purchase) * 3
    Random(seed).shuffle(bodies)
    for body in bodies:
        report(body)
    payment = Payment.objects.get(purchase=purchase)
    assert (payment.refunded, payment.clawed_back, payment.left) == (30_00, 70_00, 0)
    assert credits(purchase.customer_id) == {"U10": 1000, "U32": 1000}
    fees = 100_00 * 29 // 1000 + 30
    assert money(purchase.customer_id) == {
        "1000": -fees - acts.DISPUTE_FEE,
        "6100": fees,
        "6200": acts.DISPUTE_FEE,
    }
    assert set(ProviderEvent.objects.values_list("state", flat=True)) == {"applied"}


def test_a_refund_before_its_payment_waits_for_it(purchase: Purchase) -> None:
    acts.pay(purchase.provider_ref or "")
    acts.refund(purchase.provider_ref or "", amount=30_00)
    payment, refund = untold()
    assert report(refund) == "parked"
    assert stored(refund).reason == "The payment is not known yet."
    assert report(payment) == "applied"
    assert stored(refund).state == EventState.APPLIED
    assert credits(purchase.customer_id) == {"U10": 1000, "U20": 700, "U32": 300}


def test_what_waits_goes_on_when_the_return_page_was_first(purchase: Purchase) -> None:
    acts.pay(purchase.provider_ref or "")
    dispute = acts.dispute(purchase.provider_ref or "")
    acts.close(dispute.ref, won=True)
    _, opened, closed = untold()
    assert report(closed) == report(opened) == "parked"
    payments.confirm(purchase)
    assert (stored(opened).state, stored(closed).state) == ("applied", "applied")
    assert credits(purchase.customer_id) == {"U10": 1000, "U20": 1000}


def test_a_dispute_of_more_than_is_left_counts_whole_when_a_refund_fails() -> None:
    payment = bought()
    ref = payment.provider_ref
    said = {
        "id": "e1",
        "type": "refund.succeeded",
        "created": 1,
        "data": about(payment, "r", 60_00),
    }
    assert report(json.dumps(said)) == "applied"
    dispute = about(payment, "d", 100_00) | {"state": "open", "fee": 0}
    told = {"id": "e2", "type": "dispute.opened", "created": 1, "data": dispute}
    assert report(json.dumps(told)) == "applied"
    assert Payment.objects.get(provider_ref=ref).disputed == 40_00
    failed = {"id": "e3", "type": "refund.failed", "data": about(payment, "r", 60_00)}
    failed["data"]["state"] = "failed"
    assert report(json.dumps(said | failed)) == "applied"
    assert Payment.objects.get(provider_ref=ref).disputed == 100_00
    assert Book(payment.purchase.customer_id).refresh().frozen == 1000 * CREDIT


def test_all_is_disputed_at_the_provider_after_a_part_was_refunded(purchase: Purchase) -> None:
    acts.pay(purchase.provider_ref or "")
    acts.refund(purchase.provider_ref or "", amount=20_00)
    made = acts.dispute(purchase.provider_ref or "", amount=purchase.total)
    acts.close(made.ref, won=False)
    told = untold()
    assert [report(body) for body in told] == ["applied"] * 4
    assert credits(purchase.customer_id) == {"U10": 1000, "U32": 1000}
    assert money(purchase.customer_id)["6300"] == 20_00


def about(payment: Payment, ref: str, amount: int) -> dict[str, object]:
    return {
        "id": ref,
        "payment": payment.provider_ref,
        "refund": "",
        "amount": amount,
        "currency": payment.purchase.currency,
        "state": "succeeded",
    }


def test_declined_and_expired_is_not_paid_and_may_be_paid_later(purchase: Purchase) -> None:
    ref = purchase.provider_ref or ""
    states = []
    for act in (acts.decline, acts.decline, acts.abandon, acts.pay):
        act(ref)
        report(untold()[0])
        purchase.refresh_from_db()
        states.append(purchase.state)
    assert states == ["failed", "failed", "expired", "paid"]
    assert credits(purchase.customer_id)["U20"] == 1000


def test_what_is_paid_stays_paid(purchase: Purchase) -> None:
    ref = purchase.provider_ref or ""
    acts.decline(ref)
    acts.abandon(ref)
    acts.pay(ref)
    declined, expired, payment = untold()
    for body in (payment, expired, declined):
        assert report(body) == "applied"
    purchase.refresh_from_db()
    assert (purchase.state, purchase.reason) == (PurchaseState.PAID, "")


class Killed(BaseException):
    pass


def killed(*args: object) -> None:
    raise Killed


@pytest.mark.parametrize("step", ["_process", "_decide", "_unpark"])
def test_a_process_that_ends_in_between_is_made_up_for_by_the_next_report(
    purchase: Purchase, step: str
) -> None:
    acts.pay(purchase.provider_ref or "")
    acts.refund(purchase.provider_ref or "", amount=30_00)
    payment, refund = untold()
    report(refund)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events, step, killed)
        with pytest.raises(Killed):
            post(payment)
    assert report(payment) == "applied"
    assert credits(purchase.customer_id) == {"U10": 1000, "U20": 700, "U32": 300}


def test_events_that_were_stored_and_not_decided_are_taken_up_hourly(purchase: Purchase) -> None:
    payment = paid(purchase)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events, "_decide", killed)
        with pytest.raises(Killed):
            post(payment)
    assert stored(payment).state == EventState.RECEIVED
    assert events.process_open() == 1
    assert credits(purchase.customer_id)["U20"] == 1000


def test_an_answer_and_an_event_are_one_payment(purchase: Purchase) -> None:
    body = paid(purchase)
    ref = json.loads(body)["data"]["payment"]
    fee = json.loads(body)["data"]["fee"]
    assert say(paid_fact(purchase, payment_ref=ref, fee=fee)).state == "applied"
    assert report(body) == "applied"
    assert credits(purchase.customer_id)["U20"] == 1000
