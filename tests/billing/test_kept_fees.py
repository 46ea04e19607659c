"""A refund of which a fee is kept: E10c of the accounting rules."""

import pytest

from billing import refunds
from billing.errors import FeeTooLarge, NothingToRefund, RefundTooLarge
from billing.facts import RefundTotal
from billing.models import Document, RefundState, SandboxRefund
from billing.providers.sandbox import acts
from ledger.amounts import CREDIT
from ledger.models import Transfer
from tests.factories.billing import (
    bought,
    credits,
    dispute_fact,
    money,
    refund_fact,
    say,
    sold_by_the_test_provider,
    taxed,
)
from tests.factories.ledger import Book

pytestmark = pytest.mark.usefixtures("books_tie")

# Before a refund: 120.00 came, 400 of 1,000 credits are used, and that is no revenue yet.
BEFORE = {"1000": 120_00, "2100": -100_00, "2200": -20_00}
KEPT = {"1000": 58_00, "2100": -40_00, "2200": -8_00, "4400": -10_00}


@pytest.fixture
def payment(db):
    payment = sold_by_the_test_provider(taxed("20")).payment
    Book(payment.purchase.customer_id).debit(400 * CREDIT)
    return payment


@pytest.fixture
def silent(monkeypatch):
    """The provider is asked for money, and says nothing."""
    asked = []
    monkeypatch.setattr(refunds, "send", asked.append)
    return asked


def entered(payment):
    """Without what the provider took for the payment."""
    found = money(payment.purchase.customer_id)
    found["1000"] += found.pop("6100", 0)
    return found


def request(payment, credits=None, fee_kept=10_00, **fields):
    said = {"by": None, "reason": "Kept", "as_staff": True} | fields
    return refunds.request(
        payment.purchase, credits and credits * CREDIT, fee_kept=fee_kept, **said
    )


def test_it_is_owed_without_the_fee(payment, silent):
    """600 unused of 1,000: 60.00 and 12.00 of tax are reversed, 10.00 kept, 62.00 owed."""
    refund = request(payment)
    assert silent == [refund]
    assert (refund.told, refund.amount, refund.fee_kept) == (62_00, 72_00, 10_00)
    assert entered(payment) == KEPT | {"1000": 120_00, "2400": -62_00}
    assert credits(payment.purchase.customer_id) == {"U10": 1000, "U30": 400, "U32": 600}


def test_the_provider_is_asked_for_what_goes_back(payment):
    refund = request(payment)
    assert refund.state == RefundState.SUCCEEDED
    assert [one.amount for one in SandboxRefund.objects.all()] == [62_00]
    assert entered(payment) == KEPT


def test_what_went_back_and_what_is_left_are_two_things(payment):
    request(payment)
    payment.refresh_from_db()
    assert (payment.refunded, payment.fees_kept, payment.returned) == (62_00, 10_00, 62_00)
    assert (payment.left, payment.tax_returned) == (48_00, 12_00)


def test_failing_it_gives_everything_back(payment):
    refund = request(payment)
    failed = refund_fact(payment, refund.provider_ref, 62_00, state="failed")
    assert say(failed).state == "applied"
    assert entered(payment) == BEFORE
    assert credits(payment.purchase.customer_id) == {"U10": 1000, "U20": 600, "U30": 400}
    payment.refresh_from_db()
    assert (payment.refunded, payment.fees_kept, payment.tax_returned) == (0, 0, 0)
    assert payment.left == 120_00


def test_declined_it_gives_everything_back(payment):
    acts.dispute(payment.purchase.provider_ref, amount=1_00)
    assert request(payment).state == RefundState.FAILED
    assert entered(payment) == BEFORE
    payment.refresh_from_db()
    assert (payment.fees_kept, payment.left) == (0, 120_00)


def test_a_total_of_the_provider_has_what_went_back(payment):
    """62.00 and, made there, 24.00: nothing is missing, and nothing is entered twice."""
    request(payment)
    say(RefundTotal(payment.provider_ref, 62_00, "USD"))
    say(RefundTotal(payment.provider_ref, 86_00, "USD"))
    say(refund_fact(payment, "another", 24_00))
    payment.refresh_from_db()
    assert (payment.refunded, payment.fees_kept, payment.left) == (86_00, 10_00, 24_00)
    assert entered(payment) == {
        **{"1000": 34_00, "2100": -40_00, "2200": -4_00, "4300": 20_00, "4400": -10_00}
    }


