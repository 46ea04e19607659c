"""Disputes to the cent: E11 of the accounting rules."""

import pytest
from django.db import connection

from billing.books import revenue
from billing.models import DisputeState, Policy
from ledger import services
from ledger.amounts import CREDIT
from tests.factories.accounts import CustomerFactory
from tests.factories.billing import (
    bought,
    credits,
    dispute_fact,
    in_any_order,
    money,
    refund_fact,
    say,
    taxed,
)
from tests.factories.ledger import Book

pytestmark = pytest.mark.usefixtures("books_tie")

BEFORE = {"1000": 120_00, "2100": -100_00, "2200": -20_00}


@pytest.fixture
def payment(db):
    """1,000 credits for 100.00 and 20 % tax, of which 400 are used."""
    payment = bought(taxed("20"))
    book(payment).debit(400 * CREDIT)
    return payment


def book(payment):
    return Book(payment.purchase.customer_id)


def available(payment):
    return book(payment).refresh().available // CREDIT


def frozen(payment):
    return book(payment).refresh().frozen // CREDIT


def policy(**fields):
    Policy.current()
    Policy.objects.update(**fields)


def of_lots(payment, account):
    """What stands on it of each lot, debits positive."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(sum(p.amount), 0) from ledger_lot l left join ledger_posting p"
            " on p.customer_id = l.customer_id and p.lot_id = l.id and p.account = %s"
            " where l.customer_id = %s group by l.id, l.seq order by l.seq",
            [account, payment.purchase.customer_id],
        )
        return [int(amount) for (amount,) in cursor.fetchall()]


def entered(payment):
    return money(payment.purchase.customer_id)


def test_opened_it_freezes_what_is_unused(payment):
    """E11a."""
    say(dispute_fact(payment, "open", fee=15_00))
    assert entered(payment) == BEFORE | {"1000": -15_00, "1200": 120_00, "6200": 15_00}
    assert (available(payment), frozen(payment)) == (0, 600)
    assert book(payment).debit(CREDIT).code == "insufficient-credits"


def test_lost_it_takes_what_is_unused_and_the_rest_is_owed(payment):
    """E11b: what was used is contra-revenue, and the customer's debt."""
    say(dispute_fact(payment, "open", fee=15_00))
    say(dispute_fact(payment, "lost", fee=15_00))
    assert entered(payment) == {"1000": -15_00, "2100": -40_00, "4310": 40_00, "6200": 15_00}
    assert credits(payment.purchase.customer_id) == {"U10": 1000, "U30": 400, "U32": 600}
    dispute = payment.disputes.get()
    assert (dispute.state, dispute.clawed_credits) == (DisputeState.LOST, 600 * CREDIT)
    assert dispute.owed == 40_00
    assert (available(payment), frozen(payment)) == (0, 0)


@pytest.mark.parametrize(
    ("chargeback", "account"),
    [("contra-revenue", "4310"), ("credit-loss", "6300"), ("receivable", "1100")],
)
def test_what_was_used_is_what_the_policy_says(payment, chargeback, account):
    """Section 9."""
    policy(chargeback=chargeback)
    say(dispute_fact(payment, "lost"))
    assert entered(payment) == {"2100": -40_00, account: 40_00}


@pytest.mark.parametrize(
    ("chargeback", "books"),
    [
        ("contra-revenue", {"4310": 40_00, "6300": 20_00}),
        ("credit-loss", {"6300": 60_00}),
        ("receivable", {"1100": 40_00, "6300": 20_00}),
    ],
)
def test_without_relief_the_tax_stays_due(payment, chargeback, books):
    """E11: Dr 6300 instead of 2200. Its credit note gives no tax back."""
    policy(chargeback=chargeback, dispute_tax_relief=False)
    say(dispute_fact(payment, "lost"))
    assert entered(payment) == {"2100": -40_00, "2200": -20_00} | books
    note = payment.disputes.get().credit_notes.get().content
    assert [note[name] for name in ("net", "tax", "total")] == ["100.00", "0.00", "100.00"]
    assert note["notes"][-1] == "Tax of 20.00 USD stays due."


@pytest.mark.parametrize("chargeback", ["contra-revenue", "credit-loss", "receivable"])
def test_a_dispute_keeps_the_policy_under_which_it_was_lost(payment, chargeback):
    """100 credits were held; when they are taken, the same account gives them back."""
    policy(chargeback=chargeback)
    hold = book(payment).reserve(100 * CREDIT)
    say(dispute_fact(payment, "lost"))
    policy(chargeback="receivable" if chargeback == "contra-revenue" else "contra-revenue")
    book(payment).release(hold)
    say(dispute_fact(payment, "lost"))
    account = {"contra-revenue": "4310", "credit-loss": "6300", "receivable": "1100"}[chargeback]
    assert entered(payment) == {"2100": -40_00, account: 40_00}


