"""Above a limit another person decides, once, on what it comes to by then."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction

from accounts.audit import acting
from accounts.models.audit import Via
from billing.adjustments import approving, limits, previewing, proposing
from billing.adjustments.approving import differs
from billing.adjustments.effects import Effect
from billing.adjustments.errors import DraftRefused, EffectChanged, NotToDecide
from billing.adjustments.limits import Size
from billing.errors import BillingError
from billing.models import Adjustment, AdjustmentLimit, ExchangeRate
from ledger.amounts import CREDIT
from tests.billing.adjustments.conftest import (
    DAY,
    draft,
    limit,
    new_book,
    person,
    propose,
    sold,
)
from tests.factories.billing import credits, money

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def waiting(book, ann):
    return propose(book, "add", ann, 20_000)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Each on a connection of its own. What they return, or raise."""
    barrier = Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        try:
            barrier.wait(10)
            return work()
        except BillingError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def seen(adjustment):
    return previewing.preview(Adjustment.objects.get(id=adjustment.id)).mark


def approve(adjustment, by, **said):
    return approving.approve(adjustment.id, by=by, seen=seen(adjustment), **said)


def test_above_the_limit_it_waits_and_nothing_is_written(book, waiting, clock):
    assert (waiting.state, waiting.effect, waiting.transactions) == ("waiting", None, [])
    assert "10,000 credits" in waiting.waits_for
    assert credits(book.customer_id) == {}
    left = waiting.waits_until - clock.now()
    assert 6.9 * DAY < left.total_seconds() <= 7 * DAY
    assert waiting in approving.waiting()


def test_another_person_approves_it(book, waiting, bob):
    done = approve(waiting, bob, note="Seen the ticket")
    assert (done.state, done.decided_by, done.decision_note) == ("applied", bob, "Seen the ticket")
    assert credits(book.customer_id) == {"U10": 20_000, "U20": 20_000}
    assert waiting not in approving.waiting()


def test_who_asked_cannot_approve_and_no_superuser_is_an_exception(book, waiting, ann):
    assert ann.is_superuser
    with pytest.raises(NotToDecide, match="you who asked"):
        approve(waiting, ann)
    with pytest.raises(NotToDecide, match="you who asked"):
        approving.decline(waiting.id, by=ann, note="No")
    assert credits(book.customer_id) == {}


def test_nor_does_the_database_take_it(waiting, ann, clock):
    Adjustment.objects.filter(id=waiting.id).update(decided_by=None)
    with pytest.raises(IntegrityError, match="decided_by_another"):
        Adjustment.objects.filter(id=waiting.id).update(
            state="applied", effect={}, decided_by=ann, decided_at=clock.now()
        )


@pytest.mark.parametrize("role", ["support", "operations", "auditor"])
def test_who_may_not_decide_does_not(waiting, role):
    with pytest.raises(NotToDecide, match="may not decide"):
        approve(waiting, person(role, role))


def test_finance_may(waiting):
    assert approve(waiting, person("finance", "finance")).state == "applied"


@pytest.mark.parametrize("role", ["operations", "auditor"])
def test_who_may_not_propose_does_not(book, role):
    with pytest.raises(NotToDecide, match="may not propose"):
        propose(book, "add", person(role, role), 1)


@pytest.mark.parametrize("turn", range(3))
def test_two_who_approve_at_once_have_one_effect(book, waiting, bob, turn):
    mark, eve = seen(waiting), person("eve")
    works = [
        lambda by=by: approving.approve(waiting.id, by=by, seen=mark).state for by in (bob, eve) * 2
    ]
    done = at_once(*works)
    assert done.count("applied") == 1
    assert sum(isinstance(one, NotToDecide) for one in done) == 3
    assert credits(book.customer_id) == {"U10": 20_000, "U20": 20_000}


def test_one_approves_as_another_declines_and_one_of_them_has_it(book, waiting, bob):
    mark, eve = seen(waiting), person("eve")
    done = at_once(
        lambda: approving.approve(waiting.id, by=bob, seen=mark).state,
        lambda: approving.decline(waiting.id, by=eve, note="No ticket").state,
    )
    state = Adjustment.objects.get(id=waiting.id).state
    assert done.count(state) == 1
    assert sum(isinstance(one, NotToDecide) for one in done) == 1
    added = {"U10": 20_000, "U20": 20_000} if state == "applied" else {}
    assert credits(book.customer_id) == added


