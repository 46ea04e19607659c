"""An authenticator app besides the password, and codes for when it is gone."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.accounts.people import (
    browser_of,
    confirm_password,
    is_signed_in,
    link_in,
    person,
    sign_in,
)

pytestmark = pytest.mark.usefixtures("fresh")

ANN = "ann@acme.example"


def code(secret, steps=0):
    """What the app shows now, or so many half minutes later."""
    counter = int(time.time()) // 30 + steps
    return auth.format_hotp_value(auth.hotp_value(secret, counter))


@pytest.fixture
def ann():
    return person(email=ANN)


@pytest.fixture
def client(client, ann):
    """Of Ann, who has just said her password."""
    sign_in(ANN, client=client)
    confirm_password(client)
    return client


@pytest.fixture
def secret(client):
    """Of the app that Ann has turned on."""
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    response = client.post(reverse("mfa_activate_totp"), {"code": code(secret)})
    assert response.url == reverse("mfa_view_recovery_codes")
    # What was shown a moment ago cannot be used again: the tests need not wait for the next.
    cache.clear()
    return secret


@pytest.fixture
def codes(client, secret):
    codes = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    assert len(codes) == 10
    return codes


def second_step(client, shown):
    return client.post(reverse("mfa_authenticate"), {"code": shown})


def test_it_is_turned_on_with_a_code_of_the_app(client):
    wrong = client.post(reverse("mfa_activate_totp"), {"code": "000000"})
    assert "code" in wrong.context["form"].errors
    assert not Authenticator.objects.exists()


def test_the_password_alone_opens_no_longer(secret):
    client = Client()
    assert sign_in(ANN, client=client).url == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    assert client.get(reverse("mfa_index")).status_code == 302
    assert second_step(client, code(secret)).url == "/portal/"
    assert is_signed_in(client)


def test_a_wrong_password_does_not_come_to_the_second_step(secret):
    client = Client()
    assert sign_in(ANN, "wrong", client=client).status_code == 200
    assert second_step(client, code(secret)).url == reverse("account_login")
    assert not is_signed_in(client)


def test_a_code_opens_once(secret):
    shown = code(secret)
    for opens in (True, False):
        client = Client()
        sign_in(ANN, client=client)
        second_step(client, shown)
        assert is_signed_in(client) is opens


def test_codes_cannot_be_tried_through(secret):
    client = Client()
    sign_in(ANN, client=client)
    for number in range(10):
        second_step(client, f"{number:06}")
    response = second_step(client, code(secret))
    assert not is_signed_in(client)
    assert "Too many" in str(response.context["form"].errors)


def test_each_recovery_code_opens_once(codes):
    client = Client()
    sign_in(ANN, client=client)
    assert second_step(client, codes[0]).url == "/portal/"
    again = Client()
    sign_in(ANN, client=again)
    second_step(again, codes[0])
    assert not is_signed_in(again)
    second_step(again, codes[1])
    assert is_signed_in(again)
    confirm_password(again)
    left = again.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    assert left == codes[2:]


def test_new_recovery_codes_end_the_old_ones(client, codes):
    client.post(reverse("mfa_generate_recovery_codes"))
    new = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    assert not set(new) & set(codes)
    other = Client()
    sign_in(ANN, client=other)
    second_step(other, codes[0])
    assert not is_signed_in(other)


def test_they_can_be_kept_as_a_file(client, codes):
    response = client.get(reverse("mfa_download_recovery_codes"))
    assert response["Content-Disposition"].startswith("attachment")
    assert response.content.decode().split() == codes


def test_turned_off_the_password_opens_again_and_the_codes_are_gone(client, secret):
    client.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.exists()
    other = Client()
    sign_in(ANN, client=other)
    assert is_signed_in(other)


@pytest.mark.parametrize(
    "page",
    [
        "mfa_deactivate_totp",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "mfa_download_recovery_codes",
    ],
)
def test_what_protects_the_account_asks_for_the_password_again(secret, page):
    client = Client()
    sign_in(ANN, client=client)
    second_step(client, code(secret))
    asked = f"{reverse('account_reauthenticate')}?"
    assert client.get(reverse(page)).url.startswith(asked)
    confirm_password(client, "wrong")
    assert client.get(reverse(page)).url.startswith(asked)
    confirm_password(client)
    assert client.get(reverse(page)).status_code == 200


def test_it_cannot_be_turned_on_without_the_password(ann):
    client = Client()
    sign_in(ANN, client=client)
    told = client.post(reverse("mfa_activate_totp"), {"code": "000000"})
    assert told.url.startswith(reverse("account_reauthenticate"))


def test_a_stolen_table_opens_nothing(secret, codes, settings):
    stored = str(list(Authenticator.objects.values()))
    assert secret not in stored
    assert not any(one in stored for one in codes)
    settings.KEY_PEPPER = b"another"
    client = Client()
    client.raise_request_exception = False
    sign_in(ANN, client=client)
    second_step(client, code(secret))
    assert not is_signed_in(client)


def test_a_reset_password_does_not_pass_the_second_step(secret, ann):
    ann.set_password("a new battery horse")
    ann.save()
    client = Client()
    response = sign_in(ANN, "a new battery horse", client=client)
    assert response.url == reverse("mfa_authenticate")


def test_staff_turn_it_off_for_whoever_lost_the_phone(secret, ann):
    staff = browser_of(User.objects.create_superuser("boss@example.com"))
    told = {"action": "turn_off_second_factor", "_selected_action": [str(ann.id)]}
    staff.post(reverse("admin:accounts_user_changelist"), told)
    client = Client()
    sign_in(ANN, client=client)
    assert is_signed_in(client)
    history = staff.get(reverse("admin:accounts_user_history", args=[ann.id]))
    assert "Turned off the second factor." in history.content.decode()


def test_the_e_mail_can_be_changed_with_it_too(client, secret, ann):
    told = {"email": "ann@bolt.example", "action_add": ""}
    client.post(reverse("account_email"), told)
    client.post(link_in(mail.outbox[-1]))
    ann.refresh_from_db()
    assert ann.email == "ann@bolt.example"
    other = Client()
    assert sign_in(ann.email, client=other).url == reverse("mfa_authenticate")
