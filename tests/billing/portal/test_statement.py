"""The statement: lines, the balance at an instant, and what is said of nonsense."""

import csv
import re
from datetime import UTC, datetime, time, timedelta
from io import BytesIO, StringIO

import pytest
from django.urls import reverse
from pypdf import PdfReader

from billing import statement_rows
from ledger import marks, selectors, services, statements
from ledger.amounts import CREDIT
from ledger.ids import ReservationId
from ledger.periods import Period
from ledger.prices import rate_cards
from tests.accounts.people import browser_of
from tests.downloads import downloaded
from tests.factories.accounts import ApiKeyFactory, MemberFactory
from tests.factories.billing import bought
from tests.factories.ledger import Book, Clock


def page_of(browser, query=""):
    response = browser.get(reverse("statement") + query)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def file_of(browser, name, query=""):
    return downloaded(browser.get(reverse(name) + query))


@pytest.fixture
def book(member):
    return Book(member.customer_id)


def test_before_anything_happened_it_says_so(browser):
    assert "Nothing has happened yet" in page_of(browser)


def test_lines_have_words_and_the_balance_after_them(browser, member, book):
    card = rate_cards.create_card(name="own", effective_at=selectors.now())
    endpoint = rate_cards.create_endpoint(code="summarize", name="Summarize")
    price = rate_cards.set_price(card, endpoint, per_call=CREDIT)
    key = ApiKeyFactory(customer=member.customer, name="nightly").key
    purchase = bought(member.customer, credits=5000, price="25.00").purchase
    book.grant(30 * CREDIT, kind="goodwill", reason="For the outage")
    used = {"price_id": price.id, "api_key_id": key.id, "request_id": "req-7"}
    book.debit(4 * CREDIT, **used)
    page = page_of(browser)
    for told in ("summarize", "Key nightly", "request req-7", "For the outage", "Goodwill credits"):
        assert told in page
    assert f'href="/portal/purchases/{purchase.id}/"' in page
    for told in ("+5,000", "+30", "-4", "5,026"):
        assert f">{told}<" in page


def test_a_line_of_use_leads_to_its_call_and_the_call_to_its_line(browser, book):
    book.grant(9 * CREDIT)
    hold = book.reserve(2 * CREDIT)
    book.commit(hold)
    name = ReservationId(book.customer_id, hold.reservation_id, 0)
    assert f'<a href="/portal/calls/{name}/">Used</a>' in page_of(browser)
    call = browser.get(f"/portal/calls/{name}/").content.decode()
    query, line = re.search(r'href="/portal/statement/([^"]*)#(txn_[^"]*)">Its line', call).groups()
    assert f'<tr id="{line}">' in page_of(browser, query.replace("&amp;", "&"))


def test_who_may_not_buy_is_shown_no_purchase(member, book):
    purchase = bought(member.customer).purchase
    viewer = browser_of(MemberFactory(customer=member.customer, role="viewer"))
    assert str(purchase.id) not in page_of(viewer)
    assert purchase.name not in file_of(viewer, "statement-csv").decode()
    assert purchase.name in file_of(browser_of(member), "statement-csv").decode()


def test_a_long_one_has_pages_that_lose_no_line(browser, book, monkeypatch):
    monkeypatch.setattr("billing.portal.statement.views.SHOWN", 2)
    for number in range(1, 6):
        book.grant(number * CREDIT, reason=f"Gift number {number}.")
    first, second = page_of(browser), page_of(browser, "?before=4")
    assert 'href="?before=4"' in first
    assert [f"number {n}." in first for n in range(1, 6)] == [False, False, False, True, True]
    assert [f"number {n}." in second for n in range(1, 6)] == [False, True, True, False, False]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("?from=yesterday", "Give a date such as"),
        ("?from_time=10:30", "Give a date such as"),
        ("?from=2026-02-30&to=2026-03-01", "Give a date such as"),
        ("?from=2026-03-01&from_time=25:00", "Give a date such as"),
        ("?from=0001-01-01", "Give a date such as"),
        ("?from=2026-03-02&to=2026-03-01", "The end is before the beginning"),
        ("?from=2999-01-01", "The end is before the beginning"),
        ("?from=2999-01-01&to=2999-01-02", "The beginning is in the future"),
        ("?to=2999-01-02", "The end is in the future"),
        ("?before=x", "That page is not of this statement"),
        ("?before=99999999999999999999999", "That page is not of this statement"),
        ("?at=x", "Give a date such as"),
        ("?at=2999-01-01", "nobody knows that balance yet"),
    ],
)
def test_nonsense_is_said_to_be_that(browser, book, query, told):
    book.grant(CREDIT)
    assert told in page_of(browser, query)