def test_a_form_that_is_sent_twice_at_once_is_one_adjustment(book, ann):
    asked = draft(book, "add", ann, 50)
    works = [lambda: proposing.propose(draft(book, "add", ann, 50, id=asked.id)).id] * 4
    assert at_once(*works) == [asked.id] * 4
    assert credits(book.customer_id) == {"U10": 50, "U20": 50}


def test_an_id_stands_for_what_it_was_given_to(book, ann):
    made = propose(book, "add", ann, 50)
    with pytest.raises(DraftRefused, match="something else"):
        propose(book, "add", ann, 60, id=made.id)


def test_after_seven_days_it_has_expired(book, waiting, ann, bob, clock):
    clock.forward(7 * DAY - 60)
    assert waiting in approving.waiting()
    clock.forward(61)
    assert waiting not in approving.waiting()
    for decide in (
        lambda: approve(waiting, bob),
        lambda: approving.decline(waiting.id, by=bob, note="Late"),
        lambda: approving.withdraw(waiting.id, by=ann),
    ):
        with pytest.raises(NotToDecide):
            decide()
    assert credits(book.customer_id) == {}


def test_it_is_declined_with_a_note_and_stays_so(waiting, bob):
    with pytest.raises(NotToDecide, match="Say why"):
        approving.decline(waiting.id, by=bob, note=" ")
    done = approving.decline(waiting.id, by=bob, note="No ticket")
    assert (done.state, done.decision_note, done.effect) == ("declined", "No ticket", None)
    with pytest.raises(NotToDecide, match="declined already"):
        approve(waiting, person("eve"))


def test_only_who_asked_withdraws_it(waiting, ann, bob):
    with pytest.raises(NotToDecide, match="Only who asked"):
        approving.withdraw(waiting.id, by=bob)
    assert approving.withdraw(waiting.id, by=ann).state == "withdrawn"
    with pytest.raises(NotToDecide, match="withdrawn already"):
        approve(waiting, bob)


def test_who_may_not_propose_any_more_withdraws_nothing_either(waiting, ann):
    ann.is_superuser, ann.staff_role = False, "auditor"
    with pytest.raises(NotToDecide, match="may not propose"):
        approving.withdraw(waiting.id, by=ann)
    waiting.refresh_from_db()
    assert waiting.state == "waiting"


def test_what_comes_to_something_else_by_now_is_confirmed(book, ann, bob, clock):
    """The reversal was asked while the lot was open; it has expired since."""
    limit(credits=10)
    sold(book, clock, days=3)
    hold = book.debit(100 * CREDIT)
    asked = propose(book, "reverse", ann, 100, reservation_id=hold.reservation_id)
    clock.forward(4 * DAY)
    with pytest.raises(EffectChanged):
        approving.approve(asked.id, by=bob, seen=Effect.read(asked.asked_effect).mark)
    now = previewing.preview(Adjustment.objects.get(id=asked.id))
    assert differs(asked, now)
    with pytest.raises(EffectChanged):
        approve(asked, bob)
    book.refresh()
    assert money(book.customer_id) == {"1000": 100_00, "4100": -10_00, "2110": -90_00}
    done = approve(asked, bob, confirmed=True)
    assert differs(done, Effect.read(done.effect))
    assert money(book.customer_id) == {"1000": 100_00, "2110": -100_00}


def test_use_between_asking_and_deciding_changes_nothing_of_it(book, ann, bob, clock):
    limit(credits=10)
    lot_id = sold(book, clock)
    asked = propose(book, "forfeit", ann, 100, lot_id=lot_id)
    book.debit(200 * CREDIT)
    done = approve(asked, bob)
    (change,) = Effect.read(done.effect).lots
    assert (change.before, change.after) == (800 * CREDIT, 700 * CREDIT)


def test_what_is_not_there_any_more_is_refused_in_words(book, ann, bob, clock):
    limit(credits=10)
    lot_id = sold(book, clock)
    asked = propose(book, "forfeit", ann, 100, lot_id=lot_id)
    book.debit(950 * CREDIT)
    with pytest.raises(DraftRefused, match="has 50 free credits"):
        approving.approve(asked.id, by=bob, seen="")
    assert Adjustment.objects.get(id=asked.id).state == "waiting"


