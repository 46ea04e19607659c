"""Staff's pages of costs and margins."""

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.models import User
from billing.admin.margins import panel
from billing.books import periods
from billing.models import EndpointCost, MarginTarget
from ledger import selectors
from ledger.amounts import CREDIT
from ledger.models import RateCard
from ledger.prices import rate_cards
from ledger.prices.pricing import Unit
from tests.downloads import downloaded
from tests.factories.billing import new_pack
from tests.factories.dated import sold
from tests.factories.ledger import Book
from tests.factories.partners import priced

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(db, client):
    client.force_login(User.objects.create_superuser("finance@example.com"))
    return client


@pytest.fixture
def price(db):
    """A credit at 10 cents, of which a call uses 10."""
    new_pack()
    return priced(10)


def costing(endpoint, amount):
    return EndpointCost.objects.create(
        endpoint=endpoint, amount=amount, currency="USD", starts_on=periods.today()
    )


def test_the_page_flags_what_is_under_its_target(staff, price):
    cost = costing(price.endpoint, "0.60")
    book = Book.new()
    book.grant(100 * CREDIT, kind="paid", price=10_00, currency="USD")
    book.debit(10 * CREDIT, price_id=price.id)
    page = staff.get(reverse("admin:billing_margin_changelist")).content.decode()
    assert "Under its target" in page and "<svg" in page and "40.00 %" in page
    cost.amount = "0.05"
    cost.save()
    page = staff.get(reverse("admin:billing_margin_changelist")).content.decode()
    assert "95.00 %" in page and "Under its target" not in page


def test_the_csv_has_what_the_page_has(staff, price):
    costing(price.endpoint, "0.25")
    book = Book.new()
    sold(book, 100)
    book.debit(100 * CREDIT, price_id=price.id)
    file = staff.get(reverse("admin:billing_margin_csv"), {"table": "endpoints"})
    lines = downloaded(file).decode().splitlines()
    assert lines[0].startswith("Endpoint,Calls,Credits used,Revenue,Partners' share,Cost")
    (line,) = [one for one in lines if one.startswith(price.endpoint.code)]
    assert line.split(",")[1:8] == ["1", "100", "1.00", "0.00", "0.25", "0.75", "0.75"]


def test_days_that_cannot_be_are_refused(staff):
    page = reverse("admin:billing_margin_changelist")
    for query in (
        {"start": "2026-02-01", "end": "2026-01-01"},
        {"start": "x"},
        {"start": "0001-01-01"},
        {"end": "9999-12-31"},
    ):
        answer = staff.get(page, query)
        assert answer.status_code == 200 and b"errornote" in answer.content
        assert staff.get(reverse("admin:billing_margin_csv"), query).status_code == 404


def test_a_draft_shows_what_its_prices_leave_before_it_is_published(staff, price):
    """1.00 a call, of which 0.40 are cost: 60 %."""
    costing(price.endpoint, "0.40")
    draft = rate_cards.copy_card(price.rate_card)
    page = reverse("admin:ledger_ratecard_change", args=[draft.pk])
    assert "Under its target" in staff.get(page).content.decode()
    MarginTarget.objects.create(endpoint=price.endpoint, percent=60)
    told = panel(draft)
    assert "60.0 %" in told and "Under its target" not in told
    assert staff.get(reverse("admin:ledger_ratecard_add")).status_code == 200
    assert type(admin.site._registry[RateCard]).__name__ == "CardAdmin"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"amount": "-0.1"}, "greater than or equal to 0"),
        ({"amount": "0.0000000001"}, "no more than 9 decimal places"),
        ({"currency": "XX"}, "no currency of ISO 4217"),
        ({"currency": "ZWL"}, "Packs are not sold in ZWL: USD, EUR"),
        ({"quantity": "to kens"}, "valid"),
        ({"quantity": "tokns"}, "No price of this endpoint has tokns: it has pages, tokens."),
        ({}, "change that one"),
    ],
)
def test_a_cost_that_cannot_be_says_why(staff, price, fields, why):
    cost = costing(price.endpoint, "0.1")
    draft = rate_cards.create_card(name="units", effective_at=selectors.now())
    units = [Unit("tokens"), Unit("pages"), Unit("calls")]
    rate_cards.set_price(draft, price.endpoint, units=units)
    asked = {
        "endpoint": price.endpoint_id,
        "quantity": "",
        "amount": "0.2",
        "currency": "usd",
        "starts_on": cost.starts_on,
    }
    answer = staff.post(reverse("admin:billing_endpointcost_add"), asked | fields)
    assert why in str(answer.context["adminform"].form.errors)
    assert EndpointCost.objects.filter(endpoint=price.endpoint).count() == 1


def test_a_target_is_a_percentage(staff, price):
    add = reverse("admin:billing_margintarget_add")
    for percent in ("-1", "100", "x"):
        answer = staff.post(add, {"endpoint": price.endpoint_id, "percent": percent})
        assert answer.status_code == 200, percent
    assert not MarginTarget.objects.filter(endpoint=price.endpoint).exists()
    assert staff.post(add, {"endpoint": price.endpoint_id, "percent": "55.5"}).status_code == 302
