"""The list of purchases, one of them, and its documents."""

import csv
import re
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from django.urls import reverse
from pypdf import PdfReader

from billing.models import Purchase
from billing.portal import paged
from billing.portal.purchases import standing
from tests.downloads import downloaded
from tests.factories.billing import bought, dispute_fact, new_pack, order, refund_fact, say


def list_of(browser, query=""):
    return browser.get(reverse("purchases") + query).content.decode()


def page_of(browser, purchase):
    return browser.get(reverse("purchase", args=[purchase.id])).content.decode()


def test_an_empty_list_leads_to_the_packs(browser):
    page = list_of(browser)
    assert "Nothing bought yet" in page
    assert 'href="/portal/buy/"' in page


def test_a_purchase_is_listed_with_its_receipt(browser, member):
    purchase = bought(member.customer, credits=5000, price="25.00").purchase
    page = list_of(browser)
    for told in ("5,000", "$25.00", "Paid", "R-000001", purchase.pack_name):
        assert told in page


def test_a_long_list_has_pages(browser, member):
    first = order(member.customer)
    for _ in range(25):
        order(member.customer, first.pack)
    Purchase.objects.filter(id=first.id).update(pack_name="The first")
    page = list_of(browser)
    assert "The first" not in page
    older = re.search(r'href="(\?before=[^"]+)"', page)[1]
    page = list_of(browser, older)
    assert "The first" in page and "before=" not in page
    newer = re.search(r'href="(\?after=[^"]+)"', page)[1]
    page = list_of(browser, newer)
    assert "The first" not in page and "after=" not in page and older in page


@pytest.mark.parametrize("nonsense", ["x", "9" * 40, "00000000-0000-7000-8000-000000000001", "%00"])
def test_a_page_that_is_not_there_says_so(browser, member, nonsense):
    order(member.customer)
    for way in ("before", "after"):
        page = list_of(browser, f"?{way}={nonsense}")
        assert "not there any more" in page and "Waiting for payment" in page


def test_purchases_are_a_file(browser, member):
    pack = new_pack(name="=Small")
    payment = bought(member.customer, pack)
    say(refund_fact(payment, "re_1", payment.amount // 4))
    order(member.customer, pack)
    answer = browser.get(reverse("purchases-csv"))
    assert answer["Content-Disposition"] == 'attachment; filename="purchases.csv"'
    rows = list(csv.DictReader(StringIO(downloaded(answer).decode())))
    assert [one["state"] for one in rows] == ["Waiting for payment", "Partly refunded"]
    paid = rows[1]
    assert paid["purchase"] == payment.purchase.name and paid["pack"] == "'=Small"
    assert Decimal(paid["refunded"]) * 4 == Decimal(paid["total"])
    assert paid["receipt"].startswith("R-") and paid["credit_notes"].startswith("C-")


def test_all_chunks_are_one_list(member):
    first = order(member.customer)
    for _ in range(4):
        order(member.customer, first.pack)
    # Of one instant, too.
    Purchase.objects.update(created_at=first.created_at)
    found = Purchase.objects.all()
    walked = list(paged.chunks(found, by=("created_at", "id"), size=2))
    assert walked == list(found.order_by("-created_at", "-id"))


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("pending", "Waiting for payment"),
        ("failed", "Declined"),
        ("expired", "Expired"),
        ("cancelled", "Not paid"),
    ],
)
def test_each_state_has_its_words(browser, member, state, told):
    purchase = order(member.customer)
    Purchase.objects.update(state=state)
    assert told in list_of(browser)
    assert told in page_of(browser, purchase)


def test_a_purchase_shows_its_bill_and_what_is_unused(browser, member):
    purchase = bought(member.customer, credits=5000, price="25.00").purchase
    page = page_of(browser, purchase)
    for told in ("5,000 credits, valid for a year", "Total", "$25.00", purchase.name, "Paid"):
        assert told in page


def test_a_refund_is_told_with_its_credit_note(browser, member):
    purchase = bought(member.customer, credits=1000, price="100.00").purchase
    payment = purchase.payment
    say(refund_fact(payment, "re_1", 25_00))
    page = page_of(browser, purchase)
    for told in ("Partly refunded", "$25.00 refunded", "250 unused credits", "Credit note C-"):
        assert told in page


def test_the_bill_says_what_was_paid_in_the_end(browser, member):
    purchase = bought(member.customer, credits=1000, price="100.00").purchase
    assert "Paid in the end" not in page_of(browser, purchase)
    say(refund_fact(purchase.payment, "re_1", 25_00))
    purchase.refresh_from_db()
    lines = [(one.text, one.amount) for one in standing.lines(purchase)]
    paid = ("Paid in the end", "$75.00")
    assert lines[-3:] == [("Total", "$100.00"), ("Refunded", "-$25.00"), paid]
    assert "<dt>Paid in the end</dt>" in page_of(browser, purchase)


def test_a_dispute_is_told_in_plain_words(browser, member):
    payment = bought(member.customer, credits=1000, price="100.00")
    say(dispute_fact(payment, "open"))
    page = page_of(browser, payment.purchase)
    assert "In dispute" in page and "the bank decides, as a rule within 75 days" in page
    assert "1,000 credits cannot be spent" in page
    assert "Frozen" in page
    say(dispute_fact(payment, "won"))
    assert "The payment stands" in page_of(browser, payment.purchase)


def test_a_lost_dispute_says_what_was_taken(browser, member):
    payment = bought(member.customer, credits=1000, price="100.00")
    say(dispute_fact(payment, "open"))
    say(dispute_fact(payment, "lost"))
    page = page_of(browser, payment.purchase)
    assert "Charged back" in page
    assert "1,000 credits that were not used were taken back" in page


def test_the_receipt_is_a_pdf_to_keep(browser, member):
    purchase = bought(member.customer, price="25.00").purchase
    response = browser.get(reverse("document", args=[purchase.id, "R-000001"]))
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == 'attachment; filename="R-000001.pdf"'
    text = PdfReader(BytesIO(response.content)).pages[0].extract_text()
    assert "R-000001" in text
    assert "25.00" in text


def test_a_document_is_found_at_its_own_purchase_only(browser, member):
    bought(member.customer)
    other = bought(member.customer).purchase
    for name in ("R-000001", "R-000009", "nonsense"):
        assert browser.get(reverse("document", args=[other.id, name])).status_code == 404


def test_a_button_refunds_what_is_unused_within_the_window_only(browser, member, settings):
    purchase = bought(member.customer, price="25.00").purchase
    assert "Up to $25.00 would be refunded now" in page_of(browser, purchase)
    settings.REFUND_DAYS = 0
    assert "would be refunded" not in page_of(browser, purchase)


def test_what_is_refunded_wholly_has_no_button(browser, member):
    payment = bought(member.customer, price="100.00")
    say(refund_fact(payment, "re_1", 100_00))
    page = page_of(browser, payment.purchase)
    assert "Refunded" in page
    assert "Give unused credits back" not in page


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (None, "1,000 credits and 10,000 as a bonus, valid for a year"),
        (30, "1,000 credits, valid for a year, and 10,000 as a bonus, valid for 30 days"),
    ],
)
def test_a_bonus_says_how_long_it_is_valid(browser, member, days, told):
    payment = bought(member.customer, new_pack(bonus=10_000, bonus_validity_days=days))
    page = browser.get(reverse("purchase", args=[payment.purchase_id]))
    assert told in page.content.decode()
