"""Automatic top-ups, as staff see them."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.models import User
from billing.models import TopUp, TopUpSettings
from billing.relay import relay
from billing.top_up import running
from tests.billing.top_up.owner import Owner
from tests.factories.billing import new_pack


@pytest.fixture
def owner(books_tie):
    return Owner.new(new_pack(name="Thousand"))


@pytest.fixture
def declined(books_tie):
    owner = Owner.new(new_pack(name="Thousand"), "9979")
    owner.spend_to(100)
    owner.run()
    return owner


def page(staff, row):
    return staff.get(reverse(f"admin:billing_{row._meta.model_name}_change", args=[row.pk]))


def switch_off(settings):
    return reverse("admin:billing_topupsettings_switch_off", args=[settings.pk])


@pytest.mark.parametrize("model", ["topup", "topupsettings"])
def test_they_are_windows(staff, declined, model):
    found = staff.get(reverse(f"admin:billing_{model}_changelist"), {"q": "Acme"})
    assert len(found.context["cl"].result_list) == 1
    assert staff.get(reverse(f"admin:billing_{model}_add")).status_code == 403
    row = {"topup": declined.top_ups()[0], "topupsettings": declined.settings}[model]
    remove = reverse(f"admin:billing_{model}_delete", args=[row.pk])
    assert staff.post(remove, {"post": "yes"}).status_code == 403


def test_settings_say_how_they_stand_and_why(staff, declined):
    told = page(staff, declined.settings).content.decode()
    for text in ("Paused: The card was declined", "1, left alone for good", "stolen", "1,000"):
        assert text in told, text


def test_an_attempt_says_what_came_of_it(staff, declined):
    (top_up,) = declined.top_ups()
    told = page(staff, top_up).content.decode()
    for text in ("Failed", "stolen", "100.00", top_up.purchase.name, "Test 9979"):
        assert text in told, text


def test_staff_switch_it_off_when_they_have_said_so_twice(staff, owner):
    assert switch_off(owner.settings) in page(staff, owner.settings).content.decode()
    asked = staff.get(switch_off(owner.settings)).content.decode()
    assert "Nothing more is charged by itself" in asked and owner.settings.enabled
    told = staff.post(switch_off(owner.settings), follow=True).content.decode()
    assert "Switched off for Acme." in told and not owner.settings.enabled
    owner.spend_to(0)
    relay()
    running.run()
    assert not TopUp.objects.filter(customer=owner.customer).exists()
    assert switch_off(owner.settings) not in page(staff, owner.settings).content.decode()


def test_not_staff_who_may_only_look(client, owner):
    looking = User.objects.create_user("looks@example.com", is_staff=True)
    looking.user_permissions.add(Permission.objects.get(codename="view_topupsettings"))
    client.force_login(looking)
    assert page(client, owner.settings).status_code == 200
    assert client.get(switch_off(owner.settings)).status_code == 403
    assert client.post(switch_off(owner.settings)).status_code == 403
    assert TopUpSettings.objects.get(customer=owner.customer).enabled
