"""What a lot's page and the list of lots say of one that was moved, in part or whole."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ledger import lot_origins, services
from ledger.admin.shown import row_page
from ledger.amounts import CREDIT
from ledger.models import Lot
from tests.factories.accounts import CustomerFactory
from tests.ledger.admin.test_windows import found, lines
from tests.ledger.api.conftest import operate


@pytest.fixture
def moved(funded):
    """100 credits of 25.00 USD: 20 are used, 30 moved for 7.50, and 10 are used after that."""
    receiver = CustomerFactory(name="Receiver")
    operate("debit", funded, amount=20 * CREDIT)
    services.move(funded.id, receiver.id, amount=30 * CREDIT)
    operate("debit", funded, amount=10 * CREDIT)
    return Lot.objects.get(customer=funded), Lot.objects.get(customer=receiver)


def figures(staff, lot):
    page = staff.get(row_page("lot", lot.customer_id, lot.id))
    assert page.status_code == 200
    return dict(page.context["panel"].figures), page.content.decode()


def field(text, name):
    return re.search(rf'field-{name}".*?readonly">(.*?)</div>', text, re.S)[1].strip()


def test_what_was_issued_stays_what_it_was(staff, moved):
    told, text = figures(staff, moved[0])
    assert told == {
        "issued": "100",
        "paid for it": "25.00 USD",
        "used": "30",
        "moved to others": "30",
        "money moved with them": "7.50 USD",
        "left": "40",
        "carries now": "10.00 USD",
    }
    assert field(text, "issued") == '<span class="amount">100</span>'
    assert field(text, "bought_for") == "25.00 USD"
    assert field(text, "moved") == "30 with 7.50 USD"
    assert field(text, "basis") == "12.50 USD for 50"


def test_the_receivers_lot_began_with_what_came(staff, moved):
    told, text = figures(staff, moved[1])
    assert (told["issued"], told["paid for it"], told["left"]) == ("30", "7.50 USD", "30")
    assert field(text, "moved") == "-"


def test_what_was_moved_whole_carries_nothing(staff, funded):
    services.move(funded.id, CustomerFactory().id, amount=100 * CREDIT)
    told, _ = figures(staff, Lot.objects.get(customer=funded))
    assert (told["moved to others"], told["money moved with them"]) == ("100", "25.00 USD")
    assert (told["left"], told["carries now"]) == ("0", "0.00 USD")


def test_what_came_and_was_moved_on_is_both(staff, moved):
    services.move(moved[1].customer_id, CustomerFactory().id, amount=10 * CREDIT)
    told, _ = figures(staff, moved[1])
    assert (told["issued"], told["moved to others"], told["left"]) == ("30", "10", "20")
    assert "came later" not in told


def test_a_concession_came_later(staff, funded):
    lot = Lot.objects.get(customer=funded)
    services.attach(funded.id, amount=50 * CREDIT, lot_id=lot.id)
    told, text = figures(staff, lot)
    assert (told["issued"], told["came later"], told["left"]) == ("100", "50", "150")
    assert field(text, "basis") == "25.00 USD for 150"


def test_the_list_and_its_file_say_what_was_issued(staff, moved, funded):
    page = staff.get(reverse("admin:ledger_lot_changelist"), {"customer": "Acme"})
    (line,) = page.context["lines"]
    cells = {cell.name: str(cell.content) for cell in line}
    assert "100" in cells["issued"]
    assert (cells["bought_for"], cells["moved"]) == ("25.00 USD", "30 with 7.50 USD")
    assert cells["basis"] == "12.50 USD for 50"
    # Sums are of the basis, and say so.
    assert "basis: credits" in page.context["totals"]["sums"]
    (row,) = lines(staff, "lot", customer="Acme")
    assert (row["issued"], row["price"], row["moved"], row["moved_price"]) == (
        *("100", "25.00", "30", "7.50"),
    )
    assert (row["basis_credits"], row["basis_price"]) == ("50", "12.50")


def test_many_lots_are_looked_up_at_once(staff, funded):
    found(staff, "lot")
    with CaptureQueriesContext(connection) as one:
        found(staff, "lot")
    for _ in range(5):
        services.grant(funded.id, amount=CREDIT, kind="promo")
    with CaptureQueriesContext(connection) as more:
        assert len(found(staff, "lot")) == 6
    # Pieces and sums are as many as time allows.
    assert sum("ledger_transfer" in query["sql"] for query in more) == sum(
        "ledger_transfer" in query["sql"] for query in one
    )


def test_what_has_expired_is_told_by_lot(funded):
    lot = Lot.objects.get(customer=funded)
    assert lot_origins.expired(funded.id) == {}
    services.adjust(funded.id, amount=5 * CREDIT, cause="forfeit", lot_id=lot.id)
    assert lot_origins.expired(funded.id) == {lot.id: 5 * CREDIT}
