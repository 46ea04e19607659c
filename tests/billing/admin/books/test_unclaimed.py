"""The register of unclaimed property."""

import pytest
from django.urls import reverse

from billing.books import escheat
from billing.models import UnclaimedProperty
from ledger.amounts import CREDIT
from tests.billing.admin.books.conftest import person, posted, told


@pytest.fixture
def held(october):
    book, lot = october
    return escheat.escheat(book.customer_id, lot, 120 * CREDIT)


def settle(client, row, verb, reference="DE-77"):
    page = reverse("admin:billing_unclaimedproperty_settle", args=[row.pk, verb])
    return client.post(page, {"reference": reference}, follow=True)


def page_of(row):
    return reverse("admin:billing_unclaimedproperty_change", args=[row.pk])


def test_it_is_a_window(staff, held):
    listed = staff.get(reverse("admin:billing_unclaimedproperty_changelist"))
    assert list(listed.context["cl"].result_list) == [held]
    text = staff.get(page_of(held)).content.decode()
    assert "12.00 USD" in text and "Remit to the state" in text
    assert staff.post(page_of(held), {"state": "remitted"}).status_code == 403


def test_it_is_remitted(staff, held):
    page = reverse("admin:billing_unclaimedproperty_settle", args=[held.pk, "remit"])
    assert "paid from cash" in staff.get(page).content.decode()
    answer = settle(staff, held, "remit")
    assert told(answer)[0].startswith("Remitted: 12.00 USD of ")
    held.refresh_from_db()
    assert (held.state, held.reference, posted("2300")) == ("remitted", "DE-77", 0)
    assert "Remit to the state" not in answer.content.decode()


def test_it_goes_back_to_its_owner(staff, held):
    settle(staff, held, "return")
    held.refresh_from_db()
    assert (held.state, posted("2300")) == ("returned", 0)


def test_it_is_settled_once(staff, held):
    settle(staff, held, "remit")
    answer = settle(staff, held, "return")
    assert answer.context["form"].non_field_errors()
    held.refresh_from_db()
    assert held.state == "remitted"


def test_wrong_input(staff, held):
    assert settle(staff, held, "remit", "").context["form"].errors["reference"]
    assert settle(staff, held, "keep").status_code == 404
    held.refresh_from_db()
    assert held.state == "held"


def test_only_who_may(client, held):
    client.force_login(person("looks@example.com", "view_unclaimedproperty"))
    assert "Remit to the state" not in client.get(page_of(held)).content.decode()
    assert settle(client, held, "remit").status_code == 403
    assert UnclaimedProperty.objects.get().state == "held"
    may = person("settles@example.com", "view_unclaimedproperty", "change_unclaimedproperty")
    client.force_login(may)
    assert settle(client, held, "remit").status_code == 200
    assert UnclaimedProperty.objects.get().state == "remitted"
