"""What reports should have told and did not."""

from collections import Counter
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.utils import timezone

from billing import events
from billing.errors import ProviderFailed
from billing.models import (
    Dispute,
    ProviderEvent,
    Purchase,
    PurchaseState,
    Refund,
    RefundState,
    SandboxCheckout,
    SandboxDispute,
    SandboxRefund,
)
from billing.providers.sandbox import acts
from billing.providers.sandbox.provider import Sandbox
from billing.reconciliation import reconcile
from ledger.amounts import CREDIT
from tests.billing.reports import altered, report, stored, untold
from tests.billing.test_refunds import available, with_provider
from tests.factories.billing import credits, money, order, sold_by_the_test_provider
from tests.factories.ledger import Book

pytestmark = pytest.mark.usefixtures("books_tie")


@pytest.fixture
def purchase(db: None) -> Purchase:
    return order()


def lost(purchase: Purchase) -> str:
    """A payment of which nothing is told."""
    ref = purchase.provider_ref or ""
    acts.pay(ref)
    untold()
    return ref


def test_a_payment_that_was_not_told_is_found(purchase: Purchase) -> None:
    lost(purchase)
    assert reconcile()["applied"] == 1
    assert credits(purchase.customer_id) == {"U10": 1000, "U20": 1000}


def test_it_may_be_done_as_often_as_one_likes(purchase: Purchase) -> None:
    ref = lost(purchase)
    acts.refund(ref, amount=25_00)
    acts.close(acts.dispute(ref).ref, won=False)
    reconcile()
    books = money(purchase.customer_id)
    for _ in range(3):
        assert reconcile()["refused"] == 0
    assert money(purchase.customer_id) == books
    assert credits(purchase.customer_id) == {"U10": 1000, "U32": 1000}


def test_a_dispute_of_long_ago_is_closed(purchase: Purchase) -> None:
    ref = lost(purchase)
    made = acts.dispute(ref)
    reconcile()
    assert Dispute.objects.get().state == "open"
    long_ago = timezone.now() - timedelta(days=60)
    SandboxDispute.objects.update(created_at=long_ago)
    SandboxCheckout.objects.update(paid_at=long_ago)
    acts.close(made.ref, won=False)
    untold()
    reconcile()
    assert Dispute.objects.get().state == "lost"


def test_it_looks_back_as_far_as_it_is_told(purchase: Purchase) -> None:
    lost(purchase)
    SandboxCheckout.objects.update(paid_at=timezone.now() - timedelta(days=10))
    reconcile()
    assert money(purchase.customer_id) == {}
    reconcile(timezone.now() - timedelta(days=11))
    assert credits(purchase.customer_id)["U20"] == 1000


def test_a_report_that_waits_goes_on(purchase: Purchase) -> None:
    ref = purchase.provider_ref or ""
    acts.pay(ref)
    acts.refund(ref, amount=10_00)
    _, refund = untold()
    assert report(refund) == "parked"
    reconcile()
    assert ProviderEvent.objects.get().state == "applied"
    assert credits(purchase.customer_id) == {"U10": 1000, "U20": 900, "U32": 100}


def parked(ref: str, *, days: int) -> str:
    """A refund of a payment that nobody told of, so long ago."""
    acts.refund(ref, amount=10_00)
    body = untold()[-1]
    assert report(body) == "parked"
    long_ago = timezone.now() - timedelta(days=days)
    ProviderEvent.objects.filter(id=stored(body).id).update(received_at=long_ago)
    return body


