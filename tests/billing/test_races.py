"""What happens at once: the return page and the report, refunds and spending, forms sent twice."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections

from billing import checkout, events, payments, refunds
from billing.errors import BillingError
from billing.facts import Fact, Refunded
from billing.models import Payment, Purchase, SandboxEvent
from billing.outcomes import Outcome
from billing.providers.sandbox import acts
from ledger import checks
from ledger.amounts import CREDIT
from tests.billing.reports import report, stored
from tests.factories.accounts import CustomerFactory
from tests.factories.billing import credits, money, new_pack, order, sold_by_the_test_provider
from tests.factories.ledger import Book

pytestmark = pytest.mark.usefixtures("committed")

Work = Callable[[], Any]


def at_once(*works: Work) -> list[Any]:
    """Each on a connection of its own. What they return, or raise."""
    barrier = Barrier(len(works))

    def run(work: Work) -> Any:
        try:
            barrier.wait(10)
            return work()
        except BillingError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


@pytest.fixture
def customers() -> Iterator[list[UUID]]:
    """Whose books tie at the end."""
    found: list[UUID] = []
    yield found
    broken = [finding for finding in checks.run(connection, found) if finding.broken]
    assert broken == []


def bodies_of(purchase: Purchase) -> list[str]:
    found = SandboxEvent.objects.filter(body__contains=purchase.name)
    return list(found.values_list("body", flat=True))


@pytest.mark.parametrize("turn", range(5))
def test_return_pages_and_reports_at_once_credit_once(customers: list[UUID], turn: int) -> None:
    purchase = order()
    customers.append(purchase.customer_id)
    acts.pay(purchase.provider_ref or "")
    (body,) = bodies_of(purchase)

    def back() -> str:
        return payments.confirm(Purchase.objects.get(id=purchase.id)).state

    done = at_once(*[back, lambda: report(body)] * 5)
    assert done == ["paid", "applied"] * 5
    assert credits(purchase.customer_id) == {"U10": 1000, "U20": 1000}
    assert Payment.objects.filter(purchase=purchase).count() == 1


@pytest.mark.parametrize("turn", range(3))
def test_reports_of_one_payment_at_once_come_to_the_same(customers: list[UUID], turn: int) -> None:
    purchase = order()
    customers.append(purchase.customer_id)
    ref = purchase.provider_ref or ""
    acts.pay(ref)
    refund = acts.refund(ref, amount=20_00)
    dispute = acts.dispute(ref)
    acts.close(dispute.ref, won=False)
    payment_ref = refund.checkout.payment_ref
    found = SandboxEvent.objects.filter(body__contains=payment_ref)
    bodies = list(found.values_list("body", flat=True))
    assert len(bodies) == 4
    done = at_once(*[lambda body=body: report(body) for body in bodies * 3])
    assert set(done) <= {"applied", "parked"}
    payment = Payment.objects.get(purchase=purchase)
    assert (payment.refunded, payment.clawed_back, payment.left) == (20_00, 80_00, 0)
    assert credits(purchase.customer_id) == {"U10": 1000, "U32": 1000}


def test_a_report_that_is_about_to_be_parked_is_not_missed(
    customers: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It finds no payment; the payment is entered; then it is parked. Nobody would take it up."""
    purchase = order()
    customers.append(purchase.customer_id)
    ref = purchase.provider_ref or ""
    acts.pay(ref)
    payment_ref = acts.refund(ref, amount=20_00).checkout.payment_ref
    found = SandboxEvent.objects.filter(body__contains=payment_ref).order_by("created_at")
    paid, refund = found.values_list("body", flat=True)
    decided, decide = Event(), events.decide

    def slowly(provider: str, fact: Fact) -> Outcome:
        outcome = decide(provider, fact)
        if isinstance(fact, Refunded):
            decided.set()
            time.sleep(0.5)
        return outcome

    def pay() -> str:
        assert decided.wait(10)
        return report(paid)

    monkeypatch.setattr(events, "decide", slowly)
    assert at_once(lambda: report(refund), pay) == ["parked", "applied"]
    assert stored(refund).state == "applied"
    assert credits(purchase.customer_id) == {"U10": 1000, "U20": 800, "U32": 200}


@pytest.mark.parametrize("turn", range(5))
def test_refunds_racing_a_spend_take_what_is_there_once(customers: list[UUID], turn: int) -> None:
    purchase = sold_by_the_test_provider()
    customers.append(purchase.customer_id)
    book = Book(purchase.customer_id)

    def refund() -> int:
        one = Purchase.objects.get(id=purchase.id)
        return refunds.request(one, 150 * CREDIT, by=None, reason="").credits // CREDIT

    def spend() -> int:
        return 130 if book.debit(130 * CREDIT).ok else 0

    done = at_once(*[refund, spend] * 6)
    refunded = sum(one for one in done[::2] if isinstance(one, int))
    spent = sum(done[1::2])
    left = 1000 - refunded - spent
    assert 0 <= left < 130
    own = {"U10": 1000, "U20": left, "U30": spent, "U32": refunded}
    assert credits(purchase.customer_id) == {name: sum for name, sum in own.items() if sum}
    assert money(purchase.customer_id)["2100"] == -100_00 + refunded * 10


def test_all_that_is_unused_is_refunded_once(customers: list[UUID]) -> None:
    purchase = sold_by_the_test_provider()
    customers.append(purchase.customer_id)
    done = at_once(
        *[lambda: refunds.request(Purchase.objects.get(id=purchase.id), by=None, reason="")] * 6
    )
    assert sum(not isinstance(one, BillingError) for one in done) == 1
    purchase.payment.refresh_from_db()
    assert purchase.payment.refunded == 100_00


def test_a_form_sent_several_times_at_once_is_one_purchase_and_one_page() -> None:
    customer, pack, key = CustomerFactory(), new_pack(), uuid4()

    def start() -> str:
        purchase = checkout.start(
            customer,
            pack,
            "USD",
            None,
            return_url=lambda purchase: "http://testserver/",
            cancel_url=lambda purchase: "http://testserver/",
            key=key,
        )
        return purchase.checkout_url

    urls = at_once(*[start] * 6)
    assert len(set(urls)) == 1
    assert Purchase.objects.filter(customer=customer).count() == 1


def test_receipts_are_numbered_without_a_gap_whoever_is_first(customers: list[UUID]) -> None:
    purchases = [order() for _ in range(6)]
    customers += [purchase.customer_id for purchase in purchases]
    for purchase in purchases:
        acts.pay(purchase.provider_ref or "")
    at_once(*[lambda one=one: payments.confirm(one) for one in purchases])
    numbers = sorted(purchase.documents.get().number for purchase in purchases)
    assert numbers == list(range(numbers[0], numbers[0] + 6))
