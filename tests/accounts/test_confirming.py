"""Acts are confirmed on a page that says what happens, and done once."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts import acts, services
from accounts.admin.acting import address
from accounts.models import ApiKey, Confirmation, Customer, CustomerStatus, StaffRole, User
from ledger import sandboxes
from tests.confirming import confirmed, form_of, told
from tests.factories.accounts import ApiKeyFactory, CustomerFactory, ServiceKeyFactory

pytestmark = pytest.mark.django_db

LIST = reverse("admin:accounts_customer_changelist")


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("boss@example.com"))
    return client


def clerk(role):
    person = User.objects.create_user(
        f"{role}@example.com", is_staff=True, staff_role=role, name="Clerk"
    )
    client = Client()
    client.force_login(person)
    return client


def suspending(*customers):
    return address(acts.SUSPEND_CUSTOMER, *customers)


def status_of(customer):
    return Customer.objects.get(pk=customer.pk).status


def test_the_page_says_what_happens_and_does_nothing(staff):
    acme = CustomerFactory(name="Acme")
    page = staff.get(suspending(acme)).content.decode()
    assert "No new call is paid for" in page
    assert "Acme" in page and "Active" in page
    assert status_of(acme) == CustomerStatus.ACTIVE


def test_it_is_done_and_said(staff):
    acme = CustomerFactory(name="Acme")
    answer = confirmed(staff, suspending(acme))
    assert status_of(acme) == CustomerStatus.SUSPENDED
    assert told(answer) == ["Acme is suspended."]
    assert answer.redirect_chain[0][0] == reverse("admin:accounts_customer_change", args=[acme.pk])


def test_without_a_reason_nothing_is_done(staff):
    acme = CustomerFactory()
    answer = confirmed(staff, suspending(acme), reason="  ")
    assert "This field is required" in answer.content.decode()
    assert status_of(acme) == CustomerStatus.ACTIVE


def test_pressed_twice_it_is_done_once(staff):
    acme = CustomerFactory()
    sent = form_of(staff, suspending(acme)) | {"reason": "Fraud"}
    staff.post(suspending(acme), sent, follow=True)
    services.resume_customer(acme)
    answer = staff.post(suspending(acme), sent, follow=True)
    assert told(answer) == ["This was done already; nothing was done again."]
    assert status_of(acme) == CustomerStatus.ACTIVE
    assert Confirmation.objects.count() == 1


def test_what_has_changed_in_between_is_told(staff):
    acme = CustomerFactory()
    sent = form_of(staff, suspending(acme)) | {"reason": "Fraud"}
    services.suspend_customer(acme)
    answer = staff.post(suspending(acme), sent)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Something changed since this page was shown" in page
    assert "It is suspended already." in page
    assert not Confirmation.objects.exists()


def test_a_list_asks_for_all_that_were_chosen(staff):
    acme, other = CustomerFactory(name="Acme"), CustomerFactory(name="Other")
    chosen = {"action": "suspend", "_selected_action": [acme.pk, other.pk]}
    answer = staff.post(LIST, chosen)
    page = staff.get(answer.url).content.decode()
    assert "Acme" in page and "Other" in page
    assert {status_of(acme), status_of(other)} == {CustomerStatus.ACTIVE}
    done = confirmed(staff, answer.url)
    assert {status_of(acme), status_of(other)} == {CustomerStatus.SUSPENDED}
    assert done.redirect_chain[0][0] == LIST


def test_those_that_it_cannot_be_done_to_are_left_out(staff):
    acme, closed = CustomerFactory(), CustomerFactory(status=CustomerStatus.CLOSED)
    page = suspending(acme, closed)
    assert "The account is closed, and stays so." in staff.get(page).content.decode()
    confirmed(staff, page)
    assert status_of(acme) == CustomerStatus.SUSPENDED
    assert status_of(closed) == CustomerStatus.CLOSED


def test_a_sandbox_follows_its_customer(staff):
    sandbox = sandboxes.opened(CustomerFactory())
    page = staff.get(suspending(sandbox)).content.decode()
    assert "A sandbox follows its customer" in page
    assert 'type="submit" value="Suspend"' not in page
    staff.post(suspending(sandbox), form_of(staff, suspending(sandbox)) | {"reason": "x"})
    assert status_of(sandbox) == CustomerStatus.ACTIVE


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (StaffRole.SUPPORT, True),
        (StaffRole.ADMINISTRATOR, True),
        (StaffRole.FINANCE, False),
        (StaffRole.OPERATIONS, False),
        (StaffRole.AUDITOR, False),
    ],
)
def test_each_role_may_what_it_may(role, may):
    acme, person = CustomerFactory(), clerk(role)
    page = person.get(reverse("admin:accounts_customer_change", args=[acme.pk]))
    assert (suspending(acme) in page.content.decode()) is may
    if may:
        confirmed(person, suspending(acme))
    else:
        assert person.get(suspending(acme)).status_code == 403
        assert person.post(suspending(acme), {"reason": "x"}).status_code == 403
        person.post(LIST, {"action": "suspend", "_selected_action": [acme.pk]})
    assert (status_of(acme) == CustomerStatus.SUSPENDED) is may


@pytest.mark.parametrize("query", ["", "?id=", "?id=x", "?id=0190b1a0-0000-7000-8000-000000000000"])
def test_what_is_not_there_is_not_found(staff, query):
    page = reverse("admin:accounts_customer_suspend") + query
    assert staff.get(page).status_code == 404
    assert staff.post(page).status_code == 404


@pytest.mark.parametrize("sent", [{}, {"token": "x", "state": "y"}])
def test_a_form_that_nobody_was_shown_does_nothing(staff, sent):
    acme = CustomerFactory()
    assert staff.post(suspending(acme), sent | {"reason": "x"}).status_code == 200
    assert status_of(acme) == CustomerStatus.ACTIVE


@pytest.mark.parametrize("factory", [ApiKeyFactory, ServiceKeyFactory])
def test_a_key_is_revoked(staff, factory):
    key = factory().key
    page = address(acts.REVOKE_KEY, key)
    assert "cannot be undone" in staff.get(page).content.decode()
    confirmed(staff, page)
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert "It is revoked already." in staff.get(page).content.decode()


def test_a_key_is_suspended_and_resumed_but_not_for_the_customer(staff):
    key = ApiKeyFactory().key
    services.suspend_key(key)
    confirmed(staff, address(acts.SUSPEND_KEY, key))
    page = address(acts.RESUME_KEY, key)
    assert "It stays suspended: the customer suspended it, too." in staff.get(page).content.decode()
    confirmed(staff, page)
    key.refresh_from_db()
    assert (key.suspended_by_provider, key.suspended_at is not None) == (False, True)


def test_who_may_not_revoke_keys_does_not(staff):
    key = ApiKeyFactory().key
    person = clerk(StaffRole.FINANCE)
    assert person.get(address(acts.REVOKE_KEY, key)).status_code == 403
    assert ApiKey.objects.get().revoked_at is None
