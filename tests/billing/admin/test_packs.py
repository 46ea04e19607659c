from datetime import timedelta

import pytest
from django.urls import reverse

from billing import selectors
from billing.models import Pack, TaxRate
from ledger.amounts import CREDIT
from ledger.selectors import now
from tests.factories import billing
from tests.factories.accounts import CustomerFactory


def form(*prices, existing=0, **changes):
    said = {
        "name": "Starter",
        "code": "starter",
        "credits": "5000",
        "validity_days": "365",
        "family": "standard",
        "active_from_0": "2026-01-01",
        "active_from_1": "00:00:00",
        "active_until_0": "",
        "active_until_1": "",
        "customer": "",
        "bonus_credits": "0",
        "bonus_validity_days": "",
        "expected_use_percent": "100",
        "bonus_expected_use_percent": "100",
        "prices-TOTAL_FORMS": str(len(prices)),
        "prices-INITIAL_FORMS": str(existing),
    }
    for number, price in enumerate(prices):
        amount, currency, *row = price
        said |= {f"prices-{number}-price_0": amount, f"prices-{number}-price_1": currency}
        for name, value in zip(("id", "pack"), row, strict=False):
            said[f"prices-{number}-{name}"] = str(value)
    return said | changes


def add(staff, *prices, **changes):
    return staff.post(reverse("admin:billing_pack_add"), form(*prices, **changes))


def change_page(row):
    return reverse(f"admin:billing_{row._meta.model_name}_change", args=[row.pk])


def test_a_pack_is_made_with_its_prices(staff, acme):
    made = add(staff, ("25.00", "USD"), ("23.5", "EUR"), bonus_credits="250.5", family="small")
    assert made.status_code == 302
    pack = Pack.objects.get()
    assert pack.family == "small"
    assert (pack.credits, pack.bonus_credits) == (5000 * CREDIT, 250_500_000)
    assert [str(one.price) for one in selectors.packs_for(acme, "USD")] == ["$25.00"]
    assert selectors.currencies_for(acme) == ["EUR", "USD"]


@pytest.mark.parametrize(
    "changes",
    [
        {"credits": "0"},
        {"credits": "-5"},
        {"credits": "0.0000001"},
        {"validity_days": "0"},
        {"bonus_validity_days": "0"},
        {"expected_use_percent": "0"},
        {"bonus_expected_use_percent": "101"},
        {"active_until_0": "2025-12-31", "active_until_1": "00:00:00"},
        {"code": "not a code"},
        {"family": ""},
        {"family": "not/one"},
    ],
)
def test_a_pack_that_is_none_is_refused(staff, changes):
    assert add(staff, ("25", "USD"), **changes).status_code == 200
    assert not Pack.objects.exists()


def test_a_bonus_that_takes_the_whole_price_is_refused(staff, acme):
    bonus = {"credits": "10", "bonus_credits": "10000", "bonus_validity_days": "30"}
    refused = add(staff, ("1000", "EUR"), ("1", "USD"), **bonus)
    assert "would take all of this price" in refused.content.decode()
    assert not Pack.objects.exists()
    assert add(staff, ("1000", "EUR"), **bonus).status_code == 302
    pack, price = Pack.objects.get(), Pack.objects.get().prices.get()
    kept = ("1", "EUR", price.id, pack.id)
    assert staff.post(change_page(pack), form(kept, existing=1, **bonus)).status_code == 200


@pytest.mark.parametrize(
    "prices",
    [
        [("0", "USD")],
        [("-1", "USD")],
        [("25.001", "USD")],
        [("25.5", "JPY")],
        [("25", "XXX")],
        [("25", "USD"), ("26", "USD")],
    ],
)
def test_a_price_that_is_none_is_refused(staff, prices):
    assert add(staff, *prices).status_code == 200
    assert not Pack.objects.exists()


