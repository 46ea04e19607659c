"""Staff hand out a customer's data, and erase it; each is entered in the audit."""

import io
import zipfile

import pytest
from django.urls import reverse

from accounts.models import AuditEntry, Customer, StaffRole, User
from accounts.services import update_customer
from billing.models import Erasure
from tests.downloads import downloaded
from tests.factories.accounts import CustomerFactory


@pytest.fixture
def acme(db):
    return CustomerFactory(name="Acme Ltd", email="owner@acme.example")


def signed_in(client, role):
    user = User.objects.create_user(f"{role}@provider.example")
    User.objects.filter(id=user.id).update(is_staff=True, staff_role=role)
    client.force_login(user)
    return client


def page(name, customer):
    return reverse(f"admin:accounts_customer_{name}", args=[customer.pk])


def told(answer):
    return answer.content.decode()


def test_data_is_downloaded_and_that_is_audited(acme, client):
    signed_in(client, StaffRole.SUPPORT)
    assert "entered in the audit" in told(client.get(page("export", acme)))
    assert not AuditEntry.objects.filter(action="customer.exported").exists()
    archive = zipfile.ZipFile(io.BytesIO(downloaded(client.post(page("export", acme)))))
    assert b"owner@acme.example" in archive.read("company.csv")
    entry = AuditEntry.objects.get(action="customer.exported")
    assert (entry.customer, entry.person.email) == (acme, "support@provider.example")


@pytest.mark.parametrize("role", [StaffRole.OPERATIONS, StaffRole.AUDITOR])
def test_who_may_not_export_gets_nothing(acme, client, role):
    signed_in(client, role)
    assert client.get(page("export", acme)).status_code == 403
    assert client.post(page("export", acme)).status_code == 403


@pytest.mark.parametrize("role", [StaffRole.SUPPORT, StaffRole.FINANCE, StaffRole.AUDITOR])
def test_who_may_not_erase_erases_nothing(acme, client, role):
    update_customer(acme, status="closed")
    signed_in(client, role)
    assert client.post(page("erase", acme), {"typed": "Acme Ltd"}).status_code == 403
    assert not Erasure.objects.exists()


def test_an_open_account_is_told_what_stands_in_the_way(acme, client):
    signed_in(client, StaffRole.ADMINISTRATOR)
    shown = told(client.get(page("erase", acme)))
    assert "Its account is not closed" in shown and "Erase for ever" not in shown
    told(client.post(page("erase", acme), {"typed": "Acme Ltd"}))
    assert Customer.objects.get(id=acme.id).name == "Acme Ltd"


def test_it_is_erased_when_its_name_is_typed(acme, client):
    update_customer(acme, status="closed")
    signed_in(client, StaffRole.ADMINISTRATOR)
    assert "This cannot be undone" in told(client.get(page("erase", acme)))
    assert "type its name exactly" in told(client.post(page("erase", acme), {"typed": "acme"}))
    answer = client.post(page("erase", acme), {"typed": "Acme Ltd"}, follow=True)
    assert f"Erased customer {acme.id.hex[-8:]}" in told(answer)
    entry = AuditEntry.objects.get(action="customer.erased")
    assert entry.person.email == "administrator@provider.example"
    assert not [one for one in AuditEntry.objects.all() if "Acme" in f"{one.before}{one.after}"]
    again = told(client.post(page("erase", acme), {"typed": f"Erased customer {acme.id.hex[-8:]}"}))
    assert "erased before" in again


def test_the_providers_own_book_has_no_such_pages(client, db):
    signed_in(client, StaffRole.ADMINISTRATOR)
    house = Customer.objects.get(id="00000000-0000-7000-8000-000000000000")
    assert client.get(page("erase", house)).status_code == 404
