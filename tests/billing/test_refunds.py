"""Refunds that we ask for: how much, until when, by whom, and what races them."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.utils import timezone

from billing import refunds
from billing.errors import (
    NothingToRefund,
    ProviderDeclined,
    ProviderFailed,
    RefundTooLarge,
    RefundWindowOver,
    UnknownProvider,
)
from billing.models import Purchase, RefundState
from billing.providers.sandbox.provider import Sandbox
from billing.shares import pro_rata
from ledger.amounts import CREDIT
from ledger.models import Lot
from tests.factories.accounts import MemberFactory
from tests.factories.billing import (
    credits,
    money,
    order,
    sold_by_the_test_provider,
    taxed,
)
from tests.factories.ledger import Book

pytestmark = pytest.mark.usefixtures("books_tie")


@pytest.fixture
def purchase(db: None) -> Purchase:
    return sold_by_the_test_provider()


def available(purchase: Purchase) -> int:
    return (Book(purchase.customer_id).refresh().available or 0) // CREDIT


def ask(purchase: Purchase, amount: int | None = None, **fields: object) -> refunds.Refund:
    credits = amount * CREDIT if amount is not None else None
    return refunds.request(purchase, credits, **{"by": None, "reason": ""} | fields)


def test_a_quote_is_what_is_refunded() -> None:
    purchase = sold_by_the_test_provider(taxed("20"))
    Book(purchase.customer_id).debit(123 * CREDIT)
    quote = refunds.quote(purchase)
    assert (quote.credits, quote.net, quote.tax, quote.amount) == (
        877 * CREDIT,
        87_70,
        17_54,
        105_24,
    )
    refund = ask(purchase)
    assert (refund.credits, refund.net, refund.tax) == (quote.credits, quote.net, quote.tax)


def test_whole_or_in_parts_it_is_the_same_money() -> None:
    purchase = sold_by_the_test_provider(taxed("19", country="DE"), credits=3, price="10.00")
    amounts = [ask(purchase, 1).amount for _ in range(3)]
    assert amounts == [3_96, 3_98, 3_96]
    assert sum(amounts) == purchase.total
    entered = money(purchase.customer_id)
    assert entered.pop("6100") == -entered.pop("1000")
    assert entered == {}


def test_more_than_is_unused_is_refused(purchase: Purchase) -> None:
    Book(purchase.customer_id).debit(400 * CREDIT)
    with pytest.raises(RefundTooLarge):
        ask(purchase, 601)
    assert available(purchase) == 600
    assert ask(purchase, 600).credits == 600 * CREDIT


@pytest.mark.parametrize("amount", [0, -1])
def test_less_than_something_is_refused(purchase: Purchase, amount: int) -> None:
    with pytest.raises(RefundTooLarge):
        ask(purchase, amount)


def test_what_is_held_is_not_unused(purchase: Purchase) -> None:
    Book(purchase.customer_id).reserve(1000 * CREDIT)
    with pytest.raises(NothingToRefund):
        ask(purchase)


def test_what_was_refunded_before_is_not_refunded_again(purchase: Purchase) -> None:
    ask(purchase)
    for amount in (None, 1):
        with pytest.raises(NothingToRefund):
            ask(purchase, amount)


def test_the_bonus_goes_back_with_what_was_paid_for() -> None:
    """A bonus on terms of its own has a small part of the price: who gives back a thousand of
    1,000 and 1,000 gives half of each."""
    purchase = sold_by_the_test_provider(
        credits=1000, bonus=1000, bonus_validity_days=30, bonus_expected_use_percent=10
    )
    assert refunds.quote(purchase).amount == 100_00
    assert ask(purchase, 1000).amount == 50_00
    assert available(purchase) == 1000
    assert ask(purchase).amount == 50_00
    assert credits(purchase.customer_id) == {"U10": 2000, "U32": 2000}


def test_of_each_lot_goes_back_what_is_free_of_it() -> None:
    """The bonus ends first, so it is used first."""
    purchase = sold_by_the_test_provider(credits=1000, bonus=1000, bonus_validity_days=30)
    Book(purchase.customer_id).debit(900 * CREDIT)
    assert ask(purchase, 550).credits == 550 * CREDIT
    free = [holding.remaining for holding in Lot.objects.filter(customer_id=purchase.customer_id)]
    assert sorted(free) == [50 * CREDIT, 500 * CREDIT]


@pytest.mark.parametrize("amount", range(8))
@pytest.mark.parametrize("weights", [[7], [3, 4], [1, 1, 5], [0, 7], [7, 0], [2, 0, 5]])
def test_parts_are_exact_and_none_is_more_than_there_is(amount: int, weights: list[int]) -> None:
    parts = pro_rata(amount, weights)
    assert sum(parts) == amount
    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))


def test_credits_of_another_purchase_are_not_refunded_for_this_one(purchase: Purchase) -> None:
    Book(purchase.customer_id).debit(1000 * CREDIT)
    sold_by_the_test_provider(purchase.customer)
    Book(purchase.customer_id).grant(50 * CREDIT)
    with pytest.raises(NothingToRefund):
        ask(purchase)
    assert available(purchase) == 1050


def test_so_few_credits_that_they_are_worth_nothing_are_not_refunded(purchase: Purchase) -> None:
    with pytest.raises(NothingToRefund):
        refunds.request(purchase, 1000, by=None, reason="")


def test_what_is_not_paid_is_not_refunded() -> None:
    with pytest.raises(NothingToRefund):
        ask(order())


def test_the_customer_has_some_days_and_staff_has_ever(
    purchase: Purchase, settings: LazySettings
) -> None:
    settings.REFUND_DAYS = 14
    assert refunds.refundable_until(purchase) == purchase.paid_at + timedelta(days=14)
    Purchase.objects.filter(id=purchase.id).update(paid_at=timezone.now() - timedelta(days=15))
    purchase.refresh_from_db()
    with pytest.raises(RefundWindowOver):
        ask(purchase)
    member = MemberFactory(customer=purchase.customer)
    refund = ask(purchase, 10, as_staff=True, by=member.user, reason="Goodwill")
    assert (refund.made_by, refund.reason) == (member.user, "Goodwill")


def test_a_form_that_is_sent_twice_is_one_refund(purchase: Purchase) -> None:
    key = uuid4()
    made = {ask(purchase, 100, key=key).id for _ in range(3)}
    assert made == {key}
    assert available(purchase) == 900
    other = sold_by_the_test_provider()
    with pytest.raises(NothingToRefund):
        ask(other, 100, key=key)


def test_a_provider_that_does_not_answer_is_asked_again(
    purchase: Purchase, monkeypatch: pytest.MonkeyPatch
) -> None:
    refund = with_provider(monkeypatch, ProviderFailed, purchase)
    assert refund.state == RefundState.REQUESTED
    assert available(purchase) == 700
    assert money(purchase.customer_id)["2400"] == -30_00
    refunds.send(refund)
    refund.refresh_from_db()
    assert refund.state == RefundState.SUCCEEDED
    assert "2400" not in money(purchase.customer_id)
    refunds.send(refund)
    assert purchase.payment.refunds.count() == 1


def test_a_provider_that_declines_gives_the_credits_back(
    purchase: Purchase, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = money(purchase.customer_id)
    refund = with_provider(monkeypatch, ProviderDeclined, purchase)
    assert (refund.state, refund.reason) == (RefundState.FAILED, "Charged back.")
    assert available(purchase) == 1000
    assert money(purchase.customer_id) == before
    assert credits(purchase.customer_id) == {"U10": 1000, "U20": 1000}
    assert ask(purchase).credits == 1000 * CREDIT


def with_provider(
    monkeypatch: pytest.MonkeyPatch, error: type[ProviderFailed], purchase: Purchase
) -> refunds.Refund:
    def refuse(*args: object, **fields: object) -> None:
        raise error("Charged back.")

    with monkeypatch.context() as patch:
        patch.setattr(Sandbox, "refund", refuse)
        return ask(purchase, 300)


def test_where_the_provider_is_gone_no_credits_are_taken(
    purchase: Purchase, settings: LazySettings
) -> None:
    settings.PAYMENT_PROVIDERS = ["stripe"]
    with pytest.raises(UnknownProvider):
        ask(purchase)
    assert available(purchase) == 1000
