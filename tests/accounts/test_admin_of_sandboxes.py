import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import ApiKey, Customer, User
from ledger import sandboxes
from tests.confirming import confirmed
from tests.factories.accounts import ApiKeyFactory, CustomerFactory

pytestmark = pytest.mark.django_db

LIST = reverse("admin:accounts_customer_changelist")
KEYS = reverse("admin:accounts_apikey_changelist")


@pytest.fixture
def staff():
    client = Client()
    client.force_login(User.objects.create_superuser("boss@example.com", "x"))
    return client


def listed(staff, query=""):
    return set(staff.get(f"{LIST}?{query}").context["cl"].queryset)


def test_sandboxes_are_listed_where_somebody_asks_for_them(staff):
    customer = CustomerFactory()
    sandbox = sandboxes.opened(customer)
    assert {customer, sandbox} & listed(staff) == {customer}
    assert listed(staff, "sandboxes=only") == {sandbox}
    assert {customer, sandbox} <= listed(staff, "sandboxes=all")
    assert (
        staff.get(reverse("admin:accounts_customer_change", args=[sandbox.pk])).status_code == 200
    )


def test_a_customers_time_zone_is_changed(staff):
    customer = CustomerFactory()
    page = reverse("admin:accounts_customer_change", args=[customer.pk])
    told = {
        "name": customer.name,
        "metadata": "{}",
        "members-TOTAL_FORMS": 0,
        "members-INITIAL_FORMS": 0,
    }
    staff.post(page, told | {"time_zone": "Mars"})
    assert Customer.objects.get(id=customer.id).time_zone == "UTC"
    response = staff.post(page, told | {"time_zone": "Asia/Tokyo"})
    assert response.status_code == 302
    assert Customer.objects.get(id=customer.id).time_zone == "Asia/Tokyo"


def test_staff_make_a_key_with_limits_and_suspend_it(staff):
    customer = CustomerFactory()
    told = {"customer": customer.pk, "name": "web", "networks": "10.0.0.0/8,2001:DB8::/32"}
    page = staff.post(reverse("admin:accounts_apikey_add"), told, follow=True)
    key = ApiKey.objects.get(customer=customer)
    assert (key.endpoints, key.networks) == (None, ["10.0.0.0/8", "2001:db8::/32"])
    assert "Copy the key now" in page.content.decode()
    for action in ("suspend", "resume"):
        asked = staff.post(KEYS, {"action": action, "_selected_action": [key.pk]})
        confirmed(staff, asked.url)
        key.refresh_from_db()
        assert (key.suspended_at is not None) is (action == "suspend")


def test_wrong_limits_make_no_key(staff):
    told = {"customer": CustomerFactory().pk, "name": "web", "networks": "10.0.0.1/8"}
    page = staff.post(reverse("admin:accounts_apikey_add"), told)
    assert "no network" in page.content.decode()
    assert not ApiKey.objects.exists()


def test_a_key_has_a_page_that_tells_its_limits(staff):
    key = ApiKeyFactory(networks=["10.0.0.0/8"]).key
    page = staff.get(reverse("admin:accounts_apikey_change", args=[key.pk])).content.decode()
    assert "10.0.0.0/8" in page
