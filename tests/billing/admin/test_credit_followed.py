"""An auditor follows one credit from its purchase to revenue, and back, by clicking alone."""

import html
import json
import re
import time

import pytest
from django.urls import reverse

from accounts.models import Customer
from billing import events
from billing.books import periods
from billing.models import Purchase
from billing.providers import signatures
from billing.providers.sandbox import acts, delivery
from ledger import services
from ledger.amounts import CREDIT
from ledger.models import Lot
from tests.factories import billing
from tests.factories.accounts import CustomerFactory
from tests.ledger.api.conftest import operate

_LINK = re.compile(r'<a\b[^>]*\bhref="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)


class Reader:
    """Of pages, who knows nothing but what they say."""

    def __init__(self, client, page):
        self.client, self.path, self.text = client, "", ""
        self.open(page)

    def open(self, path):
        answer = self.client.get(path, follow=True)
        assert answer.status_code == 200, path
        chain = answer.redirect_chain
        self.path, self.text = (chain[-1][0] if chain else path), answer.content.decode()

    def links(self):
        return [
            (html.unescape(to), html.unescape(re.sub(r"<[^>]+>", "", text)).strip())
            for to, text in _LINK.findall(self.text)
        ]

    def click(self, said, to=""):
        """The first link that says so, and leads to such a page."""
        found = [path for path, text in self.links() if re.fullmatch(said, text) and to in path]
        assert found, (said, to, self.path, self.links()[-40:])
        self.open(found[0])
        return self

    def __contains__(self, text):
        return text in self.text


@pytest.fixture
def bought(db, settings):
    settings.PAYMENT_PROVIDERS = ["test"]
    purchase = billing.order(CustomerFactory(name="Acme"))
    paid = acts.pay(purchase.provider_ref)
    body = json.dumps(
        {"id": "tev_1", "type": "checkout.paid", "created": int(time.time())}
        | {"data": acts.shown_checkout(paid)}
    ).encode()
    events.receive("test", body, {delivery.HEADER: signatures.sign(body, delivery.secret())})
    return Purchase.objects.get()


@pytest.fixture
def used(bought):
    """A call, settled, whose credits are revenue."""
    acme = Customer.objects.get(id=bought.customer_id)
    hold = operate("reserve", acme, amount=4 * CREDIT, request_id="the-call")
    operate("commit", acme, reservation_id=hold.reservation_id)
    services.recognise([acme.id])
    return bought


def test_from_the_purchase_to_revenue_by_clicking(staff, used):
    reader = Reader(staff, reverse("admin:billing_purchase_changelist"))
    reader.click("pur_….*", "purchase")
    reader.click("lot_….*", "/lot/")
    assert "What became of it" in reader
    # What it was used for: the call, and all that moved with it.
    lot_page = reader.path
    reader.click("Its use, call by call").click("txn_….*", "/transfer/")
    reader.click("txn_.*", "/transaction/")
    assert "U20 Available, held and frozen" in reader and "U30 Consumed" in reader
    reader.click("The call", "/reservation/")
    assert "the-call" in reader
    # And what that was in the books.
    reader.open(lot_page)
    assert "4100 Usage revenue" in reader
    reader.click("txn_.*", "/transaction/")
    assert "2100 Deferred revenue: credits" in reader and "4100 Usage revenue" in reader
    month = f"{periods.today():%Y-%m}"
    transaction = reader.path
    reader.click(f"Trial balance of {month}")
    assert "Usage revenue" in reader
    reader.open(transaction)
    reader.click(f"Books of {month}", "/period/")


def test_and_back_from_the_books_of_the_month(staff, used):
    month = f"{periods.today():%Y-%m}"
    reader = Reader(staff, reverse("admin:billing_period_change", args=[month]))
    reader.click(f"All entries of {month}", "month=")
    assert "usage" in reader
    # The newest entry is what use was worth.
    reader.click("txn_….*", "/transfer/").click("txn_.*", "/transaction/")
    assert "4100 Usage revenue" in reader
    reader.click("lot_.*", "/lot/").click("pur_.*", "/purchase/")
    assert used.name in reader


def test_from_the_call_to_what_was_bought(staff, used):
    reader = Reader(staff, f"{reverse('admin:ledger_reservation_changelist')}?q=the-call")
    reader.click("rsv_….*", "/reservation/").click("lot_.*", "/lot/").click("pur_.*")
    assert used.name in reader


def test_a_lots_money_ends_where_it_began(staff, used):
    """What the page says was sold and recognised is what the lot's price is."""
    lot = Lot.objects.get(customer=used.customer)
    reader = Reader(staff, reverse("admin:ledger_lot_changelist")).click("lot_….*", "/lot/")
    for figure in ("issued", "used", "left"):
        assert f"<dt>{figure}</dt>" in reader
    assert lot.document == used.name
    reader.click("Its money", "unit=money")
    assert "usage" in reader and "There are no older ones" in reader


def test_a_transaction_has_both_sides(staff, used):
    reader = Reader(staff, f"{reverse('admin:ledger_transaction_changelist')}?kind=usage")
    page = reader.click("txn_….*", "/transaction/").text
    total = re.search(
        r'<td>All</td><td>USD</td><td class="amount">(.*?)</td><td class="amount">(.*?)</td>', page
    )
    assert total and total[1] == total[2] != ""
