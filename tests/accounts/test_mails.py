"""Every mail that goes out is in our words, those of allauth's occasions too."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core import mail
from django.template.loader import get_template
from django.urls import reverse

from tests.accounts.people import PASSWORD, browser_of, confirm_password, person

OCCASIONS = [
    "account/email/account_already_exists",
    "account/email/email_changed",
    "account/email/email_confirm",
    "account/email/email_confirmation",
    "account/email/email_deleted",
    "account/email/password_changed",
    "account/email/password_reset",
    "account/email/password_reset_key",
    "account/email/password_set",
    "account/email/unknown_account",
    "mfa/email/recovery_codes_generated",
    "mfa/email/totp_activated",
    "mfa/email/totp_deactivated",
]


@pytest.mark.parametrize("occasion", OCCASIONS)
@pytest.mark.parametrize("part", ["subject", "message"])
def test_no_mail_is_as_the_library_has_it(occasion, part):
    found = get_template(f"{occasion}_{part}.txt").origin.name
    assert Path(found).is_relative_to(settings.BASE_DIR / "templates")


@pytest.mark.usefixtures("fresh")
def test_who_has_no_account_is_told_so_by_mail(client):
    client.post(reverse("account_reset_password"), {"email": "nobody@acme.example"})
    (message,) = mail.outbox
    assert message.subject == "There is no account with this address"
    assert "wants a new password for nobody@acme.example" in message.body
    assert f"http://testserver{reverse('account_signup')}" in message.body


@pytest.mark.usefixtures("fresh")
def test_a_change_of_the_account_is_told_with_where_it_came_from():
    browser = browser_of(person(email="ann@acme.example"))
    confirm_password(browser)
    new = "another battery horse"
    told = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    browser.post(reverse("account_change_password"), told, headers={"User-Agent": "Netscape"})
    (message,) = mail.outbox
    assert message.subject == "Your password is changed"
    assert "Hello,\n\nthe password of your account was changed." in message.body
    assert "- browser: Netscape" in message.body
    assert "UTC" in message.body