def test_a_limit_is_not_dodged_by_splitting(book, books, ann, bob, clock):
    assert propose(book, "add", ann, 6_000).state == "applied"
    assert propose(book, "add", ann, 4_000).state == "applied"
    late = propose(book, "add", ann, 1)
    assert late.state == "waiting"
    assert "10,001" in late.waits_for
    # It is of one person, for one customer, within a day.
    assert propose(book, "add", bob, 1).state == "applied"
    assert propose(new_book(books), "add", ann, 1).state == "applied"
    clock.forward(DAY + 1)
    assert propose(book, "add", ann, 9_999).state == "applied"


def test_nor_by_sending_the_parts_at_once(book, ann):
    works = [lambda: propose(book, "add", ann, 6_000).state for _ in range(3)]
    assert sorted(at_once(*works)) == ["applied", "waiting", "waiting"]
    assert credits(book.customer_id) == {"U10": 6_000, "U20": 6_000}


def test_what_is_moved_to_somebody_counts_for_them_too(books, book, ann, clock):
    sold(book, clock)
    sold(book, clock)
    other = new_book(books)
    limit(credits=1_500)
    receiver = draft(other, "add", ann, 1).customer
    assert propose(book, "move", ann, 1_200, receiver=receiver).state == "applied"
    assert propose(other, "add", ann, 400).state == "waiting"


def test_money_has_a_limit_of_its_own(book, ann, clock):
    limit(money=5)
    lot_id = sold(book, clock)
    assert propose(book, "forfeit", ann, 50, lot_id=lot_id).state == "applied"
    late = propose(book, "forfeit", ann, 1, lot_id=lot_id)
    assert (late.state, late.size_money) == ("waiting", Decimal("0.1"))
    assert "5.00 USD" in late.waits_for


def test_money_without_a_rate_waits(book, ann, clock):
    lot_id = sold(book, clock, currency="CHF")
    late = propose(book, "forfeit", ann, 50, lot_id=lot_id)
    assert (late.state, late.size_money) == ("waiting", None)
    with transaction.atomic():
        ExchangeRate.objects.create(currency="CHF", to="USD", day="2020-01-01", rate="1.25")
        made = propose(book, "forfeit", ann, 8, lot_id=lot_id)
        assert (made.state, made.size_money) == ("applied", 1)
        transaction.set_rollback(True)


def test_a_role_without_a_limit_may_nothing_alone(book, clock):
    assert not AdjustmentLimit.objects.filter(role="auditor").exists()
    sue = person("sue", "support")
    sue.staff_role = "auditor"
    asked = draft(book, "add", sue, 1)
    asked.asked_at = clock.now()
    assert "no limit" in limits.why_it_waits(asked, Size(CREDIT, Decimal(0), "USD"))


def test_what_is_decided_never_changes_and_what_was_asked_neither(books, ann, waiting):
    done = propose(new_book(books), "add", ann, 1)
    for change in ({"note": "Another"}, {"state": "declined"}, {"effect": {}}):
        with pytest.raises(IntegrityError, match="decided already"), transaction.atomic():
            Adjustment.objects.filter(id=done.id).update(**change)
    with pytest.raises(IntegrityError, match="never changes"):
        Adjustment.objects.filter(id=waiting.id).update(credits=1)
    for one in (done, waiting):
        with pytest.raises(Exception, match="permission denied|are kept"), transaction.atomic():
            Adjustment.objects.filter(id=one.id).delete()


def test_the_application_may_not_delete_them():
    with connection.cursor() as cursor:
        cursor.execute("select has_table_privilege('drawdown_app', 'billing_adjustment', 'delete')")
        assert cursor.fetchone() == (False,)


def test_each_step_is_audited(book, ann, bob):
    with acting(person=ann.pk, via=Via.ADMIN):
        made = propose(book, "add", ann, 20_000)
    with acting(person=bob.pk, via=Via.ADMIN):
        approve(made, bob)
    with connection.cursor() as cursor:
        cursor.execute(
            "select action, person_id from accounts_auditentry where row = %s order by id",
            [str(made.id)],
        )
        assert cursor.fetchall() == [("adjustment.added", ann.pk), ("adjustment.changed", bob.pk)]
