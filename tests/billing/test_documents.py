from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from io import BytesIO

import pytest
from django.db import connection, transaction
from pypdf import PdfReader

from billing import documents, refunds
from billing.models import BillingProfile, Document, DocumentKind, DocumentSequence
from ledger.amounts import CREDIT
from tests.factories import billing
from tests.factories.accounts import CustomerFactory
from tests.factories.ledger import Book

pytestmark = pytest.mark.django_db

THREADS, EACH = 8, 12


def receipt(payment):
    return Document.objects.get(purchase=payment.purchase, kind="receipt")


def last(kind):
    return DocumentSequence.objects.filter(kind=kind).values_list("last", flat=True).first() or 0


def text(document):
    pages = PdfReader(BytesIO(documents.pdf(document))).pages
    return "\n".join(page.extract_text() for page in pages)


@pytest.fixture
def acme():
    customer = CustomerFactory(name="Acme")
    BillingProfile.objects.create(
        customer=customer,
        name="Acme GmbH",
        line1="Lindenstraße 5",
        postal_code="10969",
        city="Berlin",
        country="DE",
        tax_id="DE123456789",
    )
    return customer


def test_a_receipt_says_who_what_and_how_much(acme, settings):
    settings.SELLER = {"name": "Northwind AI", "address": "12 Harbour St", "tax_id": "IE1"}
    payment = billing.bought(acme, credits=5000, bonus=500, price="1234.50")
    read = text(receipt(payment))
    for told in (
        *("Receipt", receipt(payment).name, payment.purchase.name),
        *("Northwind AI", "12 Harbour St", "Tax id IE1"),
        *("Acme GmbH", "Lindenstraße 5", "10969 Berlin", "Tax id DE123456789"),
        *(payment.purchase.pack_name, "5,500 credits, valid until", "500 are a bonus"),
        *("1,234.50 USD", "Paid in full on"),
    ):
        assert told in read
    until = payment.paid_at.replace(year=payment.paid_at.year + 1)
    assert f"{until:%d %B %Y}" in read


def test_a_bonus_on_terms_of_its_own_is_told_apart():
    payment = billing.bought(credits=1000, bonus=200, bonus_validity_days=90)
    details = receipt(payment).content["lines"][0]["details"]
    assert details[0].startswith("1,000 credits, valid until")
    assert details[1].startswith("200 bonus credits, valid until")


def test_tax_stands_on_the_line_and_under_it():
    payment = billing.bought(billing.taxed("8.875"), price="1000.00")
    read = text(receipt(payment))
    assert "VAT 8.875" in read
    assert "88.75 USD" in read
    assert "1,088.75 USD" in read


def test_a_credit_note_names_its_receipt_and_its_reason(acme):
    payment = billing.sold_by_the_test_provider(acme).payment
    refund = refunds.request(payment.purchase, 400 * CREDIT, by=None, reason="Too many")
    note = refund.credit_note
    read = text(note)
    for told in (
        *("Credit note", note.name, receipt(payment).name, "Acme GmbH"),
        *("400 unused credits taken back", "40.00 USD", "Reason: Too many"),
    ):
        assert told in read


def test_each_partial_refund_has_a_note(acme):
    purchase = billing.sold_by_the_test_provider(acme)
    for credits in (100, 200):
        refunds.request(purchase, credits * CREDIT, by=None, reason="Too many")
    notes = Document.objects.filter(kind=DocumentKind.CREDIT_NOTE).order_by("number")
    assert [note.content["total"] for note in notes] == ["10.00", "20.00"]


def test_a_lost_dispute_has_a_credit_note_for_what_it_reversed():
    """Also what was used: its tax is due no more. What is beyond the payment reverses no sale."""
    payment = billing.bought(billing.taxed("20"))
    Book(payment.purchase.customer_id).debit(400 * CREDIT)
    billing.say(billing.refund_fact(payment, "one", 24_00))
    for state in ("open", "lost", "lost"):
        billing.say(billing.dispute_fact(payment, state))
    first, note = Document.objects.filter(kind="credit note").order_by("number")
    assert note.number == first.number + 1
    assert (note.dispute, note.refund) == (payment.disputes.get(), None)
    assert [note.content[name] for name in ("net", "tax", "total")] == ["80.00", "16.00", "96.00"]
    read = text(note)
    for told in (
        *("Credit note", note.name, receipt(payment).name, payment.purchase.name),
        *("Chargeback of Pack of 1,000", "400 unused credits taken back", "96.00 USD"),
    ):
        assert told in read


