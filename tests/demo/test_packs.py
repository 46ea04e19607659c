import pytest

from billing import selectors
from billing.models import Pack, PackPrice
from config.demo import packs
from config.demo.catalogue import CREDIT
from tests.factories.accounts import CustomerFactory

pytestmark = pytest.mark.django_db


def on_sale(currency):
    found = selectors.packs_for(CustomerFactory(), currency)
    return [(one.pack.name, str(one.price.amount)) for one in found]


def test_northwind_sells_three_packs_in_two_currencies():
    packs.put_on_sale()
    assert on_sale("USD") == [
        ("Starter", "25.000"),
        ("Team", "100.000"),
        ("Company", "500.000"),
    ]
    assert [price for _, price in on_sale("EUR")] == ["23.000", "92.000", "460.000"]


def test_the_largest_has_a_bonus_on_terms_of_its_own():
    packs.put_on_sale()
    (bonus,) = Pack.objects.exclude(bonus_credits=0)
    assert (bonus.name, bonus.bonus_credits, bonus.bonus_validity_days) == (
        "Company",
        15_000 * CREDIT,
        90,
    )


def test_a_second_start_leaves_what_staff_changed():
    packs.put_on_sale()
    Pack.objects.filter(code="credits-5000").update(name="Small")
    PackPrice.objects.filter(price_currency="EUR").delete()
    packs.put_on_sale()
    assert Pack.objects.count() == 3
    assert on_sale("USD")[0][0] == "Small"
    assert on_sale("EUR") == []
