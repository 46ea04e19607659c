"""Staff's pages: choose a kind, see what it comes to, ask; and decide what waits."""

import pytest
from django.urls import reverse

from accounts import ids
from accounts.models import Customer
from billing.adjustments import drafts
from billing.adjustments.errors import DraftRefused
from billing.adjustments.kinds import SHAPES
from billing.models import Adjustment, AdjustmentLimit
from ledger.admin import shown
from ledger.amounts import CREDIT
from ledger.ids import LOT, ReservationId
from ledger.models import Transfer
from tests.billing.adjustments.conftest import (
    DAY,
    REASON,
    draft,
    limit,
    new_book,
    person,
    propose,
    sold,
)
from tests.factories.billing import bought, credits, dispute_fact, say

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def staff(client, ann):
    client.force_login(ann)
    return client


def adjust_page(book, kind=""):
    page = reverse("admin:billing_customer_adjust", args=[book.customer_id])
    return f"{page}?kind={kind}" if kind else page


def decide_page(adjustment):
    return reverse("admin:billing_adjustment_decide", args=[adjustment.pk])


def lot_name(lot_id):
    return ids.encode(LOT, lot_id)


def send(client, book, kind, **said):
    """The preview, and if nothing is wrong with it, its confirmation."""
    page = adjust_page(book, kind)
    id = client.get(page).context["form"].initial["id"]
    said = {"id": id, "reason": REASON[kind], "note": "Ticket 17", **said}
    seen = client.post(page, said)
    if seen.context["effect"] is None:
        return seen
    return client.post(page, said | {"seen": seen.context["effect"].mark, "confirm": "yes"})


def errors(answer):
    return {name: list(found) for name, found in answer.context["form"].errors.items()}


def told(answer):
    return [str(message) for message in answer.context["messages"]]


def test_the_page_of_a_customer_leads_to_every_kind(staff, book):
    customer = staff.get(reverse("admin:accounts_customer_change", args=[book.customer_id]))
    assert adjust_page(book) in customer.content.decode()
    text = staff.get(adjust_page(book)).content.decode()
    for kind in SHAPES:
        assert f"?kind={kind}" in text
        assert staff.get(adjust_page(book, kind)).status_code == 200


def test_nowhere_is_a_balance_set(staff, book):
    for kind in SHAPES:
        names = set(staff.get(adjust_page(book, kind)).context["form"].fields)
        known = {"id", "lot", "call", "receiver", "credits", "expires_at", "about"}
        assert names <= known | {"reason", "note"}


def test_each_kind_is_done_from_its_form(staff, books, book, clock):
    lot_id, other = sold(book, clock), new_book(books)
    free = book.grant(80 * CREDIT)
    hold = book.debit(100 * CREDIT)
    call = str(ReservationId(book.customer_id, hold.reservation_id, 0))
    lot = lot_name(lot_id)
    for kind, said in {
        "add": {"credits": "50", "about": call},
        "void": {"credits": "30", "lot": lot_name(free)},
        "forfeit": {"credits": "0.5", "lot": lot},
        "goodwill": {"credits": "200", "expires_at": f"{clock.after(DAY):%Y-%m-%dT%H:%M}"},
        "extend": {"lot": lot, "expires_at": f"{clock.after(90 * DAY):%Y-%m-%dT%H:%M}"},
        "move": {"credits": "10", "receiver": ids.encode("cus", other.customer_id), "lot": lot},
        "reverse": {"call": call},
        "reinstate": {
            "credits": "0.5",
            "lot": lot,
            "expires_at": f"{clock.after(100 * DAY):%Y-%m-%dT%H:%M}",
        },
    }.items():
        if kind == "void":
            said["credits"] = "0"
            answer = send(staff, book, kind, **said)
            assert "More than none" in str(errors(answer))
            free = book.grant(80 * CREDIT)
            said |= {"credits": "30", "lot": lot_name(free)}
        answer = send(staff, book, kind, **said)
        assert answer.status_code == 302, (kind, errors(answer))
        made = Adjustment.objects.get(customer_id=book.customer_id, kind=kind)
        assert (made.state, made.note) == ("applied", "Ticket 17")
        page = staff.get(answer.url)
        assert page.status_code == 200
        assert made.name in page.content.decode()


