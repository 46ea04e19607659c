"""Many adjustments by one file: tried whole, under the same rules and limits, all or nothing."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connections, transaction
from django.test import Client
from django.urls import reverse

from accounts import ids
from billing.adjustments import approving
from billing.adjustments.batches import asking, columns, deciding, trying
from billing.adjustments.errors import AdjustmentError, BatchChanged, NotToDecide
from billing.models import Adjustment, AdjustmentBatch
from billing.sheets.problems import SheetRefused
from ledger.amounts import CREDIT
from ledger.ids import LOT
from tests.billing.adjustments.conftest import DAY, limit, new_book, person, propose, sold
from tests.factories.billing import credits

pytestmark = pytest.mark.usefixtures("committed")
HEADER = "customer,kind,reason,note,credits,lot,receiver,expires_at,about"


def named(book):
    return ids.encode(ids.CUSTOMER, book.customer_id)


def row(book, kind="add", reason="too-few-issued", credits="10", note="Ticket 17", **more):
    said = {"customer": named(book), "kind": kind, "reason": reason, "note": note} | more
    said["credits"] = credits
    return ",".join(str(said.get(name, "")) for name in HEADER.split(","))


def file(*rows):
    return io.BytesIO("\n".join([HEADER, *rows]).encode())


def upload(by, *rows):
    return asking.upload(file(*rows), name="outage.csv", by=by)


def seen(batch):
    batch.refresh_from_db()
    return trying.preview(asking.lines_of(batch)).mark


def ask(batch):
    return asking.ask(batch.id, by=batch.asked_by, seen=seen(batch))


def approve(batch, by, **said):
    return deciding.approve(batch.id, by=by, seen=seen(batch), **said)


@pytest.fixture
def other(books):
    return new_book(books)


@pytest.fixture
def waiting(book, other, ann):
    return ask(upload(ann, row(book, credits="6000"), row(other, credits="20000")))


def test_all_of_a_file_is_done(book, other, ann, clock):
    lot = sold(book, clock)
    forfeit = row(book, "forfeit", "fraud", "100", lot=ids.encode(LOT, lot))
    batch = ask(upload(ann, row(book), row(other, "goodwill", "outage", "2"), forfeit))
    assert (batch.state, batch.rows, batch.content) == ("applied", 3, "")
    assert credits(book.customer_id)["U20"] == 1000 + 10 - 100
    assert credits(other.customer_id)["U20"] == 2
    made = Adjustment.objects.filter(batch=batch).order_by("row")
    assert [(one.row, one.kind, one.state) for one in made] == [
        (2, "add", "applied"),
        (3, "goodwill", "applied"),
        (4, "forfeit", "applied"),
    ]
    assert all(one.transactions and one.decided_at == batch.decided_at for one in made)


def test_rows_build_on_those_before(book, ann):
    batch = upload(ann, row(book), row(book, credits="5"))
    effects = trying.preview(asking.lines_of(batch)).effects
    assert [effect.wallets[0].available_before for effect in effects] == [0, 10 * CREDIT]


def test_what_is_wrong_is_told_by_row_and_column_and_nothing_done(book, ann, clock):
    lot = ids.encode(LOT, sold(book, clock))
    wrong = [
        row(book),
        row(book, kind="set"),
        row(book, reason="because"),
        row(book, credits="1.0000001"),
        row(book, credits="-1"),
        row(book, note=""),
        row(book).replace(named(book), "cus_nobody"),
        row(book, lot="lot_nonsense"),
        row(book, "void", "issued-twice", "1", lot=lot),
        row(book, "forfeit", "fraud", "1001", lot=lot),
    ]
    with pytest.raises(SheetRefused) as refused:
        upload(ann, *wrong[:8])
    told = {(one.row, one.column) for one in refused.value.problems}
    assert told == {
        *((3, "kind"), (4, "reason"), (5, "credits"), (6, "credits"), (7, "note")),
        *((8, "customer"), (9, "lot")),
    }
    with pytest.raises(SheetRefused) as refused:
        upload(ann, wrong[0], *wrong[8:])
    assert [(one.row, one.column) for one in refused.value.problems] == [(3, "lot"), (4, "credits")]
    assert not Adjustment.objects.filter(customer_id=book.customer_id).exists()
    assert credits(book.customer_id)["U20"] == 1000


def test_the_second_row_cannot_take_what_the_first_took(book, ann, clock):
    lot = ids.encode(LOT, sold(book, clock))
    row_ = row(book, "forfeit", "fraud", "600", lot=lot)
    with pytest.raises(SheetRefused, match="row 3, credits: .* 400"):
        upload(ann, row_, row_)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (b"customer,kind\n", "reason"),
        (HEADER.encode(), "no rows"),
        (b"\xff\xfe", "UTF-16"),
        (b"\xff", "UTF-8"),
        (HEADER.encode() + b"\n" + b"x," * 20, "cells"),
    ],
)
def test_what_is_no_such_file_is_refused(book, ann, content, told):
    with pytest.raises(SheetRefused, match=told):
        asking.upload(io.BytesIO(content), name="x.csv", by=ann)


def test_too_many_rows_are_refused(book, ann):
    with pytest.raises(SheetRefused, match="split it"):
        upload(ann, *[row(book)] * (columns.ROWS_MAX + 1))


def test_one_row_above_the_limit_makes_all_wait(book, other, waiting):
    assert waiting.state == "waiting"
    assert waiting.waits_for.startswith("Row 3: The limit of administrator")
    assert credits(book.customer_id) == {} == credits(other.customer_id)
    made = Adjustment.objects.filter(batch=waiting)
    assert {one.state for one in made} == {"waiting"} and all(one.waits_for for one in made)


def test_rows_of_one_customer_count_together(book, ann):
    batch = ask(upload(ann, row(book, credits="6000"), row(book, credits="6000", note="Again")))
    assert batch.waits_for.startswith("Row 3: ") and "12,000" in batch.waits_for


def test_all_rows_count_together(book, other, ann):
    batch = ask(upload(ann, row(book, credits="6000"), row(other, credits="6000")))
    assert batch.waits_for == (
        "The limit of administrator is 10,000 credits, and all together are 12,000."
    )


def test_what_was_done_before_counts(book, ann):
    propose(book, "add", ann, 9_000)
    assert ask(upload(ann, row(book, credits="2000"))).state == "waiting"


def test_who_has_no_limit_waits(book, ann):
    limit(credits=0)
    assert ask(upload(ann, row(book))).state == "waiting"


def test_another_person_approves_the_whole(book, other, waiting, ann, bob):
    with pytest.raises(NotToDecide, match="you who asked"):
        approve(waiting, ann)
    done = approve(waiting, bob, note="Seen")
    assert (done.state, done.decided_by) == ("applied", bob)
    assert credits(book.customer_id)["U20"] == 6000 and credits(other.customer_id)["U20"] == 20_000
    for one in Adjustment.objects.filter(batch=waiting):
        assert (one.state, one.decided_by, bool(one.effect)) == ("applied", bob, True)


def test_one_of_it_is_not_decided_by_itself(book, waiting, ann, bob):
    one = Adjustment.objects.filter(batch=waiting).first()
    assert one not in approving.waiting()
    with pytest.raises(NotToDecide, match="file"):
        approving.decline(one.id, by=bob, note="No")
    with pytest.raises(NotToDecide, match="file"):
        approving.withdraw(one.id, by=ann)


def test_declined_and_withdrawn_do_nothing(book, waiting, ann, bob):
    with pytest.raises(NotToDecide, match="Say why"):
        deciding.decline(waiting.id, by=bob, note=" ")
    assert deciding.decline(waiting.id, by=bob, note="Too much").state == "declined"
    with pytest.raises(NotToDecide, match="nothing to decide"):
        approve(waiting, bob)
    again = ask(upload(ann, row(book, credits="20000")))
    with pytest.raises(NotToDecide, match="Only who asked"):
        deciding.withdraw(again.id, by=bob)
    assert deciding.withdraw(again.id, by=ann).state == "withdrawn"
    states = Adjustment.objects.filter(customer_id=book.customer_id).values_list("state", flat=True)
    assert sorted(states) == ["declined", "withdrawn"]
    assert credits(book.customer_id) == {}


def test_after_seven_days_nobody_decides(waiting, ann, bob, clock, book):
    clock.forward(7 * DAY)
    with pytest.raises(NotToDecide, match="7 days"):
        approve(waiting, bob)
    with pytest.raises(NotToDecide, match="nothing to withdraw"):
        deciding.withdraw(waiting.id, by=ann)


def test_two_who_approve_at_once_have_one_effect(book, other, waiting, bob):
    people, mark = [bob, person("cid"), person("dan")], seen(waiting)

    def approve_(by):
        try:
            return deciding.approve(waiting.id, by=by, seen=mark)
        except AdjustmentError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(approve_, people))
    assert sum(isinstance(one, AdjustmentBatch) for one in results) == 1
    assert credits(other.customer_id)["U20"] == 20_000


def test_two_who_ask_at_once_have_one_effect(book, ann):
    batch = upload(ann, row(book))
    mark = seen(batch)

    def ask_(_):
        try:
            return asking.ask(batch.id, by=ann, seen=mark)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        assert {one.state for one in pool.map(ask_, range(3))} == {"applied"}
    assert credits(book.customer_id)["U20"] == 10


def test_the_same_file_is_not_done_twice(book, ann, bob):
    ask(upload(ann, row(book)))
    with pytest.raises(SheetRefused, match="applied on .* ann@staff"):
        upload(bob, row(book))


def test_what_comes_to_something_else_is_seen_again(book, ann, bob, clock):
    lot = sold(book, clock)
    limit(credits=10)
    said = row(book, "forfeit", "fraud", "100", lot=ids.encode(LOT, lot))
    batch = ask(upload(ann, said))
    mark = seen(batch)
    book.debit(950 * CREDIT)
    with pytest.raises(SheetRefused, match="row 2, credits"):
        deciding.approve(batch.id, by=bob, seen=mark)
    assert AdjustmentBatch.objects.get(id=batch.id).state == "waiting"


def test_it_is_done_only_as_it_was_seen(book, waiting, bob, ann):
    with pytest.raises(BatchChanged):
        deciding.approve(waiting.id, by=bob, seen="")
    with pytest.raises(BatchChanged):
        asking.ask(upload(ann, row(book)).id, by=ann, seen="else")
    assert credits(book.customer_id) == {}


def test_what_was_decided_stays(waiting, bob):
    done = approve(waiting, bob)
    for change in (
        lambda: AdjustmentBatch.objects.filter(id=done.id).update(state="declined"),
        lambda: AdjustmentBatch.objects.filter(id=done.id).delete(),
        lambda: Adjustment.objects.filter(batch=done).delete(),
    ):
        with pytest.raises(Exception) as refused, transaction.atomic():  # noqa: B017, PT011
            change()
        assert isinstance(refused.value, IntegrityError) or "permission" in str(refused.value)


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def test_the_pages(book, other, ann, bob):
    first, second = signed_in(ann), signed_in(bob)
    address = reverse("admin:billing_adjustmentbatch_upload")
    assert "Columns" in first.get(address).content.decode()
    assert first.get(reverse("admin:billing_adjustmentbatch_columns")).status_code == 200
    bad = file(row(book, kind="set"))
    bad.name = "bad.csv"
    assert "row 2, kind" in first.post(address, {"file": bad}).content.decode()
    good = file(row(book, credits="6000"), row(other, credits="20000"))
    good.name = "good.csv"
    page = first.post(address, {"file": good})["Location"]
    told = first.get(page)
    assert "Another person will decide" in told.content.decode()
    first.post(page, {"ask": "1", "seen": told.context["seen"]})
    assert "Somebody else must decide" in first.get(page).content.decode()
    told = second.get(page)
    assert b"Approve all of it" in told.content
    second.post(page, {"approve": "1", "seen": told.context["seen"]})
    assert "26,000" in second.get(page).content.decode()
    assert credits(other.customer_id)["U20"] == 20_000
    listed = second.get(reverse("admin:billing_adjustmentbatch_changelist")).content.decode()
    assert "good.csv" in listed and "Applied" in listed
    support = person("sue", "support")
    assert signed_in(support).get(page).status_code == 200
    auditor = signed_in(person("aud", "auditor"))
    assert auditor.get(page).status_code == 200
    assert auditor.get(address).status_code == 403
    assert auditor.post(page, {"decline": "1", "note": "No"}).status_code == 403
    assert first.get(reverse("admin:billing_adjustmentbatch_change", args=["x"])).status_code == 404
