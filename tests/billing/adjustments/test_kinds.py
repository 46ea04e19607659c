"""Each kind: its credits, its entries to the cent, and what customers read of it."""

import pytest

from billing.adjustments import previewing, proposing, reasons
from billing.adjustments.effects import Effect
from billing.adjustments.errors import DraftRefused
from billing.adjustments.kinds import SHAPES
from billing.models import AdjustmentKind, Goodwill, Modification
from ledger import services
from ledger.amounts import CREDIT
from ledger.models import Lot, Transfer
from tests.billing.adjustments.conftest import DAY, draft, new_book, propose, sold
from tests.factories.billing import credits, money

pytestmark = pytest.mark.usefixtures("committed")


def entries(adjustment):
    """Kind, debit, credit, minor units."""
    effect = Effect.read(adjustment.effect)
    return [(one.kind, one.debit, one.credit, one.amount) for one in effect.entries]


def accounts(adjustment):
    """Of each account its balance before, debits, credits, and its balance after."""
    effect = Effect.read(adjustment.effect)
    return {one.account: (one.before, one.debit, one.credit, one.after) for one in effect.accounts}


def lots(adjustment):
    effect = Effect.read(adjustment.effect)
    return [
        (one.before // CREDIT, one.change // CREDIT, one.after // CREDIT) for one in effect.lots
    ]


def wallet(adjustment):
    (one,) = Effect.read(adjustment.effect).wallets
    return one.available_before // CREDIT, one.available_after // CREDIT


def test_every_kind_has_a_shape_and_reasons():
    assert set(SHAPES) == set(AdjustmentKind.values) == set(reasons.REASONS)
    assert all(reasons.REASONS.values())


def test_add_issues_a_lot_without_a_price(book, ann, clock):
    sold(book, clock)
    until = clock.after(5 * DAY)
    made = propose(book, "add", ann, 50, expires_at=until)
    assert credits(book.customer_id) == {"U10": 1050, "U20": 1050}
    assert money(book.customer_id) == {"1000": 100_00, "2100": -100_00}
    assert (entries(made), lots(made), wallet(made)) == ([], [(0, 50, 50)], (1000, 1050))
    lot = Lot.objects.get(customer_id=book.customer_id, kind="adjustment")
    assert (lot.expires_at, lot.document) == (until, made.name)
    assert lot.reason == "Correction: too few credits had been issued"


def test_void_takes_back_what_nobody_paid_for(book, ann):
    lot_id = book.grant(80 * CREDIT)
    made = propose(book, "void", ann, 50, lot_id=lot_id)
    assert credits(book.customer_id) == {"U10": 80, "U20": 30, "U34": 50}
    assert (entries(made), lots(made), wallet(made)) == ([], [(80, -50, 30)], (80, 30))


def test_what_was_paid_for_is_not_void(book, ann, clock):
    lot_id = sold(book, clock)
    with pytest.raises(DraftRefused, match="refund it") as refusal:
        propose(book, "void", ann, 50, lot_id=lot_id)
    assert set(refusal.value.errors) == {"lot_id"}


def test_forfeit_makes_breakage_of_what_was_paid(book, ann, clock):
    lot_id = sold(book, clock)
    made = propose(book, "forfeit", ann, 100, lot_id=lot_id)
    assert credits(book.customer_id) == {"U10": 1000, "U20": 900, "U31": 100}
    assert money(book.customer_id) == {"1000": 100_00, "2100": -90_00, "2110": -10_00}
    assert entries(made) == [("forfeit", "2100", "2110", 10_00)]
    assert accounts(made) == {"2100": (100_00, 10_00, 0, 90_00), "2110": (0, 0, 10_00, -10_00)}


def test_goodwill_is_a_lot_without_a_price(book, ann, clock):
    sold(book, clock)
    made = propose(book, "goodwill", ann, 200)
    assert credits(book.customer_id) == {"U10": 1200, "U20": 1200}
    assert entries(made) == []
    assert Lot.objects.get(customer_id=book.customer_id, kind="goodwill").expires_at is None


def test_goodwill_may_be_a_price_concession(book, ann, clock, policy):
    """E13: 720 credits of 72.00 become 920, and the next 100 are worth 7.83."""
    policy.goodwill = Goodwill.PRICE_CONCESSION
    policy.save()
    lot_id = sold(book, clock)
    book.debit(280 * CREDIT)
    made = propose(book, "goodwill", ann, 200, lot_id=lot_id)
    assert lots(made) == [(720, 200, 920)]
    assert entries(made) == []
    assert money(book.customer_id) == {"1000": 100_00, "2100": -72_00, "4100": -28_00}
    book.debit(100 * CREDIT)
    services.recognise([book.customer_id])
    assert money(book.customer_id)["4100"] == -28_00 - 7_83


def test_a_concession_needs_an_open_paid_lot(book, ann, policy):
    policy.goodwill = Goodwill.PRICE_CONCESSION
    policy.save()
    with pytest.raises(DraftRefused, match="no open paid lot"):
        propose(book, "goodwill", ann, 200)


def test_extend_puts_an_expiry_off_with_evidence(book, ann, clock):
    lot_id = sold(book, clock)
    before, after = Lot.objects.get(id=lot_id).expires_at, clock.after(90 * DAY)
    made = propose(book, "extend", ann, lot_id=lot_id, expires_at=after)
    assert Lot.objects.get(id=lot_id).expires_at == after
    (change,) = Effect.read(made.effect).lots
    assert (change.expires_before, change.expires_after) == (before, after)
    assert (lots(made), entries(made), made.transactions) == ([(1000, 0, 1000)], [], [])
    assert Modification.objects.get(lot_id=lot_id).reason == "Expiry put off after an outage"
    assert (made.size_credits, made.size_money) == (1000 * CREDIT, 100)


def test_nobodys_credits_are_cut_short(book, ann, clock):
    lot_id = sold(book, clock)
    with pytest.raises(DraftRefused, match="cut short"):
        propose(book, "extend", ann, lot_id=lot_id, expires_at=clock.after(DAY))


def test_a_lot_may_be_let_never_expire(book, ann, clock):
    lot_id = sold(book, clock)
    propose(book, "extend", ann, lot_id=lot_id)
    assert Lot.objects.get(id=lot_id).expires_at is None
    with pytest.raises(DraftRefused, match="never expires already"):
        propose(book, "extend", ann, lot_id=lot_id)


def test_reinstate_gives_back_what_expired_and_its_revenue(book, ann, clock):
    lot_id = sold(book, clock)
    clock.forward(31 * DAY)
    until = clock.after(5 * DAY)
    made = propose(book, "reinstate", ann, 300, lot_id=lot_id, expires_at=until)
    assert credits(book.customer_id) == {"U10": 1000, "U20": 300, "U31": 700}
    assert money(book.customer_id) == {"1000": 100_00, "2100": -30_00, "2110": -70_00}
    assert entries(made) == [("reinstate", "2110", "2100", 30_00)]
    assert (lots(made), wallet(made)) == ([(0, 300, 300)], (0, 300))
    assert Lot.objects.get(id=lot_id).expires_at == until


def test_after_the_grace_it_is_refused_in_words(book, ann, clock, policy):
    policy.reinstatement_grace_days = 10
    policy.save()
    lot_id = sold(book, clock)
    clock.forward(41 * DAY)
    with pytest.raises(DraftRefused, match="goodwill instead"):
        propose(book, "reinstate", ann, 300, lot_id=lot_id, expires_at=clock.after(DAY))


def test_move_takes_cost_and_expiry_along(books, book, ann, clock):
    lot_id, other = sold(book, clock), new_book(books)
    receiver = draft(other, "add", ann, 1).customer
    made = propose(book, "move", ann, 250, lot_id=lot_id, receiver=receiver)
    assert money(book.customer_id) == {"1000": 100_00, "2100": -75_00, "2190": -25_00}
    assert money(other.customer_id) == {"2100": -25_00, "2190": 25_00}
    assert entries(made) == [("move", "2100", "2190", 25_00), ("move", "2190", "2100", 25_00)]
    assert lots(made) == [(1000, -250, 750), (0, 250, 250)]
    assert [one.is_new for one in Effect.read(made.effect).lots] == [False, True]
    assert set(made.transactions) == set(
        Transfer.objects.filter(document=made.name).values_list("transaction_id", flat=True)
    )


def test_a_receiver_who_pays_otherwise_gets_none(books, book, ann, clock):
    lot_id, other = sold(book, clock), new_book(books)
    sold(other, clock, currency="EUR")
    with pytest.raises(DraftRefused, match="EUR") as refusal:
        propose(
            book, "move", ann, 250, lot_id=lot_id, receiver=draft(other, "add", ann, 1).customer
        )
    assert set(refusal.value.errors) == {"receiver"}


def test_reverse_gives_a_call_back_and_its_revenue(book, ann, clock):
    """E18, in two parts; what else was used is not among its entries."""
    sold(book, clock)
    hold = book.debit(100 * CREDIT)
    book.debit(50 * CREDIT)
    made = propose(book, "reverse", ann, 60, reservation_id=hold.reservation_id)
    assert entries(made) == [("usage-back", "4100", "2100", 6_00)]
    assert accounts(made)["4100"] == (15_00, 6_00, 0, 9_00)
    assert (lots(made), wallet(made)) == ([(850, 60, 910)], (850, 910))
    propose(book, "reverse", ann, 40, reservation_id=hold.reservation_id)
    assert money(book.customer_id) == {"1000": 100_00, "2100": -95_00, "4100": -5_00}
    with pytest.raises(DraftRefused, match="nothing is left"):
        propose(book, "reverse", ann, 1, reservation_id=hold.reservation_id)


def test_what_comes_back_to_an_expired_lot_goes_on_to_breakage(book, ann, clock):
    sold(book, clock)
    hold = book.debit(100 * CREDIT)
    clock.forward(31 * DAY)
    made = propose(book, "reverse", ann, 100, reservation_id=hold.reservation_id)
    assert sorted(entries(made)) == [
        ("expire", "2100", "2110", 10_00),
        ("usage-back", "4100", "2100", 10_00),
    ]
    assert wallet(made) == (0, 0)
    assert money(book.customer_id) == {"1000": 100_00, "2110": -100_00}


@pytest.mark.parametrize("kind", ["forfeit", "goodwill", "extend", "reinstate", "reverse", "add"])
def test_the_preview_is_what_is_done_then_and_writes_nothing(kind, book, ann, clock):
    lot_id = sold(book, clock, days=10)
    hold = book.debit(100 * CREDIT)
    said = {"credits": 50, "lot_id": lot_id}
    if kind == "reinstate":
        clock.forward(11 * DAY)
        said["expires_at"] = clock.after(DAY)
    elif kind == "extend":
        said = {"lot_id": lot_id, "expires_at": clock.after(20 * DAY)}
    elif kind == "reverse":
        said = {"credits": 50, "reservation_id": hold.reservation_id}
    book.refresh()
    asked, before = draft(book, kind, ann, **said), book.transfers()
    seen = previewing.preview(asked)
    assert book.transfers() == before
    made = proposing.propose(asked, seen=seen.mark)
    done = Effect.read(made.effect)
    assert (done.mark, done.wallets) == (seen.mark, seen.wallets)
    assert done.entries == seen.entries
    assert made.state == "applied"


def test_transfers_name_it_and_who_asked(book, ann, clock):
    lot_id = sold(book, clock)
    made = propose(book, "forfeit", ann, 100, lot_id=lot_id)
    written = Transfer.objects.filter(customer_id=book.customer_id, document=made.name)
    assert {(one.actor, one.reason) for one in written} == {
        (str(ann.pk), "Forfeited: the terms of service were breached")
    }
    assert {one.transaction_id for one in written} == set(made.transactions)
