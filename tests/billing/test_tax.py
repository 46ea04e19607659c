from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from billing import tax
from billing.errors import PlaceMissing
from billing.models import BillingProfile, Purchase, TaxRate
from ledger import selectors
from tests.factories import billing
from tests.factories.accounts import CustomerFactory

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def rate(percent, country="DE", region="", since=LONG_AGO):
    return TaxRate.objects.create(
        name="VAT", country=country, region=region, percent=Decimal(percent), effective_from=since
    )


def of(country, region=""):
    return BillingProfile(country=country, region=region)


def test_tax_is_of_the_buyers_country():
    rate("19")
    rate("20", "AT")
    due = tax.on(100_00, of("DE"))
    assert (due.amount, due.name, due.percent, due.country) == (19_00, "VAT", 19, "DE")
    assert tax.on(100_00, of("AT")).amount == 20_00


@pytest.mark.parametrize("profile", [None, of(""), of("CH")])
def test_without_a_rate_there_is_no_tax(profile):
    rate("19")
    assert tax.on(100_00, profile) == tax.Tax(0)


def test_a_regions_rate_goes_before_its_countrys():
    rate("2", "US")
    rate("8.875", "US", "NY")
    assert tax.on(100_00, of("US", "NY")).amount == 8_88
    assert tax.on(100_00, of("US", "OR")).amount == 2_00


def test_a_rate_holds_from_its_instant_on():
    now = selectors.now()
    rate("16", since=now - timedelta(days=30))
    rate("19", since=now - timedelta(days=1))
    rate("25", since=now + timedelta(days=1))
    assert tax.on(100_00, of("DE")).amount == 19_00


@pytest.mark.parametrize(
    ("net", "percent", "due"),
    [
        (50, "5", 2),  # 2.5
        (150, "5", 8),  # 7.5
        (10, "25", 2),  # 2.5
        (30, "25", 8),  # 7.5
        (33, "19", 6),  # 6.27
        (99, "8.875", 9),  # 8.78625
        (1, "0", 0),
        (10**12, "19", 19 * 10**10),
    ],
)
def test_tax_is_rounded_to_the_minor_unit_half_to_even(net, percent, due):
    rate(percent)
    assert tax.on(net, of("DE")).amount == due


def test_in_whole_units_where_a_currency_has_no_other():
    customer = billing.taxed("10", country="JP")
    purchase = billing.order(customer, price="1005", currency="JPY")
    assert (purchase.net, purchase.tax, purchase.total) == (1005, 100, 1105)


def test_tax_is_owed_and_never_revenue(books_tie):
    payment = billing.bought(billing.taxed("20"), price="100.00")
    customer = payment.purchase.customer_id
    assert billing.money(customer) == {"1000": 120_00, "2100": -100_00, "2200": -20_00}


def test_a_later_rate_changes_no_purchase_that_was_made():
    customer = billing.taxed("20")
    purchase = billing.order(customer)
    TaxRate.objects.update(percent=25)
    purchase.refresh_from_db()
    assert (purchase.tax, purchase.tax_percent) == (20_00, 20)


def test_a_customer_without_an_address_buys_nothing_yet():
    rate("19")
    with pytest.raises(PlaceMissing):
        billing.order(CustomerFactory())
    assert not Purchase.objects.exists()


@pytest.mark.parametrize("profile", [None, of("")])
def test_without_a_country_nothing_is_sold_where_a_rate_exists(profile):
    assert tax.due(100_00, profile) == tax.Tax(0)
    rate("20")
    with pytest.raises(PlaceMissing):
        tax.due(100_00, profile)
    assert tax.due(100_00, of("CH")) == tax.Tax(0)


def test_where_only_regions_tax_the_region_is_asked_for():
    rate("7.25", "US", "CA")
    with pytest.raises(PlaceMissing):
        tax.due(100_00, of("US"))
    assert tax.due(100_00, of("US", "CA")).amount == 7_25
    assert tax.due(100_00, of("US", "OR")) == tax.Tax(0)
    rate("1", "US")
    assert tax.due(100_00, of("US")).amount == 1_00
