"""Money goes back while credits are held: they are frozen or taken when they are free."""

from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from django.db import connection

from billing import disputed
from ledger.amounts import CREDIT
from tests.factories.billing import (
    bought,
    credits,
    dispute_fact,
    money,
    refund_fact,
    say,
    taxed,
)
from tests.factories.ledger import Book

pytestmark = pytest.mark.usefixtures("books_tie")


@pytest.fixture
def payment(db):
    """1,000 credits for 100.00 and 20 % tax, of which 100 are used."""
    payment = bought(taxed("20"))
    book(payment).debit(100 * CREDIT)
    return payment


def book(payment):
    return Book(payment.purchase.customer_id)


def stands(payment):
    found = book(payment).refresh()
    return found.available // CREDIT, found.frozen // CREDIT


def entered(payment):
    return money(payment.purchase.customer_id)


def moved(payment):
    return credits(payment.purchase.customer_id)


def test_what_was_held_when_a_dispute_was_lost_is_taken_when_it_is_free(payment):
    hold = book(payment).reserve(400 * CREDIT)
    say(dispute_fact(payment, "lost"))
    assert entered(payment) == {"2100": -50_00, "4310": 50_00}
    assert payment.disputes.get().owed == 50_00
    assert disputed.sweep_all() == 0
    book(payment).release(hold)
    assert stands(payment) == (400, 0)
    assert disputed.sweep_all() == 1
    assert stands(payment) == (0, 0)
    assert entered(payment) == {"2100": -10_00, "4310": 10_00}
    assert moved(payment) == {"U10": 1000, "U30": 100, "U32": 900}
    dispute = payment.disputes.get()
    assert (dispute.clawed_credits, dispute.owed) == (900 * CREDIT, 10_00)
    assert disputed.sweep_all() == 0
    assert entered(payment) == {"2100": -10_00, "4310": 10_00}


def test_what_is_used_of_a_hold_stays_used(payment):
    hold = book(payment).reserve(400 * CREDIT)
    say(dispute_fact(payment, "lost"))
    book(payment).commit(hold, amount=150 * CREDIT)
    disputed.sweep_all()
    assert stands(payment) == (0, 0)
    assert entered(payment) == {"2100": -25_00, "4310": 25_00}
    assert moved(payment) == {"U10": 1000, "U30": 250, "U32": 750}


def test_it_is_as_if_the_hold_had_been_released_before(payment):
    """As a receivable too, and in as many steps as there are holds."""
    holds = [book(payment).reserve(amount * CREDIT) for amount in (300, 333, 67)]
    say(dispute_fact(payment, "open"))
    assert stands(payment) == (0, 200)
    say(dispute_fact(payment, "lost"))
    for hold in holds:
        book(payment).release(hold)
        assert disputed.sweep_all() == 1
        assert stands(payment) == (0, 0)
    assert entered(payment) == {"2100": -10_00, "4310": 10_00}


def test_what_was_held_when_a_dispute_was_opened_is_frozen_when_it_is_free(payment):
    hold = book(payment).reserve(400 * CREDIT)
    say(dispute_fact(payment, "open"))
    assert stands(payment) == (0, 500)
    book(payment).release(hold)
    disputed.sweep_all()
    assert stands(payment) == (0, 900)
    assert disputed.sweep_all() == 0
    say(dispute_fact(payment, "won"))
    assert stands(payment) == (900, 0)
    assert disputed.sweep_all() == 0


def test_a_repeated_report_sweeps_too(payment):
    hold = book(payment).reserve(400 * CREDIT)
    say(dispute_fact(payment, "open"))
    book(payment).release(hold)
    say(dispute_fact(payment, "open"))
    assert stands(payment) == (0, 900)
    say(dispute_fact(payment, "lost"))
    assert entered(payment) == {"2100": -10_00, "4310": 10_00}


def test_of_a_disputed_part_no_more_than_that_is_frozen(payment):
    hold = book(payment).reserve(850 * CREDIT)
    say(dispute_fact(payment, "open", 30_00))
    say(dispute_fact(payment, "open", 30_00, dispute_ref="another"))
    assert stands(payment) == (0, 50)
    book(payment).release(hold)
    disputed.sweep_all()
    assert stands(payment) == (400, 500)
    say(dispute_fact(payment, "lost", 30_00))
    say(dispute_fact(payment, "won", 30_00, dispute_ref="another"))
    assert stands(payment) == (650, 0)


def test_what_was_used_and_is_given_back_is_taken(payment):
    hold = book(payment).reserve(300 * CREDIT)
    book(payment).commit(hold)
    say(dispute_fact(payment, "lost"))
    assert entered(payment) == {"2100": -40_00, "4310": 40_00}
    book(payment).reverse(hold)
    assert stands(payment) == (300, 0)
    disputed.sweep_all()
    assert stands(payment) == (0, 0)
    assert entered(payment) == {"2100": -10_00, "4310": 10_00}


