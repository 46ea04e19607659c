"""From lots, calls and transactions to what was adjusted of them, and where more is asked for."""

import pytest
from django.urls import reverse

from accounts import ids
from accounts.models import HOUSE_ID, Customer
from billing.admin.adjustments import lot_choices
from billing.care import closings
from ledger.admin.shown import row_page
from ledger.amounts import CREDIT
from ledger.ids import ReservationId
from ledger.models import Lot
from tests.billing.adjustments.conftest import DAY, new_book, person, propose, sold
from tests.billing.adjustments.test_pages import adjust_page, decide_page, errors, lot_name, send

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def staff(client, ann):
    client.force_login(ann)
    return client


def page_of(adjustment):
    return reverse("admin:billing_adjustment_change", args=[adjustment.pk])


def text_of(client, model, customer_id, id):
    page = client.get(row_page(model, customer_id, id))
    assert page.status_code == 200
    return page.content.decode()


def acts(client, model, customer_id, id):
    return dict(client.get(row_page(model, customer_id, id)).context["acts"])


@pytest.fixture
def moved(books, book, ann, clock):
    """1,100 credits in the order of use: all of one lot, and a part of the other."""
    lots = [sold(book, clock), sold(book, clock, days=60)]
    other = new_book(books)
    receiver = Customer.objects.get(id=other.customer_id)
    return propose(book, "move", ann, 1_100, receiver=receiver), lots, other


def test_a_move_in_the_order_of_use_is_told_by_each_lot_it_took_from(staff, book, moved):
    made, lots, other = moved
    assert made.lot_id is None
    for lot in lots:
        assert page_of(made) in text_of(staff, "lot", book.customer_id, lot)
    untouched = book.grant(CREDIT)
    assert page_of(made) not in text_of(staff, "lot", book.customer_id, untouched)


def test_what_was_received_leads_to_what_brought_it(staff, moved):
    made, _, other = moved
    received = Lot.objects.filter(customer_id=other.customer_id)
    assert len(received) == 2
    for lot in received:
        assert page_of(made) in text_of(staff, "lot", other.customer_id, lot.id)


def test_a_transaction_leads_to_its_adjustment(staff, book, moved):
    made, _, other = moved
    for customer_id, id in zip(
        (book.customer_id, other.customer_id), made.transactions, strict=True
    ):
        assert page_of(made) in text_of(staff, "transaction", customer_id, id)


def choices(client, book, kind="reinstate"):
    form = client.get(adjust_page(book, kind)).context["form"]
    return {name: told for name, told in form.fields["lot"].choices if name}


def test_only_what_has_expired_is_offered_to_be_reinstated(staff, book, ann, clock):
    gone, forfeited = sold(book, clock, days=1), sold(book, clock, days=60)
    whole = sold(book, clock, days=60)
    book.debit(250 * CREDIT)
    form = staff.get(adjust_page(book, "reinstate")).context["form"]
    assert form.fields["lot"].help_text == lot_choices.NONE_EXPIRED
    propose(book, "forfeit", ann, 40, lot_id=forfeited)
    clock.forward(2 * DAY)
    # Nobody has looked since: it has not been taken out yet.
    for _ in range(2):
        found = choices(staff, book)
        assert set(found) == {lot_name(gone), lot_name(forfeited)}
        assert "up to 750 can come back" in found[lot_name(gone)]
        assert "up to 40 can come back" in found[lot_name(forfeited)]
        book.refresh()
    until = clock.after(10 * DAY)
    propose(book, "reinstate", ann, 740, lot_id=gone, expires_at=until)
    assert "up to 10 can come back" in choices(staff, book)[lot_name(gone)]
    said = {"lot": lot_name(whole), "credits": "1", "expires_at": f"{until:%Y-%m-%dT%H:%M}"}
    answer = send(staff, book, "reinstate", **said)
    assert errors(answer)["lot"] == [lot_choices.NOT_EXPIRED]


def test_what_expired_too_long_ago_says_so(staff, book, clock, policy):
    policy.reinstatement_grace_days = 3
    policy.save()
    lot = sold(book, clock, days=1)
    clock.forward(2 * DAY)
    assert "too long ago" not in choices(staff, book)[lot_name(lot)]
    clock.forward(10 * DAY)
    assert "too long ago" in choices(staff, book)[lot_name(lot)]


