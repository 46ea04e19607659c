"""What a finance team decides: one form, with who changed what."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from billing.books import closing
from billing.books.rows import value
from billing.models import EscheatClass, ExchangeRate, Policy
from tests.billing.admin.books.conftest import person

PAGE = "admin:billing_policy_changelist"


def zone():
    return value("select time_zone from ledger_books")


def save(client, **said):
    policy = Policy.current()
    names = ("method", "goodwill", "chargeback", "extension", "tax_point", "closing")
    said = {
        **{name: getattr(policy, name) for name in names},
        **{"reinstatement_grace_days": "30", "functional_currency": "USD", "time_zone": zone()},
        **said,
    }
    return client.post(reverse(PAGE), said, follow=True)


def test_each_choice_is_explained(staff):
    text = staff.get(reverse(PAGE)).content.decode()
    for paragraph in ("ASC 606-10-55-48", "IFRS 15.B46", "606-10-32-2A", "IFRIC 22", "25-10"):
        assert paragraph in text
    assert "It cannot be changed any more once a month was closed." in text
    assert "Nothing was changed here yet." in text


def test_it_is_changed_and_the_change_is_kept(staff, boss):
    page = save(staff, method="proportional", functional_currency="eur ")
    policy = Policy.current()
    assert (policy.method, policy.functional_currency) == ("proportional", "EUR")
    text = page.content.decode()
    assert "Method: When use becomes remote: at expiry → In proportion to use" in text
    assert "Functional currency: USD → EUR" in text and boss.email in text
    save(staff, method="proportional", functional_currency="EUR")
    assert LogEntry.objects.exclude(change_message="[]").count() == 1
    assert len(staff.get(reverse(PAGE)).context["changes"]) == 1


def test_that_expiry_needs_notice_is_what_the_ledger_keeps_to(staff):
    page = save(staff, expiry_needs_notice="on")
    assert value("select expiry_needs_notice from ledger_books") is True
    assert "Expiry needs notice: no → yes" in page.content.decode()
    save(staff)
    assert value("select expiry_needs_notice from ledger_books") is False


@pytest.mark.parametrize(
    "said",
    [
        {"method": "upfront"},
        {"functional_currency": "DOLLARS"},
        {"functional_currency": "U1"},
        {"reinstatement_grace_days": "-1"},
        {"time_zone": "Mars/Olympus"},
    ],
)
def test_wrong_choices_are_refused(staff, said):
    page = save(staff, **said)
    assert page.context["errors"]
    assert Policy.current().method == "remote" and zone() == "UTC"


def test_the_time_zone_until_a_month_is_closed(staff, october, last_month):
    page = save(staff, time_zone="Europe/Vienna")
    assert zone() == "Europe/Vienna"
    assert "Time zone: UTC → Europe/Vienna" in page.content.decode()
    save(staff, time_zone="UTC")
    closing.close(last_month)
    assert "Fixed: a month was closed" in staff.get(reverse(PAGE)).content.decode()
    save(staff, time_zone="Europe/Vienna")
    assert zone() == "UTC"


def test_only_who_may_changes_it(client, db):
    client.force_login(person("looks@example.com", "view_policy"))
    text = client.get(reverse(PAGE)).content.decode()
    assert 'type="submit" value="Save"' not in text and "UTC" in text
    assert save(client, method="proportional").status_code == 403
    client.force_login(person("changes@example.com", "view_policy", "change_policy"))
    save(client, method="proportional")
    assert Policy.current().method == "proportional"
    client.force_login(person("nobody@example.com"))
    assert client.get(reverse(PAGE)).status_code == 403


def test_escheat_classes_and_rates_are_lists(staff):
    said = {"name": "Delaware", "code": "us-de", "country": "us", "region": "de"}
    staff.post(reverse("admin:billing_escheatclass_add"), {**said, "dormancy_days": "1825"})
    place = EscheatClass.objects.get()
    assert (place.country, place.region) == ("US", "DE")
    said = {"currency": "eur", "to": "usd", "day": "2026-10-01", "rate": "1.1"}
    staff.post(reverse("admin:billing_exchangerate_add"), said)
    assert str(ExchangeRate.objects.get()) == "EUR/USD 1.1 from 2026-10-01"
    again = staff.post(reverse("admin:billing_exchangerate_add"), said)
    assert again.context["errors"]
    for page in ("escheatclass", "exchangerate"):
        assert staff.get(reverse(f"admin:billing_{page}_changelist")).status_code == 200