def test_a_form_sent_twice_has_one_effect(staff, book):
    page = adjust_page(book, "add")
    id = staff.get(page).context["form"].initial["id"]
    said = {"id": id, "reason": "too-few-issued", "note": "Ticket 17", "credits": "50"}
    mark = staff.post(page, said).context["effect"].mark
    answers = [staff.post(page, said | {"seen": mark, "confirm": "yes"}) for _ in range(2)]
    assert answers[0].url == answers[1].url
    assert credits(book.customer_id) == {"U10": 50, "U20": 50}


def test_what_comes_to_something_else_than_was_seen_is_shown_again(staff, book, clock):
    page = adjust_page(book, "reverse")
    sold(book, clock, days=3)
    hold = book.debit(100 * CREDIT)
    said = {
        "id": staff.get(page).context["form"].initial["id"],
        "reason": "call-failed",
        "note": "Ticket 17",
        "call": str(ReservationId(book.customer_id, hold.reservation_id, 0)),
    }
    mark = staff.post(page, said).context["effect"].mark
    clock.forward(4 * DAY)
    answer = staff.post(page, said | {"seen": mark, "confirm": "yes"})
    assert "look at it again" in str(told(answer))
    assert not Adjustment.objects.filter(customer_id=book.customer_id).exists()


@pytest.mark.parametrize(
    ("kind", "said", "field", "words"),
    [
        ("add", {"credits": ""}, "credits", "required"),
        ("add", {"credits": "-5"}, "credits", "greater than or equal to 0"),
        ("add", {"credits": "0"}, "credits", "More than none"),
        ("add", {"credits": "1e30"}, "credits", "digits"),
        ("add", {"credits": "999999999999"}, "__all__", "waits"),
        ("add", {"credits": "0.0000001"}, "credits", "decimal places"),
        ("add", {"reason": "bored"}, "reason", "not one of"),
        ("add", {"reason": ""}, "reason", "required"),
        ("add", {"note": "  "}, "note", "required"),
        ("add", {"note": "x" * 1001}, "note", "1000"),
        ("add", {"expires_at": "tomorrow"}, "expires_at", "such as 2027"),
        ("add", {"expires_at": "2001-01-01T00:00"}, "expires_at", "passed already"),
        ("add", {"about": "lot_1"}, "about", "What it corrects"),
        ("add", {"about": "pur_" + "0" * 32}, "about", "nothing of that name"),
        ("add", {"about": "txn_" + "0" * 32}, "about", "no such transaction"),
        ("add", {"about": "lot_" + "0" * 32}, "about", "no such lot"),
        ("add", {"id": "1"}, "id", "UUID"),
        ("void", {"lot": ""}, "lot", "required"),
        ("void", {"lot": "lot_" + "0" * 32}, "lot", "no such lot"),
        ("void", {"lot": "free", "credits": "81"}, "credits", "80 free"),
        ("forfeit", {"lot": "paid", "credits": "1001"}, "credits", "1,000 free"),
        ("extend", {"lot": "paid", "expires_at": "2001-01-01T00:00"}, "expires_at", "passed"),
        ("reinstate", {"lot": "paid", "expires_at": ""}, "expires_at", "required"),
        (
            "reinstate",
            {"lot": "paid", "expires_at": "2099-01-01T00:00"},
            "lot",
            "Nothing has expired",
        ),
        ("move", {"receiver": "nobody"}, "receiver", "no such customer"),
        ("move", {"receiver": "self"}, "receiver", "same customer"),
        ("move", {"receiver": "other", "credits": "5000"}, "credits", "1,080 free"),
        ("reverse", {"call": "rsv_1"}, "call", "named rsv_"),
        ("reverse", {"call": "rsv_" + "0" * 72}, "call", "no such call"),
    ],
)
def test_bad_input_is_told_in_words_and_changes_nothing(
    kind, said, field, words, staff, books, book, clock
):
    lots = {"paid": lot_name(sold(book, clock)), "free": lot_name(book.grant(80 * CREDIT))}
    receivers = {
        "self": ids.encode("cus", book.customer_id),
        "other": ids.encode("cus", new_book(books).customer_id),
    }
    said = {"credits": "5", **said}
    said["lot"] = lots.get(said.get("lot", ""), said.get("lot", ""))
    said["receiver"] = receivers.get(said.get("receiver", ""), said.get("receiver", ""))
    before = book.transfers()
    answer = send(staff, book, kind, **said)
    if field == "__all__":
        assert answer.status_code == 302
        assert "waits for another person" in str(told(staff.get(answer.url)))
    else:
        assert answer.status_code == 200
        assert words in str(errors(answer)[field])
    assert book.transfers() == before