def test_a_refund_made_at_the_provider_takes_what_was_held(payment):
    hold = book(payment).reserve(400 * CREDIT)
    say(refund_fact(payment, "one", 120_00))
    assert entered(payment) == {"2100": -50_00, "4300": 50_00}
    book(payment).release(hold)
    assert disputed.sweep_all() == 1
    assert stands(payment) == (0, 0)
    assert entered(payment) == {"2100": -10_00, "4300": 10_00}
    refund = payment.refunds.get()
    assert (refund.credits, refund.concession) == (900 * CREDIT, 10_00)
    assert refund.pending == 100 * CREDIT
    assert disputed.sweep_all() == 0


def test_what_was_swept_for_a_refund_that_failed_is_given_back(payment):
    before = entered(payment)
    hold = book(payment).reserve(400 * CREDIT)
    say(refund_fact(payment, "one", 120_00))
    book(payment).release(hold)
    disputed.sweep_all()
    say(refund_fact(payment, "one", 120_00, state="failed"))
    assert entered(payment) == before
    assert stands(payment) == (900, 0)
    assert disputed.sweep_all() == 0


def test_a_second_refund_does_not_take_what_the_first_still_wants(payment):
    hold = book(payment).reserve(900 * CREDIT)
    say(refund_fact(payment, "one", 60_00))
    book(payment).release(hold)
    say(refund_fact(payment, "two", 12_00))
    disputed.sweep_all()
    assert stands(payment) == (300, 0)
    assert entered(payment) == {"1000": 48_00, "2100": -40_00, "2200": -8_00}


def test_credits_of_another_purchase_are_left_alone(payment):
    hold = book(payment).reserve(900 * CREDIT)
    other = bought(payment.purchase.customer)
    say(dispute_fact(payment, "lost"))
    book(payment).release(hold)
    disputed.sweep_all()
    assert stands(other) == (1000, 0)


@pytest.mark.parametrize("seed", range(25))
def test_whatever_happens_in_whatever_order_the_books_say_it_in_the_end(payment, seed):
    """Holds that are made, used and released among refunds that succeed or fail, and disputes of
    more or less than is left, which are won or lost."""
    random, own, holds, ends, back = Random(seed), book(payment), [], [], []

    def hold():
        held = own.reserve(random.randrange(10, 400, 10) * CREDIT)
        holds.extend([held] if held.ok else [])

    def end_hold():
        if holds:
            random.choice([own.release, own.commit])(holds.pop(random.randrange(len(holds))))

    def refund():
        name = f"refund {random.random()}"
        fact = refund_fact(payment, name, random.randrange(1_20, 60_00, 1_20), state="pending")
        if say(fact).state == "applied":
            ends.append(fact._replace(state=random.choice(["succeeded", "failed"])))

    def dispute():
        fact = dispute_fact(payment, "open", random.randrange(1_20, 150_00, 1_20))
        fact = fact._replace(dispute_ref=f"dispute {random.random()}")
        assert say(fact).state == "applied"
        ends.append(fact._replace(state=random.choice(["won", "lost"])))

    def end():
        if ends:
            fact = ends.pop(random.randrange(len(ends)))
            assert say(fact).state == "applied"
            back.extend([fact.amount] if fact.state in ("succeeded", "lost") else [])

    for _ in range(25):
        random.choice([hold, end_hold, refund, dispute, end, disputed.sweep_all])()
    while holds:
        end_hold()
    while ends:
        end()
    disputed.sweep_all()
    payment.refresh_from_db()
    gone, excess = min(sum(back), 120_00), max(sum(back) - 120_00, 0)
    assert payment.returned == gone
    used, taken = moved(payment)["U30"], moved(payment).get("U32", 0)
    assert stands(payment) == (1000 - used - taken, 0)
    assert taken == min(1000 * gone // 120_00, 1000 - used)
    assert entered(payment).get("6300", 0) == excess
    assert entered(payment).get("1200", 0) == entered(payment).get("2400", 0) == 0
    assert entered(payment).get("1000", 0) == 120_00 - gone - excess
    assert entered(payment).get("2100", 0) == -100_00 + taken * 10
    assert disputed.sweep_all() == 0


@pytest.mark.django_db(transaction=True)
def test_swept_by_several_at_once_it_is_taken_once(db):
    payment = bought()
    hold = book(payment).reserve(400 * CREDIT)
    say(dispute_fact(payment, "lost"))
    book(payment).release(hold)

    def sweep(_):
        try:
            return disputed.sweep_all()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(sweep, range(8)))
    assert stands(payment) == (0, 0)
    assert entered(payment) == {}