def test_what_waits_in_vain_is_not_tried_for_ever(
    purchase: Purchase, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = purchase.provider_ref or ""
    acts.pay(ref)
    old, new = parked(ref, days=31), parked(ref, days=29)
    # Another's sale, of which our lists have nothing.
    monkeypatch.setattr(Sandbox, "facts_since", lambda *args: iter(()))
    tried, process = [], events.process
    monkeypatch.setattr(events, "process", lambda *names: tried.append(names[1]) or process(*names))
    found = reconcile()
    assert tried == [stored(new).event_id]
    assert (found["waiting"], found["waiting in vain"]) == (2, 1)
    assert stored(old).state == "parked"


def test_what_it_waited_for_comes_after_all(purchase: Purchase) -> None:
    ref = purchase.provider_ref or ""
    acts.pay(ref)
    old = parked(ref, days=31)
    reconcile()
    assert stored(old).state == "applied"


def test_what_waits_is_tried_in_batches(
    purchase: Purchase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "BATCH", 2)
    ref = purchase.provider_ref or ""
    acts.pay(ref)
    for _ in range(5):
        parked(ref, days=1)
    ProviderEvent.objects.update(payment_ref="")
    reconcile()
    assert set(ProviderEvent.objects.values_list("state", flat=True)) == {"parked"}
    assert reconcile()["events decided"] == 5


def test_a_refund_that_was_not_sent_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    purchase = sold_by_the_test_provider()
    refund = with_provider(monkeypatch, ProviderFailed, purchase)
    reconcile()
    refund.refresh_from_db()
    assert refund.state == RefundState.SUCCEEDED
    assert SandboxRefund.objects.count() == 1


def test_a_refund_whose_answer_was_lost_is_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long ago it was: the provider's list is looked through first."""
    purchase = sold_by_the_test_provider()
    asked = Counter[str]()

    refund = with_provider(monkeypatch, ProviderFailed, purchase)
    monkeypatch.setattr(Sandbox, "refund", lambda *args, **fields: asked.update(["asked"]))
    acts.refund(purchase.provider_ref or "", amount=30_00, key=refund.name, our_ref=refund.name)
    untold()
    long_ago = timezone.now() - timedelta(days=9)
    SandboxRefund.objects.update(created_at=long_ago)
    Refund.objects.update(created_at=long_ago - timedelta(seconds=1))
    reconcile()
    refund.refresh_from_db()
    assert (refund.state, asked["asked"]) == (RefundState.SUCCEEDED, 0)
    assert available(purchase) == 700


def test_a_refund_that_fails_weeks_later_is_found(purchase: Purchase) -> None:
    ref = lost(purchase)
    acts.refund(ref, amount=10_00)
    untold()
    reconcile()
    assert credits(purchase.customer_id) == {"U10": 1000, "U20": 900, "U32": 100}
    long_ago = timezone.now() - timedelta(days=29)
    SandboxRefund.objects.update(state="failed", created_at=long_ago)
    reconcile()
    assert Refund.objects.get().state == RefundState.FAILED
    assert credits(purchase.customer_id) == {"U10": 1000, "U20": 1000}


def test_credits_that_were_held_are_taken_when_they_are_free(purchase: Purchase) -> None:
    ref = lost(purchase)
    reconcile()
    book = Book(purchase.customer_id)
    hold = book.reserve(400 * CREDIT)
    acts.close(acts.dispute(ref).ref, won=False)
    untold()
    assert reconcile()["swept"] == 0
    book.release(hold)
    # In no list of today, where it would be told again.
    SandboxDispute.objects.update(created_at=timezone.now() - timedelta(days=60))
    assert reconcile()["swept"] == 1
    assert available(purchase) == 0
    assert reconcile()["swept"] == 0


def test_a_page_that_was_left_expires(purchase: Purchase) -> None:
    Purchase.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert reconcile()["expired"] == 1
    purchase.refresh_from_db()
    assert purchase.state == PurchaseState.EXPIRED


def test_a_provider_that_does_not_answer_is_counted(
    purchase: Purchase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise ProviderFailed

    monkeypatch.setattr(Sandbox, "facts_since", fail)
    assert reconcile()["failed"] == 1


def test_events_of_a_provider_that_is_gone_do_not_stop_it(
    purchase: Purchase, settings: LazySettings
) -> None:
    acts.pay(purchase.provider_ref or "")
    acts.refund(purchase.provider_ref or "", amount=10_00)
    report(untold()[1])
    settings.PAYMENT_PROVIDERS = []
    assert reconcile() == Counter({"events decided": 0})


def test_the_command_says_what_it_found(
    purchase: Purchase, capsys: pytest.CaptureFixture[str]
) -> None:
    lost(purchase)
    call_command("reconcile_payments", "--since", "2020-01-01")
    said = [line.strip() for line in capsys.readouterr().out.splitlines()]
    found = ["1 applied", "0 events decided", "0 swept", "0 waiting", "0 waiting in vain"]
    assert said == [*found, "0 events refused in the last day"]
    assert available(purchase) * CREDIT == 1000 * CREDIT


def test_the_command_ends_with_what_was_refused_of_late(
    purchase: Purchase, capsys: pytest.CaptureFixture[str]
) -> None:
    acts.pay(purchase.provider_ref or "")
    right = untold()[0]
    for name in ("of today", "of long ago"):
        assert report(altered(right, name, amount=1)) == "refused"
    of_long_ago = ProviderEvent.objects.filter(event_id="of long ago")
    of_long_ago.update(decided_at=timezone.now() - timedelta(days=2))
    call_command("reconcile_payments")
    assert capsys.readouterr().out.splitlines()[-1].strip() == "1 events refused in the last day"