def test_the_fee_is_not_refunded_later(payment):
    """48.00 are left for the 400 credits that were used; the bank of the payer sees 58.00."""
    request(payment)
    with pytest.raises(NothingToRefund):
        request(payment, fee_kept=0)
    assert say(refund_fact(payment, "more", 58_00)).state == "parked"
    assert say(refund_fact(payment, "rest", 48_00)).state == "applied"
    payment.refresh_from_db()
    assert (payment.refunded, payment.fees_kept, payment.left) == (110_00, 10_00, 0)
    assert entered(payment) == {"1000": 10_00, "2100": -40_00, "4300": 40_00, "4400": -10_00}


def test_a_bank_that_takes_the_fee_too_makes_a_loss_of_it(payment):
    request(payment)
    say(dispute_fact(payment, "lost", 58_00))
    assert payment.disputes.get().excess == 10_00
    assert entered(payment) == {
        **{"2100": -40_00, "4310": 40_00, "4400": -10_00, "6300": 10_00, "1000": 0}
    }


def test_no_more_was_ever_owed_than_goes_back(payment, silent):
    """62.00 are credited to 2400, not 72.00 and a part of it debited."""
    request(payment)
    found = Transfer.objects.filter(customer_id=payment.purchase.customer_id)
    owed = [one.amount for one in found if one.credit == "2400"]
    assert sum(owed) == 62_00
    assert not [one for one in found if one.debit == "2400"]


def test_all_of_the_net_may_be_kept_but_none_of_the_tax(payment):
    """R9: no tax in 4xxx."""
    request(payment, fee_kept=60_00)
    assert entered(payment) == {"1000": 108_00, "2100": -40_00, "2200": -8_00, "4400": -60_00}


def test_parts_with_fees_add_up(payment):
    for part in (100, 200, 300):
        request(payment, part, fee_kept=1)
    payment.refresh_from_db()
    assert (payment.refunded, payment.fees_kept) == (72_00 - 3, 3)
    assert entered(payment) == {"1000": 48_03, "2100": -40_00, "2200": -8_00, "4400": -3}


@pytest.mark.parametrize("fee", [60_01, 72_00, 72_01, 10**9, -1])
def test_a_fee_of_more_than_the_net_is_refused(payment, fee):
    for ask in (request, lambda payment, **said: refunds.quote(payment.purchase, **said)):
        with pytest.raises(FeeTooLarge) as refused:
            ask(payment, fee_kept=fee)
        assert refused.value.code == "fee-too-large"
    assert entered(payment) == BEFORE


def test_more_than_is_left_is_too_much_with_a_fee_too(payment):
    with pytest.raises(RefundTooLarge):
        request(payment, 601)


def test_a_customer_keeps_no_fee(payment):
    with pytest.raises(ValueError, match="Staff"):
        request(payment, as_staff=False)
    assert entered(payment) == BEFORE


def test_the_credit_note_has_a_line_for_it(payment):
    request(payment)
    content = Document.objects.get(kind="credit note").content
    refund, fee = content["lines"]
    assert [refund[name] for name in ("net", "tax", "total")] == ["60.00", "12.00", "72.00"]
    assert (fee["text"], fee["rate"]) == ("Fee kept", "")
    assert [fee[name] for name in ("net", "tax", "total")] == ["-10.00", "0.00", "-10.00"]
    assert [content[name] for name in ("net", "tax", "total")] == ["50.00", "12.00", "62.00"]


def test_a_quote_says_what_goes_back(payment):
    quote = refunds.quote(payment.purchase, fee_kept=10_00)
    assert (quote.amount, quote.fee_kept, quote.paid_back) == (72_00, 10_00, 62_00)


def test_with_the_fee_nothing_is_left_of_a_payment(silent):
    """In yen, which has no cents. Without tax one of them has to go back."""
    payment = bought(price="1000", currency="JPY")
    with pytest.raises(FeeTooLarge):
        request(payment, fee_kept=1000)
    refund = request(payment, fee_kept=1)
    assert (refund.told, refund.paid_back) == (999, 999)
    payment.refresh_from_db()
    assert payment.left == 0
