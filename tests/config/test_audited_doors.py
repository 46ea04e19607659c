"""Every door leaves who, from where and which request: portal forms, API calls, signing in."""

import json

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts import ids
from accounts.models import ApiKey, AuditEntry, Via
from billing.models import WebhookEndpoint
from tests.accounts.conftest import Caller
from tests.accounts.people import PASSWORD, browser_of, person
from tests.factories.accounts import (
    ApiKeyFactory,
    CustomerFactory,
    MemberFactory,
    ServiceKeyFactory,
)

pytestmark = pytest.mark.django_db
FROM = {"REMOTE_ADDR": "203.0.113.9"}
NAMED = {"X-Request-Id": "r-9"}


@pytest.fixture
def owner():
    cache.clear()
    return MemberFactory(user=person(), customer=CustomerFactory(name="Acme"))


def entry(**conditions):
    """The only one of them, and what it says of who asked."""
    found = AuditEntry.objects.get(**conditions)
    return found, (found.person, found.via, found.address, found.request_id)


def everything():
    return json.dumps(list(AuditEntry.objects.values("before", "after")), default=str)


def test_a_form_of_the_portal(owner):
    told = {"time_zone": "Europe/Berlin"}
    office = browser_of(owner)
    page = office.post(reverse("company-settings"), told, headers=NAMED, **FROM)
    assert page.status_code == 302
    found, who = entry(action="customer.changed")
    assert who == (owner.user, Via.PORTAL, "203.0.113.9", "r-9")
    assert (found.before, found.after) == (
        {"time_zone": "UTC"},
        {"time_zone": "Europe/Berlin"},
    )
    assert found.customer == owner.customer


def test_a_form_that_is_wrong_leaves_nothing(owner):
    browser_of(owner).post(reverse("company-settings"), {"time_zone": "Mars"})
    assert not AuditEntry.objects.exists()


def test_a_new_key_never_with_its_secret(owner):
    made = ServiceKeyFactory()
    path = f"/customers/{ids.encode('cus', owner.customer.id)}/keys"
    answer = Caller(made.secret).post(path, {"name": "ci"}, X_Request_Id="r-9")
    secret = answer.json()["secret"]
    found, _ = entry(action="apikey.added")
    assert (found.service, found.key_id, found.via) == (made.key.service, made.key.id, Via.API)
    assert found.after["digest"] == "(hidden)" and found.before is None
    digest = ApiKey.objects.get(name="ci").digest
    assert secret not in everything() and bytes(digest).hex() not in everything()


def test_a_write_that_is_sent_again_is_entered_once(owner):
    service = Caller(ServiceKeyFactory().secret)
    path = f"/customers/{ids.encode('cus', owner.customer.id)}/keys"
    for _ in range(2):
        assert service.post(path, {"name": "ci"}, Idempotency_Key="same").status_code == 201
    assert AuditEntry.objects.filter(action="apikey.added").count() == 1


def test_limits_that_a_service_sets(owner):
    service = Caller(ServiceKeyFactory().secret)
    path = f"/customers/{ids.encode('cus', owner.customer.id)}/limits"
    told = {"limits": [{"kind": "spend", "period": "day", "hard": "10"}]}
    assert service.send("PUT", path, told).status_code == 200
    found, _ = entry(action="limits.changed")
    assert found.before == {"provider": []}
    assert found.after["provider"][0]["hard"] == 10_000_000
    assert found.customer == owner.customer


def test_a_customers_own_key_changes_nothing(owner):
    key = ApiKeyFactory(customer=owner.customer)
    path = f"/customers/{ids.encode('cus', owner.customer.id)}"
    assert Caller(key.secret).patch(path, {"name": "x"}).status_code == 403
    assert not AuditEntry.objects.exists()


def test_whoever_signs_in_acts_from_then_on(owner, settings):
    """The password is hashed anew within the request that signs in, before it is known whose it
    is: that is nobody's change. What comes after is theirs."""
    office = Client()
    told = {"login": owner.user.email, "password": PASSWORD}
    assert office.post(reverse("account_login"), told, **FROM).status_code == 302
    told = {"time_zone": "Europe/Berlin"}
    office.post(reverse("company-settings"), told, headers=NAMED, **FROM)
    _, who = entry(action="customer.changed")
    assert who == (owner.user, Via.PORTAL, "203.0.113.9", "r-9")


def test_a_new_password_is_told_but_not_which(owner):
    office = Client()
    office.post(reverse("account_login"), {"login": owner.user.email, "password": PASSWORD})
    new = "another horse battery"
    told = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert office.post(reverse("account_change_password"), told).status_code == 302
    found, (by, via, *_) = entry(action="user.changed")
    assert (by, via) == (owner.user, Via.PORTAL)
    assert found.after == {"password": "(hidden)"}


def test_a_webhooks_secret_is_hidden(owner):
    office = browser_of(owner)
    told = {"url": "https://1.1.1.1/hook", "types": ["key.created"], "key": ids.uuid7()}
    office.post(reverse("webhooks"), told)
    made = WebhookEndpoint.objects.get()
    found, (by, *_) = entry(action="webhookendpoint.added")
    assert by == owner.user and found.after["secret"] == "(hidden)"
    assert made.secret not in everything()
