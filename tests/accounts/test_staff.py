"""People of the staff: their roles, second factors and sessions."""

import time
from datetime import timedelta

import pytest
from allauth.core.internal import ratelimit
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group, Permission
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts import staff_sessions
from accounts.models import AuditEntry, StaffRole, User
from tests.accounts.people import browser_of, confirm_password, person, sign_in
from tests.factories.accounts import MemberFactory

pytestmark = pytest.mark.usefixtures("fresh")

INDEX = "/admin/"
USERS = "admin:accounts_user"
SESSIONS = "admin:usersessions_usersession_changelist"


def staff(role=None, *, is_superuser=False, **fields):
    """Without a role, one from before there were any."""
    user = person(**fields)
    user.is_staff, user.staff_role, user.is_superuser = True, role, is_superuser
    user.save()
    return user


def change(client, who, **told):
    """As the form sends it, with what is not said here as it is."""
    now = {"email": who.email, "name": who.name, "staff_role": who.staff_role or ""}
    answer = client.post(
        reverse(f"{USERS}_change", args=[who.pk]), {**now, "is_active": "on", **told}
    )
    who.refresh_from_db()
    return answer


@pytest.fixture
def boss():
    return staff("administrator", email="boss@example.com")


@pytest.fixture
def other():
    return staff("administrator", email="other@example.com")


# Roles


def test_an_administrator_gives_and_takes_a_role(boss):
    ann, client = person(email="ann@example.com"), browser_of(boss)
    change(client, ann, staff_role="support")
    assert (ann.staff_role, ann.is_staff) == ("support", True)
    assert browser_of(ann).get(INDEX).status_code == 200
    change(client, ann, staff_role="")
    assert (ann.staff_role, ann.is_staff) == (None, False)
    assert browser_of(ann).get(INDEX, follow=True).status_code == 403


def test_a_role_that_is_none_is_refused(boss):
    ann = person(email="ann@example.com")
    answer = change(browser_of(boss), ann, staff_role="king")
    assert "staff_role" in answer.context["adminform"].form.errors
    assert ann.staff_role is None


def test_nobody_changes_what_they_may_do_themselves(boss, other):
    client = browser_of(boss)
    answer = change(client, boss, staff_role="support", is_active="", name="The boss")
    assert answer.status_code == 302
    assert (boss.staff_role, boss.is_active, boss.name) == ("administrator", True, "The boss")


def test_nobody_becomes_a_superuser_by_a_form(boss):
    for who in (boss, staff("support")):
        change(browser_of(boss), who, is_superuser="on", groups="1", user_permissions="1")
        assert not who.is_superuser
        assert not who.groups.exists() and not who.user_permissions.exists()


@pytest.mark.parametrize("role", [role for role in StaffRole if role != "administrator"])
def test_others_change_nobody(role, boss):
    client = browser_of(staff(role))
    for who in (boss, person(email="ann@example.com")):
        assert change(client, who, staff_role="administrator").status_code == 403
        password = reverse("admin:auth_user_password_change", args=[who.pk])
        assert client.post(password, {"password1": "x"}).status_code == 403
    assert client.get(reverse(f"{USERS}_add")).status_code == 403


def test_a_group_that_changes_people_does_not_change_staff(boss):
    """Else whoever is in it would set an administrator's password."""
    clerk = staff()
    for name in ("view_user", "change_user"):
        clerk.user_permissions.add(Permission.objects.get(codename=name))
    client, ann = browser_of(clerk), person(email="ann@example.com")
    change(client, ann, name="Ann", staff_role="administrator")
    assert (ann.name, ann.staff_role) == ("Ann", None)
    assert change(client, boss, name="x").status_code == 403
    assert change(client, clerk, staff_role="administrator").status_code == 403
    Authenticator.objects.create(user=boss, type="totp", data={})
    chosen = {"action": "turn_off_second_factor", "_selected_action": [str(boss.pk)]}
    client.post(reverse(f"{USERS}_changelist"), chosen)
    assert Authenticator.objects.filter(user=boss).exists()


@pytest.mark.parametrize("told", [{"staff_role": "support"}, {"staff_role": ""}, {"is_active": ""}])
def test_the_last_administrator_stays(boss, told):
    """Who asks is a superuser without a role, as a command may make one."""
    asking = staff(is_superuser=True)
    answer = change(browser_of(asking), boss, **told)
    assert "last administrator" in str(answer.context["errors"])
    assert (boss.staff_role, boss.is_active) == ("administrator", True)
    staff("administrator", email="next@example.com")
    assert change(browser_of(asking), boss, **told).status_code == 302


