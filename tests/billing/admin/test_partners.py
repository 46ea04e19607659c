"""Staff's pages of partners: terms are agreed to and ended, payouts recorded once."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from accounts.models import User
from billing import partners
from billing.books import periods
from billing.models import Partner, PartnerPayout, PartnerTerm
from ledger.amounts import CREDIT
from tests.downloads import downloaded
from tests.factories.dated import sold
from tests.factories.ledger import Book
from tests.factories.partners import new_partner, priced, shared

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(db, client):
    client.force_login(User.objects.create_superuser("finance@example.com"))
    return client


@pytest.fixture
def partner(db) -> Partner:
    return new_partner()


def said(answer) -> str:
    return " ".join(str(answer.context["adminform"].form.errors).split())


def agreed(staff, partner, endpoint, /, **fields):
    asked = {
        "partner": partner.pk,
        "endpoint": endpoint.pk,
        "percent": "20",
        "credits": "",
        "starts_on": periods.today(),
        "ends_on": "",
    }
    return staff.post(reverse("admin:billing_partnerterm_add"), asked | fields)


def test_terms_are_agreed_to(staff, partner):
    endpoint = priced().endpoint
    assert agreed(staff, partner, endpoint).status_code == 302
    term = PartnerTerm.objects.get(partner=partner)
    assert (term.percent, term.credits, term.created_by.email) == (20, None, "finance@example.com")
    page = staff.get(reverse("admin:billing_partner_change", args=[partner.pk])).content.decode()
    assert f"{endpoint.code}</a>: 20 %" in page


def test_terms_in_credits_are_micro_credits(staff, partner):
    agreed(staff, partner, priced().endpoint, percent="", credits="1.5")
    assert PartnerTerm.objects.get(partner=partner).credits == 1_500_000


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"percent": "100.1"}, "at most 100 per cent"),
        ({"percent": "0"}, "above 0"),
        ({"percent": "-3"}, "above 0"),
        ({"percent": "1.00001"}, "4 decimal places"),
        ({"credits": "1"}, "one of the two"),
        ({"percent": ""}, "one of the two"),
        ({"percent": "", "credits": "-1"}, "greater than or equal to 0"),
        ({"starts_on": "2001-01-01"}, "from today on at the earliest"),
        ({"ends_on": date.min}, "Enter a valid date|from today on at the earliest"),
        ({"starts_on": "2090-01-02", "ends_on": "2090-01-02"}, "must be after the first"),
        ({"partner": ""}, "required"),
    ],
)
def test_what_cannot_be_is_said(staff, partner, fields, why):
    answer = agreed(staff, partner, priced().endpoint, **fields)
    assert any(one in said(answer) for one in why.split("|")), said(answer)
    assert not PartnerTerm.objects.filter(partner=partner).exists()


def test_terms_that_overlap_are_refused(staff, partner):
    endpoint, other = priced().endpoint, new_partner("Beta Data")
    agreed(staff, partner, endpoint)
    answer = agreed(staff, other, endpoint, starts_on=periods.today() + timedelta(days=40))
    assert f"is {partner}&#x27;s from" in said(answer)
    assert not PartnerTerm.objects.filter(partner=other).exists()


def test_terms_end_and_others_follow(staff, partner):
    endpoint, today = priced().endpoint, periods.today()
    agreed(staff, partner, endpoint)
    term = PartnerTerm.objects.get(partner=partner)
    page = reverse("admin:billing_partnerterm_change", args=[term.pk])
    assert staff.get(page).status_code == 200
    assert staff.post(page, {"ends_on": "2001-01-01"}).status_code == 200
    assert (
        staff.post(page, {"ends_on": today + timedelta(days=2), "percent": 90}).status_code == 302
    )
    term.refresh_from_db()
    assert (partners.terms.day_of(term.ends_at), term.percent) == (today + timedelta(days=2), 20)
    assert agreed(staff, partner, endpoint, starts_on=today + timedelta(days=1)).status_code == 200
    assert agreed(staff, partner, endpoint, starts_on=today + timedelta(days=2)).status_code == 302


def test_the_past_is_nobodys_to_change(db, partner):
    """A change of terms leaves every accrued amount."""
    price, book = priced(), Book.new()
    term = shared(price.endpoint, "50", on=periods.today(), partner=partner)
    sold(book, 100)
    book.debit(10 * CREDIT, price_id=price.id)
    partners.end(term, periods.today())
    shared(price.endpoint, "1", on=periods.today(), partner=partner)
    partners.accrue_all()
    assert [one.accrued for one in partners.owed(partner)] == [5]
    with pytest.raises(partners.terms.TermsOver):
        partners.end(term, periods.today())


@pytest.fixture
def owed(partner) -> Partner:
    """5.00 USD."""
    price, book = priced(), Book.new()
    shared(price.endpoint, "50", on=periods.today(), partner=partner)
    sold(book, 10_00)
    book.debit(1_000 * CREDIT, price_id=price.id)
    partners.accrue_all()
    return partner


def paid(staff, partner, **fields):
    asked = {
        "id": uuid4(),
        "partner": partner.pk,
        "amount": "5.00",
        "currency": "USD",
        "paid_on": periods.today(),
        "reference": "SEPA 17",
        "note": "",
    }
    return staff.post(reverse("admin:billing_partnerpayout_add"), asked | fields)


def test_a_payout_is_recorded_once_however_often_it_is_sent(staff, owed):
    assert staff.get(reverse("admin:billing_partnerpayout_add")).status_code == 200
    again = {"id": uuid4()}
    for fields in (again, again, {}):
        assert paid(staff, owed, **fields).status_code == 302
    payout = PartnerPayout.objects.get(partner=owed)
    assert (payout.amount, payout.beyond, payout.created_by.email) == (
        5_00,
        0,
        "finance@example.com",
    )
    assert [one.owed for one in partners.owed(owed)] == [0]
    page = reverse("admin:billing_partnerpayout_change", args=[payout.pk])
    assert staff.get(page).status_code == 200


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"amount": "5.01"}, "is owed 5.00 USD: 5.01 USD would be 0.01 USD more"),
        ({"amount": "5.00", "currency": "EUR"}, "is owed 0.00 EUR"),
        ({"amount": "0"}, "greater than or equal to"),
        ({"amount": "1.005"}, "no fractions of this size"),
        ({"reference": " "}, "required"),
        ({"paid_on": "2090-01-01"}, "still to come"),
    ],
)
def test_a_payout_that_cannot_be_says_why(staff, owed, fields, why):
    answer = paid(staff, owed, **fields)
    assert why in said(answer)
    assert [one.paid for one in partners.owed(owed)] == [0]


def test_more_than_is_owed_is_paid_by_who_says_so(staff, owed):
    assert paid(staff, owed, amount="7.50", beyond="on").status_code == 302
    assert PartnerPayout.objects.get(partner=owed).beyond == 2_50
    assert [one.owed for one in partners.owed(owed)] == [-2_50]


def test_a_reference_names_one_transfer(staff, owed):
    paid(staff, owed, amount="1.00")
    assert "recorded already: 1.00 USD" in said(paid(staff, owed, amount="2.00"))


def test_a_statement_is_a_page_csv_and_pdf(staff, owed):
    paid(staff, owed, amount="2.00")
    args = [owed.pk, f"{periods.today():%Y-%m}"]
    page = staff.get(reverse("admin:billing_partner_statement", args=args)).content.decode()
    for words in ("By endpoint, USD", "Owed, USD", "Payouts, USD", "SEPA 17", "50 %"):
        assert words in page
    file = staff.get(reverse("admin:billing_partner_statement_csv", args=args))
    lines = downloaded(file).decode().splitlines()
    assert lines[0] == "Endpoint,Share,Calls,Credits used,Earned,Your share"
    assert lines[1].endswith(",50 %,1,1000,10.00,5.00")
    named = staff.get(
        reverse("admin:billing_partner_statement_csv", args=args), {"table": "balance-USD"}
    )
    assert b"0.00,5.00,2.00,3.00" in downloaded(named)
    pdf = staff.get(reverse("admin:billing_partner_statement_pdf", args=args))
    assert pdf.content.startswith(b"%PDF")


def test_who_may_not_see_partners_sees_no_statement(client, owed):
    client.force_login(User.objects.create_user("clerk@example.com", is_staff=True))
    args = [owed.pk, f"{periods.today():%Y-%m}"]
    for page in ("statement", "statement_csv", "statement_pdf"):
        assert client.get(reverse(f"admin:billing_partner_{page}", args=args)).status_code == 403
    assert client.get(reverse("admin:billing_partnerpayout_add")).status_code == 403