@pytest.mark.parametrize("query", ["?from=x", "?from=9", "?from=0000-00-00"])
@pytest.mark.parametrize("name", ["statement-csv", "statement-pdf", "usage-csv", "calls-csv"])
def test_a_file_of_nonsense_is_refused_in_a_plain_sentence(browser, name, query):
    file = browser.get(reverse(name) + query)
    assert (file.status_code, file["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert b"a date such as" in file.content


def test_the_csv_has_every_line_and_adds_up(browser, book):
    book.grant(100 * CREDIT, reason="=1+1")
    for _ in range(5):
        book.debit(3 * CREDIT)
    rows = list(csv.DictReader(StringIO(file_of(browser, "statement-csv").decode())))
    assert [row["what"] for row in rows[:2]] == ["opening balance", "promotional credits"]
    assert rows[1]["reason"] == "'=1+1"
    assert (rows[0]["balance_after"], rows[-1]["balance_after"]) == ("0", "85")
    assert sum(int(row["credits"] or 0) for row in rows) == 85


def text_of_pdf(browser):
    pages = PdfReader(BytesIO(file_of(browser, "statement-pdf"))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_the_pdf_has_every_line_with_the_balance_after_it_and_its_lots(browser, member, book):
    book.grant(10 * CREDIT, reason="Welcome")
    for _ in range(3):
        book.debit(3 * CREDIT)
    book.grant(5 * CREDIT, reason="More")
    book.debit(2 * CREDIT)
    text = text_of_pdf(browser)
    for told in (
        member.customer.name,
        "Opening balance 0",
        "Closing balance 4",
        "Promotional credits: Welcome Lot 1 +10 10",
        "Used Lot 1 -3 7",
        "Used Lot 1 -3 4",
        "Used Lot 1 -3 1",
        "Promotional credits: More Lot 2 +5 6",
        "Used Lot 1 -1 -2 4",
        "Lot 2 -1",
        "Page 1",
    ):
        assert told in text
    assert "CSV" not in text


def test_a_long_pdf_sums_calls_by_day_and_has_each_days_balance(browser, book, monkeypatch):
    monkeypatch.setattr("billing.statement_rows.SHORT", 5)
    book.grant(100 * CREDIT, reason="Welcome")
    for _ in range(5):
        book.debit(3 * CREDIT)
    text = text_of_pdf(browser)
    for told in (
        "Closing balance 85",
        "Promotional credits: Welcome +100",
        "Used: no endpoint, 5 calls -15 85",
        "Every line, with the balance after it and its lots, is in the CSV",
    ):
        assert told in text


def test_a_long_pdf_ends_each_day_with_the_balance_of_that_instant(committed, monkeypatch):
    monkeypatch.setattr("billing.statement_rows.SHORT", 1)
    clock = Clock()
    try:
        book = Book(MemberFactory().customer_id)
        start = clock.now()
        book.grant(9 * CREDIT, expires_at=start + timedelta(days=2))
        for _ in range(3):
            book.grant(10 * CREDIT)
            book.reverse(book.debit(7 * CREDIT), 2 * CREDIT)
            clock.forward(24 * 60 * 60)
        book.debit(CREDIT)
        told = statements.statement(book.customer_id, Period(start, clock.now()))
        rows = statement_rows.rows(book.customer_id, told, may_buy=True).rows
        ends = {row.at.date(): row.balance for row in rows if row.balance is not None}
        assert len(ends) == 4
        for day, balance in ends.items():
            end = datetime.combine(day + timedelta(days=1), time(), UTC)
            assert balance == statements.edge_at(book.customer_id, end).balance
        assert rows[-1].balance == told.closing.balance
    finally:
        clock.reset()


def test_a_pdf_with_too_many_lines_says_that_it_is_not_all(browser, book, monkeypatch):
    monkeypatch.setattr("billing.statement_rows.SHORT", 1)
    monkeypatch.setattr("billing.statement_rows.LONGEST", 2)
    for _ in range(4):
        book.grant(CREDIT)
    assert "Only the first 2 lines" in text_of_pdf(browser)


def test_the_balance_at_an_instant_names_its_lots(browser, book):
    book.grant(10 * CREDIT, reason="First")
    book.debit(4 * CREDIT)
    then = selectors.now()
    book.grant(100 * CREDIT, reason="Second")
    page = page_of(browser, f"?at={then:%Y-%m-%d}&at_time={then:%H:%M:%S.%f}")
    assert '<dd id="balance">6</dd>' in page
    assert "First" in page and "Second" not in page


def test_without_an_instant_it_is_the_balance_now(browser, book):
    book.grant(10 * CREDIT)
    book.debit(4 * CREDIT)
    assert '<dd id="balance">6</dd>' in page_of(browser, "?at=")


def test_before_history_there_was_nothing(browser, book):
    book.grant(10 * CREDIT)
    page = page_of(browser, "?at=2001-01-01")
    assert '<dd id="balance">0</dd>' in page
    assert "that is before the first credits" in page
    assert "No lines in this time" in page_of(browser, "?from=2001-01-01&to=2001-01-31")


def test_a_sandbox_whose_clock_was_moved_has_a_statement(browser, member):
    browser.post(reverse("enter-sandbox"), {"customer": str(member.customer_id)})
    page = page_of(browser)
    assert "Opening balance" in page or "Nothing has happened yet" in page


def test_the_pages_figures_are_the_apis(browser, book):
    book.grant(50 * CREDIT)
    book.debit(8 * CREDIT)
    marks.write(book.customer_id, 1)
    total = selectors.balance(book.customer_id).total
    assert f'id="closing">{total // CREDIT}<' in page_of(browser)


def test_time_by_the_companys_clocks_stands_beside(browser, member, book):
    member.customer.time_zone = "Asia/Kathmandu"
    member.customer.save()
    book.grant(CREDIT)
    assert "by the clocks of your company (Asia/Kathmandu)" in page_of(browser)


def test_credits_that_a_call_got_back_are_a_line(browser, book):
    book.grant(50 * CREDIT)
    done = book.debit(8 * CREDIT)
    book.reverse(done)
    assert "Given back for a call" in page_of(browser)


def test_credits_that_were_moved_say_in_which_direction(browser, book):
    other = Book.new()
    book.grant(50 * CREDIT)
    services.move(book.customer_id, other.customer_id, amount=5 * CREDIT)
    services.move(other.customer_id, book.customer_id, amount=2 * CREDIT)
    page = page_of(browser)
    assert "Moved away" in page and "Moved here" in page


def test_a_preset_is_current(browser, book):
    book.grant(CREDIT)
    week = selectors.now() - timedelta(days=6)
    assert f'href="?from={week:%Y-%m-%d}" aria-current="true"' in page_of(
        browser, f"?from={week:%Y-%m-%d}"
    )