def test_a_code_is_taken_once(staff):
    add(staff, ("25", "USD"))
    assert add(staff, ("26", "USD")).status_code == 200
    assert Pack.objects.count() == 1


def test_an_offer_is_for_one_customer(staff, acme):
    add(staff, ("20", "USD"), customer=str(acme.pk))
    assert len(selectors.packs_for(acme, "USD")) == 1
    assert selectors.packs_for(CustomerFactory(), "USD") == []
    page = staff.get(reverse("admin:billing_pack_changelist")).content.decode()
    assert "Acme" in page


def test_a_change_holds_for_purchases_to_come(staff, purchase):
    pack = purchase.pack
    (price,) = pack.prices.all()
    page = staff.get(change_page(pack)).content.decode()
    assert 'value="1000"' in page
    assert 'value="100.00"' in page
    said = form(("120", "USD", price.pk, pack.pk), existing=1, credits="1100", name="More for more")
    assert staff.post(change_page(pack), said).status_code == 302
    code = pack.code
    pack.refresh_from_db()
    assert (pack.name, pack.credits, pack.code) == ("More for more", 1100 * CREDIT, code)
    purchase.refresh_from_db()
    assert (purchase.pack_name, purchase.credits) == ("A thousand", 1000 * CREDIT)


def test_a_sale_is_ended(staff, acme):
    packs = [billing.new_pack(), billing.new_pack()]
    chosen = {"action": "end", "_selected_action": [str(packs[0].pk)]}
    page = staff.post(reverse("admin:billing_pack_changelist"), chosen, follow=True)
    assert "1 are on sale no more" in page.content.decode()
    assert [one.pack for one in selectors.packs_for(acme, "USD")] == [packs[1]]


def test_the_list_tells_what_is_on_sale(staff, db):
    billing.new_pack(active_from=now() + timedelta(days=1))
    billing.new_pack(active_until=now() + timedelta(days=1))
    billing.new_pack(active_from=now() - timedelta(days=2), active_until=now() - timedelta(days=1))
    page = staff.get(reverse("admin:billing_pack_changelist"))
    packs = page.context["cl"].result_list
    view = page.context["cl"].model_admin
    told = sorted(view.sold(pack).split()[0] for pack in packs)
    assert told == ["from", "no", "until"]


def test_no_pack_is_deleted(staff, purchase):
    delete = reverse("admin:billing_pack_delete", args=[purchase.pack_id])
    assert staff.post(delete, {"post": "yes"}).status_code == 403


def rate(**changes):
    said = {
        "country": "DE",
        "region": "",
        "name": "VAT",
        "percent": "19",
        "effective_from_0": "2099-01-01",
        "effective_from_1": "00:00:00",
    }
    return said | changes


def test_a_tax_rate_is_changed_until_it_holds(staff):
    assert staff.post(reverse("admin:billing_taxrate_add"), rate()).status_code == 302
    made = TaxRate.objects.get()
    assert staff.post(change_page(made), rate(percent="20")).status_code == 302
    made.refresh_from_db()
    assert made.percent == 20
    TaxRate.objects.update(effective_from=now() - timedelta(days=1))
    assert staff.post(change_page(made), rate(percent="21")).status_code == 403
    assert "icon-yes" in staff.get(reverse("admin:billing_taxrate_changelist")).content.decode()


@pytest.mark.parametrize(
    "changes", [{"country": "Germany"}, {"country": "de"}, {"percent": "101"}, {"percent": "-1"}]
)
def test_a_tax_rate_that_is_none_is_refused(staff, changes):
    assert staff.post(reverse("admin:billing_taxrate_add"), rate(**changes)).status_code == 200
    assert not TaxRate.objects.exists()


@pytest.mark.parametrize("form", ["pack", "taxrate"])
def test_what_is_new_begins_now_unless_told_otherwise(staff, form):
    page = staff.get(reverse(f"admin:billing_{form}_add")).content.decode()
    assert f'value="{now():%Y-%m-%d}"' in page
