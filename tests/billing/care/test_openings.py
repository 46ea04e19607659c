"""Opening balances from another system: tried, approved by another, entered once, and then lots as
all are."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from accounts import ids
from accounts.models import Customer, CustomerStatus
from billing.admin.dashboard import credits, revenue, summed
from billing.admin.dashboard.blocks import Seen
from billing.books import closing, cohorts, periods
from billing.books.exports import journal
from billing.books.reports import roll_forward
from billing.books.scenarios.database import throw_away
from billing.care.openings import applying, deciding, telling
from billing.care.openings.errors import OpeningsRefused
from billing.dashboard import spans
from billing.models import OpeningImport, OpeningLine, OpeningState
from billing.sheets.problems import SheetRefused
from ledger import checks, company_sums, selectors
from ledger.amounts import CREDIT
from ledger.models import Lot
from ledger.money import CREDITS
from tests.billing.care.files import HEADER, entered, person, uploaded
from tests.factories import billing
from tests.factories.accounts import CustomerFactory
from tests.factories.dated import Calendar
from tests.factories.ledger import Book

NEXT_YEAR = f"{datetime.now(UTC).year + 1}-06-30"


@pytest.fixture
def acme(db):
    return CustomerFactory(name="Acme", email="owner@acme.example", external_id="acme-1")


def problems(*rows, header=HEADER):
    with pytest.raises(SheetRefused) as refusal:
        uploaded(*rows, header=header)
    assert not OpeningLine.objects.exists() and not OpeningImport.objects.exists()
    return [str(problem) for problem in refusal.value.problems]


def broken(*customers):
    found = checks.run(connection, [customer.id for customer in customers])
    return [finding.check.name for finding in found if finding.broken]


def test_lots_come_with_their_deferred_revenue(acme):
    batch = entered(
        f"A-1,{ids.encode('cus', acme.id)},,,,paid,1000.000001,USD,80.00,2026-01-15,{NEXT_YEAR}",
        "A-2,,acme-1,,,bonus,10,USD,0.50,2026-02-01,",
        "A-3,,,OWNER@acme.example,,goodwill,5,,,,",
    )
    assert (batch.state, batch.lines_done) == (OpeningState.DONE, 3)
    assert billing.money(acme.id) == {"3900": 80_50, "2100": -80_50}
    assert billing.credits(acme.id) == {"U10": 1015, "U20": 1015}
    lots = Lot.objects.filter(customer=acme).order_by("seq")
    assert [(lot.kind, lot.units, lot.price, lot.cohort, lot.document) for lot in lots] == [
        ("paid", 1000 * CREDIT + 1, 80_00, "2026-01/USD/from:elsewhere", "opening:A-1"),
        ("bonus", 10 * CREDIT, 50, "2026-02/USD/from:elsewhere", "opening:A-2"),
        ("goodwill", 5 * CREDIT, 0, None, "opening:A-3"),
    ]
    # A day ends when it is over, in the provider's zone.
    assert lots[0].expires_at.isoformat() == f"{NEXT_YEAR}T23:59:59+00:00"
    assert broken(acme) == []


def test_a_price_and_what_is_left_of_it_say_what_is_deferred(acme):
    header = "reference,external_id,kind,credits,credits_sold,currency,price,purchased_at"
    entered("A-1,acme-1,paid,333,1000,USD,100.00,2026-01-15", header=header)
    assert billing.money(acme.id) == {"3900": 33_30, "2100": -33_30}


def test_new_customers_are_made_once(db):
    entered(
        "B-1,,beta-9,Billing@Beta.example,Beta,paid,10,EUR,1.00,2026-01-15,",
        "B-2,,beta-9,billing@beta.example,Beta,promo,5,,,,",
        "C-1,,,info@gamma.example,Gamma,promo,7,,,,",
    )
    beta, gamma = Customer.objects.filter(name__in=["Beta", "Gamma"]).order_by("name")
    assert (beta.email, beta.external_id) == ("billing@beta.example", "beta-9")
    assert (gamma.email, gamma.external_id) == ("info@gamma.example", None)
    assert billing.credits(beta.id)["U20"] == 15
    assert broken(beta, gamma) == []


def test_nothing_is_entered_before_another_approves(acme):
    batch = uploaded("A-1,,acme-1,,,promo,10,,,,")
    with pytest.raises(OpeningsRefused, match="Somebody else must decide"):
        deciding.approve(batch.id, by=batch.asked_by)
    assert applying.run_waiting() == 0
    assert not Lot.objects.filter(customer=acme).exists()
    deciding.approve(batch.id, by=person())
    with pytest.raises(OpeningsRefused, match="decided already"):
        deciding.decline(batch.id, by=person())
    assert applying.run_waiting() == 1


def test_what_nobody_approved_in_seven_days_is_to_be_uploaded_again(acme):
    batch = uploaded("A-1,,acme-1,,,promo,10,,,,")
    OpeningImport.objects.update(asked_at=batch.asked_at - timedelta(days=7))
    with pytest.raises(OpeningsRefused, match="within 7 days"):
        deciding.approve(batch.id, by=person())
    again = uploaded("A-1,,acme-1,,,promo,10,,,,")
    batch.refresh_from_db()
    assert (batch.state, again.state) == (OpeningState.EXPIRED, OpeningState.WAITING)


def test_what_was_declined_can_be_uploaded_again(acme):
    deciding.decline(uploaded("A-1,,acme-1,,,promo,10,,,,").id, by=person())
    assert uploaded("A-1,,acme-1,,,promo,10,,,,").lines_total == 1


def test_the_approval_looks_again(acme):
    batch = uploaded(f"A-1,,acme-1,,,promo,10,,,,{NEXT_YEAR}")
    Customer.objects.filter(id=acme.id).update(status=CustomerStatus.CLOSED)
    with pytest.raises(OpeningsRefused, match="Acme was closed"):
        deciding.approve(batch.id, by=person())
    OpeningLine.objects.update(expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    assert [problem.column for problem in telling.problems(batch)] == ["expires_at", "customer_id"]


def test_the_same_file_twice_does_nothing_twice(acme):
    row = "A-1,,acme-1,,,paid,10,USD,1.00,2026-01-15,"
    entered(row)
    assert "All 1 rows were entered before" in str(pytest.raises(SheetRefused, uploaded, row).value)
    more = entered(row, "A-2,,acme-1,,,promo,5,,,,")
    assert (more.lines_total, more.lines_known) == (1, 1)
    assert billing.credits(acme.id)["U20"] == 15


def test_a_reference_is_of_one_lot(acme):
    CustomerFactory(external_id="other")
    entered("A-1,,acme-1,,,promo,10,,,,")
    for row in ("A-1,,acme-1,,,promo,11,,,,", "A-1,,other,,,promo,10,,,,"):
        with pytest.raises(SheetRefused, match="with other values"):
            uploaded(row)
    uploaded("A-2,,acme-1,,,promo,10,,,,")
    with pytest.raises(SheetRefused, match="row 2, reference: It waits for approval"):
        uploaded("A-2,,acme-1,,,promo,10,,,,")


def test_every_mistake_is_told_with_its_row_and_column(acme):
    CustomerFactory(email="twice@example.com")
    CustomerFactory(email="twice@example.com")
    closed = CustomerFactory(external_id="closed")
    Customer.objects.filter(id=closed.id).update(status=CustomerStatus.CLOSED)
    told = problems(
        ",,acme-1,,,promo,10,,,,",
        "A-1,,acme-1,,,gift,1.2345678,,,,",
        "A-2,,acme-1,,,paid,10,XXQ,1.00,2026-01-15,",
        "A-3,,acme-1,,,paid,10,USD,1.005,2026-01-15,",
        "A-4,,acme-1,,,promo,10,USD,1.00,2026-01-15,",
        "A-5,,acme-1,,,paid,10,,,2026-01-15,",
        "A-6,,acme-1,,,paid,10,USD,1.00,,2001-01-01",
        "A-7,,acme-1,,,promo,10,,,2090-01-01,tomorrow",
        "A-8,,nobody,,,promo,10,,,,",
        "A-9,,,twice@example.com,,promo,10,,,,",
        "A-10,,closed,,,promo,10,,,,",
        "A-11,,,,,promo,10,,,,",
        "A-12,cus_1,,,,promo,10,,,,",
        "A-13,,,no address,New,promo,10,,,,",
        "A-14,,new,new@new.example,New,promo,10,,,,",
        "A-15,,new,other@new.example,New,promo,10,,,,",
        "A-16,,acme-1,,,promo,0,,,,",
        "A-16,,acme-1,,,promo,1,,,,",
        "A-16,,acme-1,,,promo,1,,,,",
    )
    places = [re.match(r"row (\d+), (\w+)", one).groups() for one in told]
    assert sorted(places, key=lambda place: (int(place[0]), place[1])) == [
        ("2", "reference"),
        *(("3", "credits"), ("3", "kind")),
        ("4", "currency"),
        ("5", "deferred"),
        ("6", "deferred"),
        ("7", "deferred"),
        *(("8", "expires_at"), ("8", "purchased_at")),
        *(("9", "expires_at"), ("9", "purchased_at")),
        ("10", "external_id"),
        ("11", "email"),
        ("12", "external_id"),
        ("13", "customer_id"),
        ("14", "customer_id"),
        ("15", "email"),
        ("17", "name"),
        ("18", "credits"),
        ("20", "reference"),
    ]


def test_a_file_that_stops_in_between_goes_on(acme, monkeypatch):
    monkeypatch.setattr(applying, "AT_ONCE", 2)
    batch = uploaded(*(f"A-{n},,acme-1,,,promo,1,,,," for n in range(5)))
    deciding.approve(batch.id, by=person())
    assert applying._some(batch.id) == 2
    # The ledger had the next lots, and whoever asked for them never heard of it.
    applying._some(batch.id)
    OpeningLine.objects.filter(reference__in=["A-2", "A-3"]).update(lot_id=None)
    assert applying.run(batch) == 3
    assert billing.credits(acme.id)["U20"] == 5
    assert batch.state == OpeningState.DONE
    assert set(OpeningLine.objects.values_list("lot_id", flat=True)) == set(
        Lot.objects.filter(customer=acme).values_list("id", flat=True)
    )


def test_what_ends_while_it_waits_to_be_entered_is_entered_and_expires(acme):
    batch = uploaded(f"A-1,,acme-1,,,paid,10,USD,1.00,2026-01-15,{NEXT_YEAR}")
    deciding.approve(batch.id, by=person())
    OpeningLine.objects.update(expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    applying.run(batch)
    lot = Lot.objects.get(customer=acme)
    assert lot.expires_at - lot.issued_at <= applying.LEAST
    assert billing.money(acme.id) == {"3900": 1_00, "2100": -1_00}


def test_the_preview_says_what_is_entered(acme):
    batch = uploaded(
        "A-1,,acme-1,,,paid,10,USD,1.00,2026-01-15,",
        "A-2,,acme-1,,,paid,20,USD,2.50,2026-03-15,",
        "A-3,,new,n@new.example,New,paid,5,EUR,4.00,2026-02-15,",
        "A-4,,new,n@new.example,New,promo,7,,,,",
    )
    told = telling.preview(batch)
    assert told.totals == [
        ("paid", "EUR", 1, 5 * CREDIT, 4_00),
        ("paid", "USD", 2, 30 * CREDIT, 3_50),
        ("promo", "", 1, 7 * CREDIT, 0),
    ]
    assert (told.credits, told.deferred) == (42 * CREDIT, {"EUR": 4_00, "USD": 3_50})
    assert (told.known, told.new) == (1, 1)


def test_a_long_file_is_read_in_parts(acme):
    rows = (f"A-{n},,acme-1,,,promo,1,,,," for n in range(2500))
    assert uploaded(*rows).lines_total == 2500


@pytest.fixture
def empty_books(django_db_setup: None, django_db_blocker):
    """In a database of its own, whose months can be closed."""
    with django_db_blocker.unblock(), throw_away():
        calendar = Calendar()
        yield calendar
        calendar.reset()


def test_such_lots_are_used_recognised_expire_and_their_month_is_closed(empty_books):
    calendar, month = empty_books, date(2027, 3, 1)
    calendar.go(date(2027, 3, 2))
    acme = Customer.objects.create(name="Acme", external_id="acme-1")
    batch = entered("A-1,,acme-1,,,paid,1000,USD,100.00,2026-12-15,2027-03-20")
    assert batch.state == OpeningState.DONE
    book = Book(acme.id)
    assert book.debit(400 * CREDIT).ok
    calendar.go(date(2027, 4, 2))
    period = closing.close(month)
    assert period.state == "closed"
    assert billing.money(acme.id) == {"3900": 100_00, "4100": -40_00, "2110": -60_00}
    # Expiry is breakage, of the cohort of the month in which it was bought elsewhere.
    assert cohorts.recognised(date(2027, 3, 31)) == {"2026-12/USD/from:elsewhere": 60_00}
    assert [finding.check.name for finding in checks.run(connection) if finding.broken] == []
    lines = {one.name: one.deferred for one in roll_forward.lines(month, "USD")}
    assert (lines["openings"], lines["sales"], lines["closing"]) == (100_00, 0, 0)
    exported = {one.title: one.lines for one in journal.journals(month)}
    assert [(line.account, line.amount) for line in exported["Opening balances"]] == [
        ("3900", 100_00),
        ("2100", -100_00),
    ]
    assert periods.closed_through() == date(2027, 3, 31)


def test_what_was_sold_elsewhere_is_no_sale_of_the_dashboard(acme):
    def come_to():
        company_sums.advance(seconds=60)
        asked = Seen(spans.of(7, selectors.now()), boss)
        measures = (credits.SOLD, credits.GIVEN, credits.BROUGHT)
        of_credits = [one for one in asked.sums if one.unit == CREDITS]
        money = [one for one in asked.sums if one.unit == "USD"]
        return [
            *(summed.measured(of_credits, measure).now // CREDIT for measure in measures),
            summed.measured(money, revenue.SALES).now,
        ]

    boss = person()
    before = come_to()
    entered(
        f"A-1,{ids.encode('cus', acme.id)},,,,paid,1000,USD,80.00,2026-01-15,{NEXT_YEAR}",
        "A-3,,,OWNER@acme.example,,goodwill,5,,,,",
    )
    Book(acme.id).grant(7 * CREDIT, "paid", price=70, currency="USD")
    after = come_to()
    assert [one - past for one, past in zip(after, before, strict=True)] == [7, 0, 1005, 70]
