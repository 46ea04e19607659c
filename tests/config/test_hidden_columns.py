"""Lists tell of no column that their pages do not show: an address with a filter would read it out,
a letter at a time."""

import pytest
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.admin.acting import ActingAdmin
from accounts.admin.people import UserAdmin
from accounts.models import User

HIDDEN = ("digest", "secret", "password", "session_key", "data", "ref")


@pytest.fixture
def boss(db):
    boss = User.objects.create_superuser("boss@example.com")
    signed_in = Client()
    signed_in.force_login(boss)
    assert signed_in.get(reverse("admin:index")).status_code == 200
    return boss


def test_who_sees_sessions_cannot_guess_their_keys(client, boss):
    """A session's key is all that its cookie has: whoever knows it is signed in as its person."""
    auditor = User.objects.create_user("eve@x.example", is_staff=True, staff_role="auditor")
    client.force_login(auditor)
    key = UserSession.objects.get(user=boss).session_key
    page = reverse("admin:usersessions_usersession_changelist")
    assert boss.email in client.get(page).content.decode()
    for lookup in ("session_key__startswith", "session_key", "session_key__gte", "data__icontains"):
        assert client.get(page, {lookup: key[:1]}).status_code == 400, lookup


def test_no_list_is_asked_for_a_column_that_it_does_not_filter_by(rf, boss):
    """Pages that make their lists themselves take no filters of Django's."""
    request, asked = rf.get("/admin/"), 0
    request.user = boss
    for model, its in admin.site._registry.items():
        if not isinstance(its, (ActingAdmin, UserAdmin)):
            continue
        for field in model._meta.concrete_fields:
            if field.name in HIDDEN:
                asked += 1
                for lookup in (field.name, f"{field.name}__startswith", f"{field.name}__gt"):
                    assert not its.lookup_allowed(lookup, "a", request), (model, lookup)
    assert asked >= 4