@pytest.mark.parametrize("state", ["open", "won"])
def test_a_dispute_that_is_not_lost_has_none(state):
    payment = billing.bought()
    billing.say(billing.dispute_fact(payment, state))
    assert not Document.objects.filter(kind="credit note").exists()


def test_the_address_is_as_it_was_then(acme):
    payment = billing.bought(acme)
    BillingProfile.objects.update(name="Acme SE", city="Hamburg", tax_id="")
    read = text(receipt(payment))
    assert "Acme GmbH" in read
    assert "Hamburg" not in read
    assert "Acme SE" in text(receipt(billing.bought(acme)))


def test_a_document_is_the_same_bytes_each_time(acme, settings):
    document = receipt(billing.bought(acme))
    first = documents.pdf(document)
    settings.SELLER = {"name": "Another", "address": "", "tax_id": ""}
    assert documents.pdf(Document.objects.get(id=document.id)) == first
    assert first.startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("Müller & Søn", "Müller & Søn"),
        ("Ψηφιακά Έργα", "Ψηφιακά Έργα"),
        ("ООО «Привет»", "ООО «Привет»"),
        ("Հայաստան ქართული", "Հայաստան ქართული"),
        ("שלום", "שלום"),
        ("株式会社", "□□□□"),
        ("हिन्दी ไทย 한국", "□"),
        ("🚀🧪 Rockets \u200b\u202e\x07", "Rockets"),
        ("x" * 200, "xxx"),
        ("<b>&amp;**__", "<b>&amp;**__"),
    ],
)
def test_names_of_any_script_are_drawn(name, read):
    customer = CustomerFactory()
    BillingProfile.objects.create(customer=customer, name=name, line1=name, city=name[:100])
    assert read in text(receipt(billing.bought(customer)))


def test_more_than_a_page_goes_on_with_the_next():
    document = Document(
        kind="receipt",
        number=1,
        issued_at=datetime(2026, 11, 21, tzinfo=UTC),
        content=receipt(billing.bought()).content,
    )
    document.content["lines"] *= 40
    reader = PdfReader(BytesIO(documents.pdf(document)))
    assert len(reader.pages) > 1
    assert "Page 2" in reader.pages[1].extract_text()


def test_numbers_go_up_by_one_for_each_kind(acme):
    receipts, notes = last("receipt"), last("credit note")
    for _ in range(3):
        purchase = billing.sold_by_the_test_provider(acme)
    refunds.request(purchase, by=None, reason="")
    names = [document.name for document in acme.documents.order_by("kind", "number")]
    assert names == [f"C-{notes + 1:06}", *(f"R-{receipts + n:06}" for n in (1, 2, 3))]


class Undone(Exception):
    pass


@pytest.mark.django_db(transaction=True)
def test_numbers_have_no_gap_whoever_fails_and_whoever_waits():
    before = last("receipt")

    def number(attempt):
        try:
            with transaction.atomic():
                taken = documents._next_number(DocumentKind.RECEIPT)
                if attempt % 3 == 0:
                    raise Undone
                return taken
        except Undone:
            return None

    def work(first):
        try:
            return [number(first + attempt) for attempt in range(EACH)]
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        taken = [one for found in pool.map(work, range(THREADS)) for one in found if one]
    assert sorted(taken) == list(range(before + 1, before + THREADS * EACH * 2 // 3 + 1))


@pytest.mark.django_db(transaction=True)
def test_purchases_that_are_paid_at_once_have_receipts_without_a_gap():
    before, purchases = last("receipt"), [billing.order() for _ in range(THREADS)]

    def pay(purchase):
        try:
            return receipt(billing.pay(purchase)).number
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        numbers = sorted(pool.map(pay, purchases))
    assert numbers == list(range(before + 1, before + THREADS + 1))