def test_a_lot_in_dispute_is_refused_in_words(staff, books, clock):
    limit()
    payment = bought()
    customer_id = payment.purchase.customer_id
    books.append(customer_id)
    say(dispute_fact(payment, "open"))
    book = new_book(books).__class__(customer_id)
    (lot_id,) = payment.lots
    for kind in ("forfeit", "extend", "move"):
        said = {"lot": lot_name(lot_id)}
        said |= {"expires_at": "2099-01-01T00:00"} if kind == "extend" else {"credits": "5"}
        if kind == "move":
            said["receiver"] = ids.encode("cus", new_book(books).customer_id)
        answer = send(staff, book, kind, **said)
        assert "frozen while its payment is disputed" in str(errors(answer).get("lot")), (
            kind,
            errors(answer),
        )


def test_a_lot_that_was_bought_leads_to_its_purchase_and_back(staff, books):
    payment = bought()
    books.append(payment.purchase.customer_id)
    book = new_book(books).__class__(payment.purchase.customer_id)
    (lot_id,) = payment.lots
    answer = send(staff, book, "forfeit", lot=lot_name(lot_id), credits="5")
    made = Adjustment.objects.get(customer_id=book.customer_id)
    assert made.purchase == payment.purchase
    page = staff.get(answer.url).content.decode()
    assert payment.purchase.name in page
    assert f">{lot_name(lot_id)}</a>" in page
    assert all(ids.encode("txn", one) in page for one in made.transactions)
    there = reverse("admin:billing_adjustment_change", args=[made.pk])
    for row in (
        reverse("admin:billing_purchase_change", args=[payment.purchase.pk]),
        reverse("admin:ledger_lot_change", args=[book.customer_id.hex + lot_id.hex]),
        reverse(
            "admin:ledger_transfer_change", args=[book.customer_id.hex + made.transactions[0].hex]
        ),
    ):
        text = staff.get(row).content.decode()
        assert there in text, [line for line in text.splitlines() if "djustment" in line]


def test_what_waits_is_listed_and_decided_by_another(staff, client, book, ann, bob):
    made = propose(book, "add", ann, 20_000)
    waiting = reverse("admin:billing_adjustment_waiting")
    assert made in [row["adjustment"] for row in staff.get(waiting).context["rows"]]
    own = staff.get(decide_page(made))
    assert "you who asked" in own.content.decode()
    assert "withdraw" in own.content.decode()
    said = {"seen": own.context["effect"].mark, "approve": "yes"}
    assert "you who asked" in str(told(staff.post(decide_page(made), said)))
    client.force_login(bob)
    page = client.get(decide_page(made))
    assert not page.context["differs"]
    answer = client.post(decide_page(made), said, follow=True)
    assert f"It is applied: {made.name}." in told(answer)
    assert credits(book.customer_id) == {"U10": 20_000, "U20": 20_000}
    again = client.post(decide_page(made), said, follow=True)
    assert "applied already" in str(told(again))


def test_a_decision_on_something_else_has_a_banner_and_a_box(client, book, ann, bob, clock):
    limit(credits=10)
    sold(book, clock, days=3)
    hold = book.debit(100 * CREDIT)
    made = propose(book, "reverse", ann, 100, reservation_id=hold.reservation_id)
    clock.forward(4 * DAY)
    client.force_login(bob)
    page = client.get(decide_page(made))
    assert "something else than was asked" in page.content.decode()
    said = {"seen": page.context["effect"].mark, "approve": "yes"}
    assert "Nothing was done" in str(told(client.post(decide_page(made), said)))
    client.post(decide_page(made), said | {"confirmed": "on"})
    assert Adjustment.objects.get(id=made.id).state == "applied"


def test_decline_needs_a_note_and_withdrawing_is_for_who_asked(client, book, ann, bob):
    first, second = propose(book, "add", ann, 20_000), propose(book, "add", ann, 20_001)
    client.force_login(bob)
    assert "Say why" in str(told(client.post(decide_page(first), {"decline": "yes"})))
    assert "Only who asked" in str(told(client.post(decide_page(first), {"withdraw": "yes"})))
    client.post(decide_page(first), {"decline": "yes", "note": "No ticket"})
    client.force_login(ann)
    client.post(decide_page(second), {"withdraw": "yes"})
    found = Adjustment.objects.filter(customer_id=book.customer_id).order_by("asked_at")
    assert [one.state for one in found] == ["declined", "withdrawn"]