def test_what_was_used_is_of_its_lots():
    """240 for 1,000 credits and a bonus of 200, worth 200 and 40. All of the bonus, which expires
    first, and 300 of the rest are used; 100 are held."""
    payment = bought(bonus=200, bonus_validity_days=30, price="240.00")
    book(payment).debit(500 * CREDIT)
    hold = book(payment).reserve(100 * CREDIT)
    say(dispute_fact(payment, "lost"))
    assert of_lots(payment, "4310") == [80_00, 40_00]
    book(payment).release(hold)
    say(dispute_fact(payment, "lost"))
    assert of_lots(payment, "4310") == [60_00, 40_00]
    assert of_lots(payment, "2100") == [-60_00, -40_00]
    revenue.recognise_all()
    assert of_lots(payment, "4100") == [-60_00, -40_00]
    assert of_lots(payment, "2100") == [0, 0]


def test_of_each_lot_what_was_refunded_is_not_used():
    """300 for 1,000 credits and a bonus of 500, worth 200 and 100. 160 and 80 of them are
    refunded, then 300 of the bonus used, and the rest is disputed."""
    payment = bought(bonus=500, bonus_validity_days=30, price="300.00")
    say(refund_fact(payment, "one", 48_00))
    book(payment).debit(300 * CREDIT)
    say(dispute_fact(payment, "lost", 252_00))
    assert of_lots(payment, "4310") == [0, 60_00]


def test_what_was_moved_to_another_customer_goes_by_what_was_sold():
    """Nothing of it is in this customer's books any more."""
    payment = bought(bonus=250, bonus_validity_days=30)
    services.move(payment.purchase.customer_id, CustomerFactory().id, amount=1250 * CREDIT)
    say(dispute_fact(payment, "lost"))
    assert of_lots(payment, "4310") == [80_00, 20_00]


def test_won_everything_is_as_before_but_the_fee(payment):
    say(dispute_fact(payment, "open", fee=15_00))
    say(dispute_fact(payment, "won", fee=15_00))
    assert entered(payment) == BEFORE | {"1000": 105_00, "6200": 15_00}
    assert (available(payment), frozen(payment)) == (600, 0)
    payment.refresh_from_db()
    assert payment.returned == 0


def test_a_fee_that_is_returned_is_no_expense(payment):
    say(dispute_fact(payment, "open", fee=15_00))
    say(dispute_fact(payment, "won", fee=15_00, fee_returned=15_00))
    assert entered(payment) == BEFORE


@pytest.mark.parametrize("end", ["won", "lost"])
def test_closed_before_it_was_opened_is_the_same(payment, end):
    say(dispute_fact(payment, end, fee=15_00))
    first = entered(payment), available(payment), frozen(payment)
    for state in ("open", end, "open"):
        assert say(dispute_fact(payment, state, fee=15_00)).state == "applied"
    assert (entered(payment), available(payment), frozen(payment)) == first


def test_won_and_lost_is_a_contradiction_that_somebody_must_look_at(payment):
    say(dispute_fact(payment, "won"))
    outcome = say(dispute_fact(payment, "lost"))
    assert (outcome.state, outcome.reason) == ("refused", "The dispute was won before.")
    assert entered(payment) == BEFORE


def test_a_part_is_disputed(payment):
    """A quarter of the money is a quarter of the credits."""
    say(dispute_fact(payment, "open", 30_00))
    assert (available(payment), frozen(payment)) == (350, 250)
    say(dispute_fact(payment, "lost", 30_00))
    assert entered(payment) == {"1000": 90_00, "2100": -75_00, "2200": -15_00}
    assert payment.disputes.get().owed == 0


def test_what_was_held_when_it_was_opened_and_is_free_when_it_is_lost_is_taken_too(payment):
    hold = book(payment).reserve(500 * CREDIT)
    say(dispute_fact(payment, "open"))
    assert frozen(payment) == 100
    book(payment).release(hold)
    assert available(payment) == 500
    say(dispute_fact(payment, "lost"))
    assert available(payment) == 0
    assert credits(payment.purchase.customer_id)["U32"] == 600


def test_what_is_frozen_of_a_later_lot_is_not_forgotten():
    payment = bought(bonus=200, bonus_validity_days=900)
    hold = book(payment).reserve(900 * CREDIT)
    say(dispute_fact(payment, "open"))
    assert frozen(payment) == 300
    book(payment).release(hold)
    say(dispute_fact(payment, "lost"))
    assert (available(payment), frozen(payment)) == (0, 0)
    assert entered(payment) == {}


def test_other_credits_of_the_customer_are_not_touched(payment):
    book(payment).grant(70 * CREDIT)
    say(dispute_fact(payment, "lost"))
    assert available(payment) == 70


