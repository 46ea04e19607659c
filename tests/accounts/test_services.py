from datetime import UTC, datetime

import pytest
from django.contrib.auth import authenticate

from accounts import keys, services
from accounts.errors import ExternalIdTaken
from accounts.keys import KeyKind
from accounts.models import Customer, CustomerStatus, Role, Scope, ServiceKey, User
from accounts.selectors import key_digest
from tests.factories.accounts import (
    ApiKeyFactory,
    CustomerFactory,
    ServiceFactory,
    ServiceKeyFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def test_a_new_customer_is_active():
    customer = services.create_customer(name="Acme", email="a@acme.example")
    customer.refresh_from_db()
    assert (customer.name, customer.email, customer.status) == ("Acme", "a@acme.example", "active")


def test_an_external_id_names_one_customer():
    CustomerFactory(external_id="42")
    other = CustomerFactory()
    with pytest.raises(ExternalIdTaken):
        CustomerFactory(external_id="42")
    with pytest.raises(ExternalIdTaken):
        services.update_customer(other, external_id="42")
    assert Customer.objects.filter(external_id="42").count() == 1


def test_an_update_changes_the_named_fields_only():
    customer = CustomerFactory(name="Old", email="a@b.example")
    stale = Customer.objects.get(id=customer.id)
    services.update_customer(customer, email=None)
    services.update_customer(stale, name="New")
    assert (stale.name, stale.email) == ("New", None)


def test_every_change_of_a_customer_is_later_than_the_one_before():
    customer = CustomerFactory()
    instants = [customer.changed_at]
    for change in (services.suspend_customer, services.resume_customer):
        instants.append(change(customer).changed_at)
    assert instants == sorted(set(instants))


def test_a_customer_is_suspended_and_resumed():
    customer = services.suspend_customer(CustomerFactory())
    assert customer.status == CustomerStatus.SUSPENDED
    assert services.resume_customer(customer).status == CustomerStatus.ACTIVE


def test_a_service_key_is_kept_as_a_digest_and_a_prefix_only():
    key, secret = services.create_service_key(service=ServiceFactory(), scopes=[Scope.READ])
    key = ServiceKey.objects.get(id=key.id)
    assert keys.parse(secret) is KeyKind.SERVICE
    assert (key.digest, key.prefix, key.scopes) == (key_digest(secret), secret[:12], ["read"])
    assert secret not in str(key.__dict__)


def test_an_api_key_is_of_the_customers_kind():
    customer = CustomerFactory()
    key, secret = services.create_api_key(customer=customer, name="production")
    assert keys.parse(secret) is KeyKind.CUSTOMER
    assert (key.customer, key.name, key.revoked_at) == (customer, "production", None)


@pytest.mark.parametrize("factory", [ApiKeyFactory, ServiceKeyFactory])
def test_a_key_stays_revoked_from_the_first_time_on(factory):
    key = factory().key
    created = key.changed_at
    services.revoke_key(key)
    first = key.revoked_at
    services.revoke_key(key)
    assert key.revoked_at == first
    assert key.changed_at > created


def test_touched_keys_of_both_kinds_say_when_they_were_last_used():
    used, used_too, unused = ApiKeyFactory().key, ServiceKeyFactory().key, ApiKeyFactory().key
    changed = used.changed_at
    services.touch_keys({used.id, used_too.id})
    for key in (used, used_too, unused):
        key.refresh_from_db()
    assert used.last_used_at and used_too.last_used_at and not unused.last_used_at
    assert used.changed_at == changed


def test_a_person_signs_in_with_the_email_in_any_case():
    services.create_user(email="Ann@Example.com ", password="correct horse")
    person = authenticate(username="ANN@example.com", password="correct horse")
    assert isinstance(person, User)
    assert (person.email, person.is_staff) == ("ann@example.com", False)


def test_a_person_without_a_password_cannot_sign_in_by_password():
    assert not UserFactory().has_usable_password()


def test_a_superuser_is_staff():
    boss = User.objects.create_superuser("boss@example.com", "correct horse")
    assert (boss.is_staff, boss.is_superuser) == (True, True)


def test_a_person_has_a_role_at_a_customer():
    member = services.add_member(customer=CustomerFactory(), user=UserFactory(), role=Role.BILLING)
    assert member.customer.members.get().role == "billing"


def test_times_of_creation_are_the_databases():
    customer = CustomerFactory()
    assert isinstance(customer.created_at, datetime)
    assert abs((datetime.now(UTC) - customer.created_at).total_seconds()) < 60