def test_an_administrator_who_becomes_less_is_no_superuser_either(boss):
    root = User.objects.create_superuser("root@example.com")
    change(browser_of(boss), root, staff_role="auditor")
    assert (root.staff_role, root.is_superuser, root.is_staff) == ("auditor", False, True)


def test_older_grants_are_shown_and_stay(boss):
    clerk, group = staff(), Group.objects.create(name="Closers")
    clerk.groups.add(group)
    client = browser_of(boss)
    assert "Closers" in client.get(reverse(f"{USERS}_change", args=[clerk.pk])).content.decode()
    change(client, clerk, name="Clerk")
    assert clerk.is_staff and list(clerk.groups.all()) == [group]


def test_groups_have_no_page(boss):
    assert browser_of(boss).get("/admin/auth/group/").status_code == 404


# Second factors


def code(secret):
    return auth.format_hotp_value(auth.hotp_value(secret, int(time.time()) // 30))


def turn_on(client):
    """As the page asks for it. What was shown may be shown again: tests need not wait."""
    confirm_password(client)
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    assert client.post(reverse("mfa_activate_totp"), {"code": code(secret)}).status_code == 302
    cache.clear()
    return secret


@pytest.fixture
def demanded(settings):
    settings.STAFF_MFA = True


def test_staff_without_a_second_factor_are_led_to_it_and_see_no_page(demanded, boss):
    client = Client()
    assert sign_in(boss.email, client=client).url == INDEX
    for page in (INDEX, reverse(f"{USERS}_changelist"), "/admin/find?q=x", "/admin/jsi18n/"):
        assert client.get(page).url == reverse("mfa_activate_totp"), page
    ann = person(email="ann@example.com")
    assert change(client, ann, staff_role="support").url == reverse("mfa_activate_totp")
    assert ann.staff_role is None
    confirm_password(client)
    page = client.get(reverse("mfa_activate_totp")).content.decode()
    assert "Staff sign in with a second factor" in page
    turn_on(client)
    assert client.get(INDEX).status_code == 200
    assert 'href="/admin/"' in client.get(reverse("mfa_view_recovery_codes")).content.decode()


def test_with_it_they_come_in_by_a_code(demanded, boss):
    first = Client()
    sign_in(boss.email, client=first)
    secret = turn_on(first)
    client = Client()
    assert sign_in(boss.email, client=client).url == reverse("mfa_authenticate")
    assert client.get(INDEX).status_code == 302
    client.post(reverse("mfa_authenticate"), {"code": code(secret)})
    assert client.get(INDEX).status_code == 200


def test_a_session_that_began_without_it_is_asked_for_a_code(demanded, boss):
    """Whoever knew the password only may have begun it."""
    thief, client = Client(), Client()
    for one in (thief, client):
        sign_in(boss.email, client=one)
    secret = turn_on(client)
    asked = f"{reverse('mfa_reauthenticate')}?next=%2Fadmin%2F"
    assert thief.get(INDEX).url == asked
    confirm_password(thief)
    assert thief.get(INDEX).url == asked
    assert client.get(INDEX).status_code == 200
    thief.post(asked, {"code": code(secret)})
    assert thief.get(INDEX).status_code == 200


def test_a_recovery_code_does_as_well(demanded, boss):
    client = Client()
    sign_in(boss.email, client=client)
    turn_on(client)
    found = Authenticator.objects.get(user=boss, type="recovery_codes")
    again = Client()
    sign_in(boss.email, client=again)
    shown = RecoveryCodes(found).get_unused_codes()[0]
    again.post(reverse("mfa_authenticate"), {"code": shown})
    assert again.get(INDEX).status_code == 200


def test_who_turned_it_off_is_led_to_it_again(demanded, boss):
    client = Client()
    sign_in(boss.email, client=client)
    turn_on(client)
    client.post(reverse("mfa_deactivate_totp"))
    assert client.get(INDEX).url == reverse("mfa_activate_totp")


def test_members_need_none_at_the_portal(demanded):
    client = Client()
    member = MemberFactory(user=person(email="ann@example.com"))
    sign_in(member.user.email, client=client)
    assert client.get("/portal/").status_code == 200


# Signing in


def test_the_admins_sign_in_is_throttled_and_says_when_to_try_again(boss, monkeypatch):
    client = Client()
    door = client.get(INDEX, follow=True).redirect_chain[-1][0]
    assert door.startswith(reverse("account_login"))
    told = {"login": boss.email, "next": INDEX}
    for _ in range(5):
        client.post(door, told | {"password": "wrong"})
    right = told | {"password": "correct horse battery"}
    assert "Try again in five minutes" in client.post(door, right).content.decode()
    now = time.time()
    monkeypatch.setattr(ratelimit.time, "time", lambda: now + 240)
    assert client.post(door, right).status_code == 200
    assert client.get(INDEX).status_code == 302
    monkeypatch.setattr(ratelimit.time, "time", lambda: now + 301)
    assert client.post(door, right).url == INDEX


# Sessions


def signed_in(who, browser="Mozilla/5.0 (X11; Linux) Firefox/140.0", address="192.0.2.7"):
    client = Client(headers={"User-Agent": browser}, REMOTE_ADDR=address)
    sign_in(who.email, client=client)
    client.get(INDEX)
    return client


def session_of(client):
    return UserSession.objects.get(session_key=client.session.session_key)


def end(client, *sessions):
    chosen = {"action": "end", "_selected_action": [str(one.pk) for one in sessions]}
    return client.post(reverse(SESSIONS), chosen)


def test_sessions_say_who_since_when_from_where_and_by_what(boss):
    support = staff("support", email="help@example.com")
    signed_in(support)
    page = signed_in(boss).get(reverse(SESSIONS)).content.decode()
    for told in ("help@example.com", "192.0.2.7", "Firefox on Linux", "UTC"):
        assert told in page


def test_an_administrator_ends_a_session_and_it_is_signed_out_at_once(boss):
    support = staff("support", email="help@example.com")
    theirs, here = signed_in(support), signed_in(boss)
    assert theirs.get(INDEX).status_code == 200
    end(here, session_of(theirs))
    assert theirs.get(INDEX).status_code == 302
    assert theirs.get(reverse("account")).status_code == 302
    assert here.get(INDEX).status_code == 200
    history = here.get(reverse(f"{USERS}_history", args=[support.pk])).content.decode()
    assert "Ended the session from 192.0.2.7, Firefox on Linux." in history
    entry = AuditEntry.objects.get(action="session.ended")
    assert (entry.person_id, entry.row) == (boss.pk, str(support.pk))
    assert entry.before["address"] == "192.0.2.7"


@pytest.mark.parametrize("role", ["support", "finance", "operations"])
def test_everybody_sees_and_ends_their_own_and_no_others(role, boss):
    me = staff(role, email="me@example.com")
    here, elsewhere, theirs = signed_in(me), signed_in(me), signed_in(boss)
    page = here.get(reverse(SESSIONS)).content.decode()
    assert "me@example.com" in page and boss.email not in page
    row = reverse("admin:usersessions_usersession_change", args=[session_of(theirs).pk])
    assert here.get(row).status_code == 302
    end(here, session_of(theirs), session_of(elsewhere))
    assert theirs.get(INDEX).status_code == 200
    assert elsewhere.get(INDEX).status_code == 302


def test_an_auditor_sees_all_and_ends_their_own(boss):
    here, theirs = signed_in(staff("auditor")), signed_in(boss)
    assert boss.email in here.get(reverse(SESSIONS)).content.decode()
    end(here, session_of(theirs))
    assert theirs.get(INDEX).status_code == 200


def test_who_ends_this_very_session_is_signed_out(boss):
    client = signed_in(boss)
    assert end(client, session_of(client)).url == reverse("account_login")
    assert client.get(INDEX).status_code == 302


def test_customers_sessions_are_theirs(boss):
    ann = MemberFactory(user=person(email="ann@example.com")).user
    theirs, here = Client(), signed_in(boss)
    sign_in(ann.email, client=theirs)
    assert "ann@example.com" not in here.get(reverse(SESSIONS)).content.decode()
    end(here, session_of(theirs))
    assert theirs.get(reverse("account")).status_code == 200


def test_a_page_says_that_the_session_is_in_use_but_not_every_page(boss):
    client = signed_in(boss)
    row = session_of(client)
    seen = row.last_seen_at
    client.get(INDEX)
    assert session_of(client).last_seen_at == seen
    long_ago = seen - timedelta(hours=1)
    UserSession.objects.filter(pk=row.pk).update(last_seen_at=long_ago)
    client.get(INDEX)
    assert session_of(client).last_seen_at > long_ago


def test_sessions_that_are_over_are_not_listed(boss):
    client = signed_in(boss)
    session = client.session
    session.set_expiry(-1)
    session.save()
    assert not staff_sessions.running().exists()
