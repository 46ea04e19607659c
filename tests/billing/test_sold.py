"""What the books know of a lot that is sold: sections 2 and 5 (E17) of the accounting rules."""

from datetime import date

import pytest

from billing.books import periods
from billing.facts import Buyer
from billing.models import BillingProfile, EscheatClass
from ledger.models import Lot
from tests.factories.accounts import CustomerFactory
from tests.factories.billing import bought, order, paid_fact, pay, say, taxed

pytestmark = pytest.mark.usefixtures("books_tie")


@pytest.fixture
def in_april(db, monkeypatch):
    monkeypatch.setattr(periods, "today", lambda: date(2026, 4, 30))


def lots(payment):
    found = Lot.objects.filter(customer_id=payment.purchase.customer_id).order_by("seq")
    return [(lot.cohort, lot.escheat_class) for lot in found]


def escheats(code, country, region=""):
    EscheatClass.objects.create(code=code, name=code, country=country, region=region)


def at(country, region=""):
    customer = CustomerFactory()
    BillingProfile.objects.create(customer=customer, country=country, region=region)
    return customer


def test_a_cohort_is_the_month_and_the_currency(in_april):
    assert lots(bought()) == [("2026-04/USD", None)]
    assert lots(bought(currency="EUR")) == [("2026-04/EUR", None)]


def test_packs_of_another_family_are_another_cohort(in_april):
    assert lots(bought(family="trial")) == [("2026-04/USD/trial", None)]


def test_a_bonus_on_terms_of_its_own_is_of_the_same_cohort(in_april):
    payment = bought(family="trial", bonus=200, bonus_validity_days=30)
    assert lots(payment) == [("2026-04/USD/trial", None)] * 2


def test_a_bonus_whose_part_of_the_price_is_nothing_is_of_none(in_april):
    """One in a hundred thousand of 1.00 is less than half a cent."""
    escheats("us", "US")
    payment = bought(at("US"), price="1.00", credits=100_000, bonus=1, bonus_validity_days=30)
    assert lots(payment) == [("2026-04/USD/escheat:us", "us"), (None, None)]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (("US", "CA"), "us-ca"),
        (("US", "NY"), "us"),
        (("US", ""), "us"),
        (("AT", "CA"), None),
        (("", ""), None),
    ],
)
def test_a_states_claim_goes_by_the_buyers_region_before_its_country(in_april, place, expected):
    escheats("us", "US")
    escheats("us-ca", "US", "CA")
    name = "2026-04/USD" + (f"/escheat:{expected}" if expected else "")
    assert lots(bought(at(*place))) == [(name, expected)]


def test_without_an_address_it_goes_by_the_place_that_takes_the_tax(in_april):
    escheats("at", "AT")
    customer = taxed("20", country="AT")
    purchase = order(customer)
    BillingProfile.objects.filter(customer=customer).delete()
    assert lots(pay(purchase)) == [("2026-04/USD/escheat:at", "at")]


def test_an_address_that_the_provider_found_out_counts_for_this_sale(in_april):
    escheats("us-ca", "US", "CA")
    purchase = order()
    say(paid_fact(purchase, buyer=Buyer(country="US", region="CA")))
    assert lots(purchase.payment) == [("2026-04/USD/escheat:us-ca", "us-ca")]