def test_the_list_is_filtered_and_searched(staff, book, ann, bob, clock):
    lot_id = sold(book, clock)
    done = propose(book, "forfeit", bob, 5, lot_id=lot_id)
    late = propose(book, "add", ann, 20_000)
    page = reverse("admin:billing_adjustment_changelist")

    def rows(**query):
        found = staff.get(page, query)
        assert found.status_code == 200
        own = [
            one for one in found.context["cl"].result_list if one.customer_id == book.customer_id
        ]
        return sorted(one.kind for one in own)

    assert rows() == ["add", "forfeit"]
    assert rows(state="waiting") == ["add"]
    assert rows(state="expired") == []
    assert rows(kind__exact="forfeit") == ["forfeit"]
    assert rows(reason="terms-breached") == ["forfeit"]
    assert rows(person=str(ann.pk)) == ["add"]
    for term in (done.name, lot_name(lot_id), ids.encode("txn", done.transactions[0])):
        assert rows(q=term) == ["forfeit"], term
    name = Customer.objects.get(id=book.customer_id)
    assert rows(q=ids.encode("cus", name.id)) == ["add", "forfeit"]
    clock.forward(8 * DAY)
    assert rows(state="expired") == ["add"]
    assert staff.get(reverse("admin:billing_adjustment_change", args=[late.pk])).status_code == 200
    assert staff.get(reverse("admin:find"), {"q": done.name}).status_code == 302


@pytest.mark.parametrize("role", ["operations", "auditor"])
def test_who_may_only_look_only_looks(role, client, book, ann):
    made = propose(book, "add", ann, 20_000)
    client.force_login(person(role, role))
    assert client.get(adjust_page(book)).status_code == 403
    assert client.post(adjust_page(book, "add"), {}).status_code == 403
    assert client.get(decide_page(made)).status_code == 200
    client.post(decide_page(made), {"approve": "yes", "seen": ""})
    client.post(decide_page(made), {"decline": "yes", "note": "No"})
    assert Adjustment.objects.get(id=made.id).state == "waiting"


def test_only_administrators_change_limits(client, ann, books):
    row = AdjustmentLimit.objects.get(role="administrator")
    page = reverse("admin:billing_adjustmentlimit_change", args=[row.pk])
    client.force_login(person("fay", "finance"))
    assert client.post(page, {"credits": "1", "money": "1"}).status_code == 403
    client.force_login(ann)
    assert client.post(page, {"credits": "-1", "money": "1"}).status_code == 200
    assert client.post(page, {"credits": "12345", "money": "67"}).status_code == 302
    row.refresh_from_db()
    assert (row.credits, row.money) == (12_345 * CREDIT, 67)


def test_plain_values_are_checked_alike(book, ann, clock):
    """As files of many are."""
    for said, field in (
        ({"lot_id": sold(book, clock)}, "lot_id"),
        ({"reason": "bored"}, "reason"),
        ({"expires_at": clock.after(-1)}, "expires_at"),
    ):
        with pytest.raises(DraftRefused) as refusal:
            draft(book, "reverse" if field == "lot_id" else "add", ann, 5, **said)
        assert field in refusal.value.errors
    with pytest.raises(DraftRefused, match="A kind is one of"):
        customer = Customer.objects.get(id=book.customer_id)
        drafts.draft(customer, "set", reason="x", note="x", by=ann, credits=1)


def test_a_transaction_names_who_asked_for_it_and_ids_are_those_of_outside(staff, book, ann):
    send(staff, book, "add", credits="5")
    transfer = Transfer.objects.filter(customer_id=book.customer_id).latest("id")
    page = staff.get(shown.row_page("transaction", book.customer_id, transfer.transaction_id))
    told = page.content.decode()
    assert ann.email in told.split('id="content"')[1]
    assert str(transfer.transaction_id) not in told
    assert f"<h2>{ids.encode('txn', transfer.transaction_id)}</h2>" in told
    assert f"{transfer.posted_at:%Y-%m-%d %H:%M:%S} UTC" in told