def test_a_call_that_was_charged_has_a_button_to_reverse_it(staff, client, book, clock):
    sold(book, clock)
    call, held = book.debit(100 * CREDIT), book.reserve(CREDIT)
    reverse_it = acts(staff, "reservation", book.customer_id, call.reservation_id)["Reverse a call"]
    name = str(ReservationId(book.customer_id, call.reservation_id, 0))
    form = staff.get(reverse_it).context["form"]
    assert (form.kind, form.initial["call"]) == ("reverse", name)
    assert acts(staff, "reservation", book.customer_id, held.reservation_id) == {}
    book.reverse(call)
    assert acts(staff, "reservation", book.customer_id, call.reservation_id) == {}


def test_a_lot_has_buttons_of_the_kinds_that_it_can_be_adjusted_by(staff, book, ann, clock):
    paid, free = sold(book, clock), book.grant(10 * CREDIT)
    found = acts(staff, "lot", book.customer_id, paid)
    assert list(found) == ["Forfeit credits", "Extend a lot", "Move credits"]
    for page in found.values():
        form = staff.get(page).context["form"]
        assert form.initial["lot"] == lot_name(paid)
        assert lot_name(paid) in dict(form.fields["lot"].choices)
    # It never expires.
    assert list(acts(staff, "lot", book.customer_id, free)) == [
        *("Void credits", "Forfeit credits", "Move credits"),
    ]
    clock.forward(31 * DAY)
    book.refresh()
    assert list(acts(staff, "lot", book.customer_id, paid)) == ["Reinstate expired credits"]


def test_who_may_not_ask_has_no_buttons(client, book, clock):
    lot, call = sold(book, clock), book.debit(100 * CREDIT)
    client.force_login(person("audrey", "auditor"))
    assert acts(client, "lot", book.customer_id, lot) == {}
    assert acts(client, "reservation", book.customer_id, call.reservation_id) == {}


def test_who_asked_is_told_that_somebody_else_decides(client, book, ann, bob):
    made = propose(book, "add", ann, 20_000)
    tools = f'<li><a href="{decide_page(made)}">{{}}</a></li>'.format
    audrey = person("audrey", "auditor")
    for who, button, is_told in (
        (ann, "Withdraw", True),
        (bob, "Decide", False),
        (audrey, "What it comes to now", False),
    ):
        client.force_login(who)
        text = client.get(page_of(made)).content.decode()
        assert tools(button) in text, who
        assert ("Somebody else must decide: it was you who asked." in text) is is_told
    client.force_login(ann)
    page = client.get(decide_page(made))
    assert page.context["title"] == f"Withdraw {made.name}"
    assert ">Decide<" not in page.content.decode()


def test_who_asked_that_an_account_is_closed_is_told_so(client, book, ann, bob):
    closing = closings.ask(Customer.objects.get(id=book.customer_id), reason="Moved away", by=ann)
    page = reverse("admin:billing_accountclosing_change", args=[closing.pk])
    for who, is_told in ((ann, True), (bob, False)):
        client.force_login(who)
        text = client.get(page).content.decode()
        assert ("Somebody else must approve it" in text) is is_told
        assert (">Approve and close<" in text) is not is_told
        assert ">Decline<" in text
    closings.decline(closing.pk, by=ann)
    client.force_login(ann)
    assert "Somebody else" not in client.get(page).content.decode()


@pytest.mark.parametrize(
    ("kind", "field", "name", "words"),
    [
        ("move", "receiver", ids.encode("cus", HOUSE_ID), "There is no such customer."),
        ("move", "receiver", "nobody", "There is no such customer."),
        ("reverse", "call", "rsv_1", "A call is named rsv_…"),
        ("add", "about", "adj_1", "What it corrects"),
    ],
)
def test_names_are_read_as_those_of_files_are(staff, book, kind, field, name, words):
    answer = send(staff, book, kind, credits="5", **{field: name})
    (told,) = errors(answer)[field]
    assert told.startswith(words)
