import re

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts import keys, services
from accounts.models import ApiKey, Customer, Scope, Service, ServiceKey, User
from accounts.selectors import key_digest
from tests.confirming import confirmed
from tests.factories.accounts import (
    ApiKeyFactory,
    CustomerFactory,
    MemberFactory,
    ServiceFactory,
    ServiceKeyFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

NO_MEMBERS = {"members-TOTAL_FORMS": "0", "members-INITIAL_FORMS": "0"}


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("boss@example.com"))
    return client


def page(model, name, *args):
    return reverse(f"admin:accounts_{model._meta.model_name}_{name}", args=args)


def act(client, action, *rows):
    """Asked of the list, and confirmed."""
    chosen = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    asked = client.post(page(type(rows[0]), "changelist"), chosen)
    return confirmed(client, asked.url)


def shown_key(response):
    found = re.search(r"dd[sk]_\w{32}_\w{6}", response.content.decode())
    return found and found[0]


@pytest.mark.parametrize("model", [User, Customer, Service, ServiceKey, ApiKey])
def test_every_list_and_page_opens(staff, model):
    MemberFactory()
    ServiceKeyFactory()
    ApiKeyFactory()
    row = model.objects.last() if model is not Customer else CustomerFactory()
    for path in (page(model, "changelist"), page(model, "add"), page(model, "change", row.pk)):
        assert staff.get(path).status_code == 200
    assert staff.get(page(model, "changelist"), {"q": "x"}).status_code == 200


@pytest.mark.parametrize("model", [User, Customer, Service, ServiceKey, ApiKey])
def test_nothing_is_deleted(staff, model):
    MemberFactory()
    ServiceKeyFactory()
    ApiKeyFactory()
    assert staff.get(page(model, "delete", model.objects.last().pk)).status_code == 403


def test_the_house_is_not_among_the_customers(staff):
    house = Customer.objects.get(name="House")
    assert b"House" not in staff.get(page(Customer, "changelist")).content
    assert staff.get(page(Customer, "change", house.pk)).status_code == 302


def test_a_customer_is_made_and_changed(staff):
    told = {"name": "Acme", "email": "", "external_id": "", "metadata": "{}"} | NO_MEMBERS
    told["time_zone"] = "Europe/Lisbon"
    staff.post(page(Customer, "add"), told)
    customer = Customer.objects.get(name="Acme")
    assert customer.time_zone == "Europe/Lisbon"
    assert (customer.email, customer.external_id) == (None, None)
    staff.post(page(Customer, "change", customer.pk), told | {"external_id": "42"})
    changed = Customer.objects.get(name="Acme")
    assert changed.external_id == "42"
    assert changed.changed_at > customer.changed_at


@pytest.mark.parametrize("wrong", [{"external_id": "42"}, {"metadata": '{"a": 1}'}, {"name": ""}])
def test_a_customer_is_held_to_the_rules_of_the_api(staff, wrong):
    CustomerFactory(external_id="42")
    told = {"name": "Acme", "email": "", "external_id": "", "metadata": "{}"} | NO_MEMBERS
    assert staff.post(page(Customer, "add"), told | wrong).status_code == 200
    assert not Customer.objects.filter(name="Acme").exists()


def test_customers_are_suspended_and_resumed(staff):
    customer = CustomerFactory()
    for action, status in (("suspend", "suspended"), ("resume", "active")):
        act(staff, action, customer)
        customer.refresh_from_db()
        assert customer.status == status


def test_a_person_is_added_by_email(staff):
    told = {"email": "Ann@Example.com", "name": "Ann", "usable_password": "false"}
    staff.post(page(User, "add"), told)
    assert User.objects.get(email="ann@example.com").name == "Ann"


def test_the_email_of_a_person_is_kept_in_lower_case(staff):
    person = UserFactory()
    staff.post(page(User, "change", person.pk), {"email": "New@Example.com", "is_active": "on"})
    person.refresh_from_db()
    assert person.email == "new@example.com"


def test_a_service_keys_secret_is_shown_once(staff):
    told = {"service": ServiceFactory().pk, "scopes": ["read", "admin"], "name": "deploy"}
    secret = shown_key(staff.post(page(ServiceKey, "add"), told, follow=True))
    key = ServiceKey.objects.get()
    assert keys.parse(secret) is keys.KeyKind.SERVICE
    assert (key.digest, key.scopes, key.name) == (key_digest(secret), ["read", "admin"], "deploy")
    assert shown_key(staff.get(page(ServiceKey, "change", key.pk))) is None


def test_scopes_are_called_as_the_api_writes_them(staff):
    form = staff.get(page(ServiceKey, "add")).content.decode()
    for scope in Scope:
        assert re.search(rf'value="{scope}"[^>]*>\s*{scope}\s*</label>', form)


def test_api_keys_are_written_so(staff):
    assert "Add API key" in staff.get(page(ApiKey, "add")).content.decode()


def test_an_api_keys_secret_is_shown_once(staff):
    customer = CustomerFactory()
    secret = shown_key(staff.post(page(ApiKey, "add"), {"customer": customer.pk}, follow=True))
    key = ApiKey.objects.get()
    assert (key.customer, key.digest) == (customer, key_digest(secret))
    assert shown_key(staff.get(page(ApiKey, "changelist"))) is None


@pytest.mark.parametrize("factory", [ServiceKeyFactory, ApiKeyFactory])
def test_a_key_is_revoked_but_never_edited(staff, factory):
    key = factory().key
    assert staff.post(page(type(key), "change", key.pk), {"name": "new"}).status_code == 403
    act(staff, "revoke", key)
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_the_addition_of_a_key_is_in_the_history_of_that_key(staff):
    staff.post(page(ServiceKey, "add"), {"service": ServiceFactory().pk, "scopes": ["read"]})
    key = ServiceKey.objects.get()
    assert b"Added." in staff.get(page(ServiceKey, "history", key.pk)).content


def test_staff_who_may_only_look_cannot_revoke(client):
    looker = services.create_user(email="looker@example.com")
    User.objects.filter(pk=looker.pk).update(is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_apikey"))
    client.force_login(looker)
    key = ApiKeyFactory().key
    chosen = {"action": "revoke", "_selected_action": [str(key.pk)]}
    client.post(page(ApiKey, "changelist"), chosen)
    key.refresh_from_db()
    assert key.revoked_at is None
