"""Signing up: the person, the company, and the credits that new customers get once."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from accounts import sign_up, terms
from accounts.models import Customer, SignUp, User
from billing import welcome
from ledger import selectors
from ledger.amounts import CREDIT
from ledger.models import Lot
from tests.factories.accounts import CustomerFactory, UserFactory

pytestmark = pytest.mark.usefixtures("fresh")

TOLD = {
    "company": "Acme",
    "email": "Ann@Acme.example",
    "password1": "correct horse battery",
    "consent": "on",
}


def submit(client, **other):
    return client.post(reverse("account_signup"), TOLD | other)


def link_in(message):
    return re.search(r"http://testserver(/\S+)", message.body)[1]


def confirm(client):
    return client.post(link_in(mail.outbox[-1]), follow=True)


def test_the_page_says_the_terms_that_cost_money(client, settings):
    settings.REFUND_DAYS = 9
    page = client.get(reverse("account_signup")).content.decode()
    assert "What is unused then is lost" in page
    assert "within 9 days" in page
    assert 'href="/terms/"' in page
    assert "within 9 days" in client.get("/terms/").content.decode().lower()


def test_a_person_becomes_the_owner_of_a_company(client):
    submit(client)
    person = User.objects.get(email="ann@acme.example")
    (member,) = person.memberships.all()
    assert (member.role, member.customer.name) == ("owner", "Acme")
    assert member.customer.email == "ann@acme.example"
    assert (person.sign_up.customer, person.sign_up.terms) == (member.customer, terms.VERSION)


def test_nobody_comes_in_before_the_address_is_confirmed(client):
    response = submit(client)
    assert response.url == reverse("account_email_verification_sent")
    assert client.get(reverse("keys")).url.startswith(reverse("account_login"))
    told = {"login": "ann@acme.example", "password": TOLD["password1"]}
    assert client.post(reverse("account_login"), told).url == response.url
    assert not Lot.objects.exists()


def test_the_mailed_link_confirms_and_signs_in(client):
    submit(client)
    (message,) = mail.outbox
    assert message.to == ["ann@acme.example"]
    response = client.post(link_in(message))
    assert response.url == "/portal/"
    assert EmailAddress.objects.get(email="ann@acme.example").verified
    assert client.get(reverse("keys")).status_code == 200


def test_opening_the_link_does_not_confirm_by_itself(client):
    """For mail scanners open every link."""
    submit(client)
    assert "Is <strong>ann@acme.example</strong> your address?" in (
        client.get(link_in(mail.outbox[-1])).content.decode()
    )
    assert not EmailAddress.objects.get().verified


def test_a_new_customer_gets_its_credits_when_the_address_is_confirmed(client):
    submit(client)
    confirm(client)
    (lot,) = Lot.objects.all()
    assert lot.customer_id == Customer.objects.get(name="Acme").id
    assert (lot.units, lot.kind, lot.price) == (100 * CREDIT, "promo", 0)
    assert abs((lot.expires_at - selectors.now() - welcome.LASTS).total_seconds()) < 60


def test_it_gets_them_once(client):
    submit(client)
    confirm(client)
    confirm(client)
    person = User.objects.get()
    for _ in range(3):
        welcome.grant_to(person)
    client.post(reverse("account_logout"))
    client.post(reverse("account_login"), {"login": person.email, "password": TOLD["password1"]})
    assert Lot.objects.count() == 1


def test_it_gets_them_once_where_the_note_of_it_was_lost(client):
    submit(client)
    confirm(client)
    SignUp.objects.update(welcomed_at=None)
    welcome.grant_to(User.objects.get())
    assert Lot.objects.count() == 1


def test_they_come_with_the_next_sign_in_where_the_process_had_died(client):
    submit(client)
    EmailAddress.objects.update(verified=True)
    assert not Lot.objects.exists()
    client.post(
        reverse("account_login"), {"login": "ann@acme.example", "password": TOLD["password1"]}
    )
    assert Lot.objects.count() == 1


def test_customers_made_otherwise_get_nothing_by_themselves():
    CustomerFactory()
    person = UserFactory()
    welcome.grant_to(person)
    assert not Lot.objects.exists()


@pytest.mark.parametrize("missing", ["company", "email", "password1", "consent"])
def test_everything_is_asked_for(client, missing):
    told = {name: value for name, value in TOLD.items() if name != missing}
    response = client.post(reverse("account_signup"), told)
    assert missing in response.context["form"].errors
    assert not User.objects.exists()
    assert Customer.objects.count() == 1  # the house


def test_a_weak_password_is_refused(client):
    assert "password1" in submit(client, password1="12345678").context["form"].errors


def test_an_address_that_is_taken_is_not_told_to_strangers(client):
    UserFactory(email="ann@acme.example")
    response = submit(client)
    assert response.url == reverse("account_email_verification_sent")
    assert mail.outbox[0].subject == "You have an account already"
    assert not Customer.objects.filter(name="Acme").exists()


def test_the_time_it_takes_does_not_tell_either(client, monkeypatch):
    """By far the longest of it is the hash of the password."""
    hashed = []
    hash_one = MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher, "encode", lambda *args: hashed.append(args[1]) or hash_one(*args)
    )
    submit(client)
    new = len(hashed)
    submit(Client())
    assert (new, len(hashed) - new) == (1, 1)


def test_of_a_double_click_the_second_finds_the_first(client, monkeypatch):
    """Both saw that the address was free."""
    UserFactory(email="ann@acme.example")
    monkeypatch.setattr(
        "allauth.account.internal.flows.manage_email.email_already_exists",
        lambda email, **_: (email, False),
    )
    response = submit(client)
    assert response.url == reverse("account_email_verification_sent")
    assert not Customer.objects.filter(name="Acme").exists()


def test_a_person_without_a_company_is_never_left_behind(client, monkeypatch):
    def fail(*args, **options):
        raise IntegrityError("found no company")

    monkeypatch.setattr(sign_up, "found_company", fail)
    submit(client)
    assert not User.objects.exists()


def test_the_page_says_where_the_mail_is_only_where_nobody_sends_it(client, settings):
    settings.EMAIL_FILE_PATH = "/somewhere/mail"
    page = client.get(reverse("account_email_verification_sent")).content.decode()
    assert "/somewhere/mail" in page
    settings.EMAIL_FILE_PATH = None
    page = client.get(reverse("account_email_verification_sent")).content.decode()
    assert "sends no mail" not in page


def test_people_made_by_staff_need_no_confirmation(client):
    UserFactory(email="bob@acme.example", password="correct horse battery")
    told = {"login": "BOB@acme.example", "password": "correct horse battery"}
    assert client.post(reverse("account_login"), told).url == "/portal/"


def some_minutes_later():
    """An address is mailed to once in a few."""
    cache.clear()


def reset_password(client, password):
    client.post(reverse("account_reset_password"), {"email": "ann@acme.example"})
    form = client.get(link_in(mail.outbox[-1]), follow=True)
    return client.post(form.request["PATH_INFO"], {"password1": password, "password2": password})


def test_whose_address_it_is_gets_the_account_that_somebody_else_began(client):
    """Who began it never came in, and does not come in afterwards."""
    submit(Client(), password1="chosen by somebody else")
    some_minutes_later()
    submit(client)
    assert mail.outbox[-1].subject == "You have an account already"
    reset_password(client, "a new battery horse")
    told = {"login": "ann@acme.example"}
    sign_in = reverse("account_login")
    some_minutes_later()
    client.post(sign_in, told | {"password": "a new battery horse"})
    if not EmailAddress.objects.get().verified:
        confirm(client)
        client.post(sign_in, told | {"password": "a new battery horse"})
    assert client.get(reverse("keys")).status_code == 200
    other = Client()
    other.post(sign_in, told | {"password": "chosen by somebody else"})
    assert other.get(reverse("keys")).status_code == 302
