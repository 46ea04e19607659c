"""Lots: the list, one of them, and what it says became of it."""

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.urls import reverse

from billing.models import ExpiryNotice
from billing.portal.lots.told import ends
from ledger import lot_history, marks, selectors, services
from ledger.amounts import CREDIT
from ledger.models import Lot, Wallet
from tests.accounts.people import browser_of
from tests.downloads import downloaded
from tests.factories.accounts import MemberFactory
from tests.factories.billing import bought
from tests.factories.ledger import Book


@pytest.fixture
def book(member):
    return Book(member.customer_id)


def page_of(browser, name="lots", *arguments, query=""):
    response = browser.get(reverse(name, args=arguments) + query)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_an_empty_list_leads_to_the_packs(browser):
    page = page_of(browser)
    assert "No lots yet" in page and 'href="/portal/buy/"' in page


def test_open_lots_stand_in_their_order_of_use_before_past_ones(browser, book):
    book.grant(5 * CREDIT, reason="Used up")
    book.debit(5 * CREDIT)
    book.grant(10 * CREDIT, reason="Never ends")
    book.grant(10 * CREDIT, reason="Ends soon", expires_at=selectors.now() + timedelta(days=3))
    page = page_of(browser)
    places = [page.index(told) for told in ("Ends soon", "Never ends", "Past lots", "Used up")]
    assert places == sorted(places)
    assert "Ends in 2 days" in page and "Used next" in page


def test_past_lots_have_pages(browser, book, monkeypatch):
    monkeypatch.setattr("billing.portal.lots.views.PAST_SHOWN", 2)
    for number in range(1, 6):
        book.grant(CREDIT, reason=f"Gift number {number}.")
        book.debit(CREDIT)
    first = page_of(browser)
    assert [f"number {n}." in first for n in range(1, 6)] == [False, False, False, True, True]
    second = page_of(browser, query="?before=4")
    assert [f"number {n}." in second for n in range(1, 6)] == [False, True, True, False, False]


@pytest.mark.parametrize("query", ["?before=x", "?before=-1", f"?before={'9' * 30}", "?before=²"])
def test_a_page_that_is_none_is_said_to_be_that(browser, book, query):
    lot = book.grant(CREDIT)
    assert "That page is not of this list" in page_of(browser, query=query)
    assert "That page is not of this list" in page_of(browser, "lot", lot, query=query)


def test_a_purchase_and_its_receipt_are_for_who_may_buy(browser, member):
    purchase = bought(member.customer).purchase
    lot = Lot.objects.get(customer=member.customer)
    viewer = browser_of(MemberFactory(customer=member.customer, role="viewer"))
    for pages in (("lots",), ("lot", lot.id)):
        assert str(purchase.id) in page_of(browser, *pages)
        assert "R-000001" in page_of(browser, *pages)
        assert str(purchase.id) not in page_of(viewer, *pages)


def test_what_a_service_granted_as_paid_is_not_said_to_be_bought_here(browser, book):
    lot = book.grant(25 * CREDIT, kind="paid", price=2500, currency="USD")
    told = "Granted by the provider as paid, $25.00"
    assert told in page_of(browser) and told in page_of(browser, "lot", lot)
    assert told in page_of(browser, "statement", query="?at=")


def test_notices_are_listed_with_when_they_were_sent(browser, member, book):
    until = selectors.now() + timedelta(days=3)
    lot = book.grant(CREDIT, expires_at=until)
    ExpiryNotice.objects.create(
        customer=member.customer, lot_id=lot, expires_at=until, days=7, amount=1, recipients=[]
    )
    assert "1 notice" in page_of(browser)
    page = page_of(browser, "lot", lot)
    assert "7 days before the end" in page and "There is nobody to mail" in page


def test_anothers_lot_is_not_found(browser):
    other = Book.new().grant(CREDIT)
    assert browser.get(reverse("lot", args=[other])).status_code == 404


def _history(lot_id, customer_id):
    """All pages of it, the first first, with the balance of the lot checked."""
    found = lot_history.found(customer_id, lot_id)
    assert found
    lot, last = found
    entries, before = lot_history.history(lot, last)
    while before is not None:
        more, before = lot_history.history(lot, last, before)
        entries += more
    left = 0
    for entry in reversed(entries):
        left += entry.amount
        assert entry.remaining == left
    assert left == lot.remaining
    return [(entry.kind, entry.amount, entry.times) for entry in reversed(entries)]


def test_a_lots_history_sums_use_by_day_between_what_else_happened(member, book):
    lot = book.grant(100)
    for _ in range(3):
        done = book.debit(10)
    book.reverse(done, 4)
    book.debit(5)
    services.adjust(book.customer_id, amount=7, cause="forfeit")
    book.debit(1)
    expected = [
        ("grant", 100, 1),
        ("commit", -30, 3),
        ("reverse", 4, 1),
        ("commit", -5, 1),
        ("forfeit", -7, 1),
        ("commit", -1, 1),
    ]
    assert _history(lot, member.customer_id) == expected
    (sums,) = lot_history.sums_of(list(Lot.objects.filter(id=lot))).values()
    assert (sums.gained, sums.used, sums.lost) == (100, 32, {"forfeit": 7})


@pytest.mark.parametrize("step", [1, 2, 3, 7])
def test_marks_and_pages_make_no_difference_but_for_where_a_day_is_cut(
    member, book, step, monkeypatch
):
    monkeypatch.setattr(lot_history, "STRETCHES", 1)
    first, second = book.grant(20), book.grant(50)
    for _ in range(9):
        done = book.debit(5)
    book.reverse(done, 2)
    services.adjust(book.customer_id, amount=3, cause="refund", lot_id=second)
    version = Wallet.objects.get(customer=member.customer).version
    assert marks.write(book.customer_id, step) == version // step
    for lot, used in ((first, 20), (second, 25)):
        history = _history(lot, member.customer_id)
        assert -sum(amount for kind, amount, _ in history if kind == "commit") == used


def test_the_csv_has_every_lot(browser, book):
    book.grant(5 * CREDIT)
    book.debit(5 * CREDIT)
    book.grant(7 * CREDIT, kind="goodwill", reason="=cmd")
    services.adjust(book.customer_id, amount=CREDIT, cause="void")
    rows = list(csv.DictReader(StringIO(downloaded(browser.get(reverse("lots-csv"))).decode())))
    told = [(row["number"], row["issued"], row["used"], row["free"]) for row in rows]
    assert told == [("2", "7", "0", "6"), ("1", "5", "5", "0")]
    assert (rows[0]["from"], rows[0]["refunded_or_taken"]) == ("'=cmd", "1")


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (None, "Never ends"),
        (timedelta(0), "Ended"),
        (timedelta(minutes=5), "Ends within an hour"),
        (timedelta(hours=1), "Ends in 1 hour"),
        (timedelta(hours=23), "Ends in 23 hours"),
        (timedelta(days=1), "Ends in 1 day"),
        (timedelta(days=365), "Ends in a year"),
    ],
)
def test_the_end_is_said_in_words(left, told):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert ends(Lot(expires_at=None if left is None else now + left), now) == told