def test_a_hold_on_the_credit_limit_leaves_less_to_freeze(payment):
    """It is of no lot, so the lots have more that is free than the wallet has."""
    own = book(payment)
    own.do("limit", amount=1000 * CREDIT)
    own.reserve(700 * CREDIT)
    again = bought(payment.purchase.customer)
    say(dispute_fact(again, "open"))
    assert (available(payment), frozen(payment)) == (0, 900)
    say(dispute_fact(again, "lost"))
    assert available(payment) == 0


TOLD = {
    "refund": lambda payment: refund_fact(payment, "one", 48_00),
    "opened": lambda payment: dispute_fact(payment, "open", 72_00),
    "lost": lambda payment: dispute_fact(payment, "lost", 72_00),
}


@pytest.mark.parametrize("told", in_any_order(TOLD), ids=" / ".join)
def test_refunds_and_disputes_share_one_running_total_in_any_order(told):
    payment = bought(taxed("20"))
    for name in (*told, *told):
        assert say(TOLD[name](payment)).state == "applied"
    payment.refresh_from_db()
    assert (payment.refunded, payment.disputed, payment.clawed_back) == (48_00, 0, 72_00)
    assert payment.left == 0
    assert entered(payment) == {}
    assert credits(payment.purchase.customer_id) == {"U10": 1000, "U32": 1000}
    assert say(refund_fact(payment, "two", 1)).state == "parked"


def test_a_bank_does_not_ask_what_was_refunded_before(payment):
    """All is disputed after a part was refunded: what is beyond the payment is a loss."""
    say(refund_fact(payment, "one", 24_00))
    assert say(dispute_fact(payment, "open", 120_00, fee=15_00)).state == "applied"
    assert entered(payment) == {
        **{"1000": 120_00 - 24_00 - 120_00 - 15_00, "1200": 120_00, "6200": 15_00},
        **{"2100": -80_00, "2200": -16_00},
    }
    assert (available(payment), frozen(payment)) == (0, 400)
    payment.refresh_from_db()
    assert (payment.disputed, payment.left) == (96_00, 0)
    say(dispute_fact(payment, "lost", 120_00, fee=15_00))
    assert entered(payment) == {
        **{"1000": -39_00, "2100": -40_00, "4310": 40_00, "6200": 15_00, "6300": 24_00},
    }
    dispute = payment.disputes.get()
    assert (dispute.excess, dispute.counted, dispute.owed) == (24_00, 96_00, 40_00)
    assert credits(payment.purchase.customer_id) == {"U10": 1000, "U30": 400, "U32": 600}


def test_what_is_beyond_the_payment_may_be_a_receivable_too(payment):
    policy(chargeback="receivable")
    say(refund_fact(payment, "one", 24_00))
    say(dispute_fact(payment, "lost"))
    assert entered(payment) == {"1000": -24_00, "2100": -40_00, "1100": 64_00}


def test_won_what_was_beyond_the_payment_is_back_too(payment):
    say(refund_fact(payment, "one", 24_00))
    before = entered(payment)
    for state in ("open", "won"):
        say(dispute_fact(payment, state, 130_00))
    assert entered(payment) == before
    assert (available(payment), frozen(payment)) == (400, 0)
    payment.refresh_from_db()
    assert payment.returned == 24_00


def test_a_dispute_of_a_payment_that_was_refunded_whole_is_a_loss(payment):
    say(refund_fact(payment, "one", 120_00))
    for state in ("open", "lost", "lost"):
        assert say(dispute_fact(payment, state)).state == "applied"
    books = {"1000": -120_00, "2100": -40_00, "4300": 40_00, "6300": 120_00}
    assert entered(payment) == books
    assert frozen(payment) == 0


@pytest.mark.parametrize("end", ["open", "lost"])
def test_a_refund_that_failed_makes_room_for_what_was_too_much(payment, end):
    say(refund_fact(payment, "one", 24_00, state="pending"))
    say(dispute_fact(payment, end))
    say(refund_fact(payment, "one", 24_00, state="failed"))
    payment.refresh_from_db()
    assert (payment.returned, payment.disputes.get().excess) == (120_00, 0)
    assert available(payment) == 0
    say(dispute_fact(payment, "lost"))
    assert entered(payment) == {"2100": -40_00, "4310": 40_00}
    assert payment.disputes.get().owed == 40_00
    assert credits(payment.purchase.customer_id) == {"U10": 1000, "U30": 400, "U32": 600}


@pytest.mark.parametrize("wrong", [{"currency": "EUR"}, {"amount": 0}, {"amount": -1}])
def test_what_does_not_fit_the_payment_is_refused(payment, wrong):
    fact = dispute_fact(payment, "open")._replace(**wrong)
    assert say(fact).state == "refused"
    assert entered(payment) == BEFORE
