"""The keys of a company, as its people make and revoke them."""

import re
from datetime import timedelta

import pytest
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import ids, selectors, services
from accounts.ids import CUSTOMER, uuid7
from accounts.keys import KeyKind
from accounts.models import ApiKey, Member, Role
from tests.accounts.people import browser_of, said
from tests.factories.accounts import ApiKeyFactory, CustomerFactory, MemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    return MemberFactory(customer=CustomerFactory(name="Acme"), role=Role.DEVELOPER)


@pytest.fixture
def desk(member):
    """The developer's browser."""
    return browser_of(member)


def create(desk, name="web"):
    return desk.post(reverse("keys"), {"name": name, "key": uuid7()})


def page_of(desk):
    return desk.get(reverse("keys")).content.decode()


def secret_in(response):
    found = re.search(rf"{KeyKind.CUSTOMER}_\w{{20,}}", response.content.decode())
    return found and found[0]


def call(secret, member):
    """The customer's own account, asked for over the API."""
    path = f"/v1/customers/{ids.encode(CUSTOMER, member.customer_id)}/balance"
    return Client().get(path, headers={"Authorization": f"Bearer {secret}"}).status_code


def test_a_new_key_is_shown_once(desk, member):
    response = create(desk)
    assert "Your new key, web" in response.content.decode()
    secret = secret_in(response)
    key = ApiKey.objects.get()
    assert (key.customer, key.name) == (member.customer, "web")
    assert secret.startswith(key.prefix)
    page = desk.get(reverse("keys"))
    assert "web" in page.content.decode() and key.prefix in page.content.decode()
    assert secret_in(page) is None


def test_a_form_that_is_sent_twice_makes_one_key(desk):
    form = {"name": "web", "key": re.search(r'name="key" value="([^"]+)"', page_of(desk))[1]}
    assert secret_in(desk.post(reverse("keys"), form))
    again = desk.post(reverse("keys"), form, follow=True)
    assert "its secret was shown once" in said(again)[0]
    assert secret_in(again) is None
    assert ApiKey.objects.count() == 1
    create(desk)
    assert ApiKey.objects.count() == 2


def test_of_two_at_once_one_makes_the_key(member):
    id = uuid7()
    assert services.create_api_key_once(id, customer=member.customer, name="web")
    with pytest.MonkeyPatch.context() as patched:
        # Both saw that there is none yet.
        patched.setattr(QuerySet, "exists", lambda _: False)
        assert services.create_api_key_once(id, customer=member.customer, name="web") is None


@pytest.mark.parametrize("key", [{}, {"key": "x"}])
def test_a_form_that_no_page_sends_makes_no_key(desk, key):
    page = desk.post(reverse("keys"), {"name": "web"} | key).content.decode()
    assert "Please load this page again" in page
    assert not ApiKey.objects.exists()


def test_it_opens_the_api_at_once(desk, member):
    secret = secret_in(create(desk))
    assert selectors.api_key(secret).customer_id == member.customer_id
    assert call(secret, member) == 200


def test_the_page_leads_to_a_first_call(desk):
    assert f'<a href="{reverse("start")}">' in page_of(desk)
    assert "YOUR_KEY" in create(desk).content.decode()


def test_no_browser_and_no_proxy_keeps_the_page(desk):
    assert "no-store" in create(desk)["Cache-Control"]
    assert "private" in desk.get(reverse("keys"))["Cache-Control"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x00b"])
def test_a_key_has_a_name(desk, name):
    assert "name" in create(desk, name).context["form"].errors
    assert not ApiKey.objects.exists()


def test_a_revoked_key_opens_nothing_any_more(desk, member):
    secret = secret_in(create(desk))
    key = ApiKey.objects.get()
    response = desk.post(reverse("revoke-key", args=[key.id]), follow=True)
    assert said(response) == ["The key web is revoked."]
    assert ">Revoked<" in response.content.decode()
    assert call(secret, member) == 401


def test_revoking_again_keeps_the_first_instant(desk):
    create(desk)
    key = ApiKey.objects.get()
    desk.post(reverse("revoke-key", args=[key.id]))
    first = ApiKey.objects.get().revoked_at
    desk.post(reverse("revoke-key", args=[key.id]))
    assert ApiKey.objects.get().revoked_at == first


def test_a_link_revokes_nothing(desk):
    create(desk)
    assert desk.get(reverse("revoke-key", args=[ApiKey.objects.get().id])).status_code == 405
    assert ApiKey.objects.get().revoked_at is None


def test_a_key_can_be_renamed(desk):
    create(desk)
    key = ApiKey.objects.get()
    page = reverse("edit-key", args=[key.id])
    assert 'value="web"' in desk.get(page).content.decode()
    assert said(desk.post(page, {"name": "batch"}, follow=True)) == ["The key is saved."]
    assert ApiKey.objects.get().name == "batch"
    assert "name" in desk.post(page, {"name": ""}).context["form"].errors


def test_another_companys_keys_are_not_found(desk):
    key = ApiKeyFactory().key
    assert desk.get(reverse("edit-key", args=[key.id])).status_code == 404
    assert desk.post(reverse("edit-key", args=[key.id]), {"name": "mine"}).status_code == 404
    assert desk.post(reverse("revoke-key", args=[key.id])).status_code == 404
    assert key.prefix not in desk.get(reverse("keys")).content.decode()
    assert ApiKey.objects.filter(name="", revoked_at=None).count() == 1


def test_the_list_says_which_work_and_has_the_others_last(desk, member):
    for name in ("old", "gone", "new"):
        services.create_api_key(customer=member.customer, name=name)
    ApiKey.objects.filter(name="old").update(expires_at=timezone.now() - timedelta(days=1))
    services.revoke_key(ApiKey.objects.get(name="gone"))
    response = desk.get(reverse("keys"))
    assert [row.key.name for row in response.context["rows"]] == ["new", "old", "gone"]
    badges = re.findall(r'class="badge \w*">(\w+)<', response.content.decode())
    assert badges == ["Active", "Expired", "Revoked"]


def test_a_company_without_keys_is_told_how_to_begin(desk):
    assert "No keys yet" in desk.get(reverse("keys")).content.decode()


def test_names_are_text_and_nothing_else(desk):
    response = create(desk, "<script>alert(1)</script>")
    assert "<script>alert" not in response.content.decode()


def test_keys_stay_when_those_who_made_them_go(desk, member):
    secret = secret_in(create(desk))
    Member.objects.filter(id=member.id).delete()
    assert call(secret, member) == 200


def test_that_all_keys_are_suspended_is_told(desk, member):
    assert "All keys are suspended" not in page_of(desk)
    services.suspend_keys(member.customer_id)
    assert "All keys are suspended while a payment is owed." in page_of(desk)
