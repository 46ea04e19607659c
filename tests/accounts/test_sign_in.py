"""Signing in, and what slows down whoever tries passwords."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.accounts.people import (
    PASSWORD,
    browser_of,
    is_signed_in,
    link_in,
    person,
    sign_in,
)
from tests.factories.accounts import MemberFactory, UserFactory

pytestmark = pytest.mark.usefixtures("fresh")

ANN = "ann@acme.example"
TOO_MANY = "Too many failed login attempts"


@pytest.fixture
def ann():
    return person(email=ANN)


def fail(client, times=5, email=ANN, **headers):
    for _ in range(times):
        sign_in(email, "wrong", client=client, **headers)


def test_the_e_mail_is_found_in_any_case(client, ann):
    assert sign_in("  Ann@ACME.example ", client=client).url == "/portal/"


def test_who_was_on_the_way_to_a_page_comes_there(client, ann):
    MemberFactory(user=ann)
    page = client.get(reverse("keys"))
    assert page.url == f"{reverse('account_login')}?next={reverse('keys')}"
    told = {"login": ANN, "password": PASSWORD, "next": reverse("keys")}
    assert client.post(reverse("account_login"), told).url == reverse("keys")


@pytest.mark.parametrize("there", ["https://evil.example/", "//evil.example", "javascript:x"])
def test_nobody_is_led_to_another_site(client, ann, there):
    told = {"login": ANN, "password": PASSWORD, "next": there}
    assert client.post(reverse("account_login"), told).url == "/portal/"


def test_a_wrong_password_and_an_unknown_person_look_alike(client, ann):
    unknown = sign_in("nobody@acme.example", client=client).context["form"].errors
    assert sign_in(ANN, "wrong", client=client).context["form"].errors == unknown


def test_who_is_signed_in_gets_a_new_session(client, ann):
    client.get(reverse("account_signup"))
    client.session.save()
    before = client.session.session_key
    sign_in(ANN, client=client)
    assert client.session.session_key != before


def test_a_closed_account_does_not_open(client, ann):
    User.objects.filter(id=ann.id).update(is_active=False)
    sign_in(ANN, client=client)
    assert not is_signed_in(client)


def test_after_five_wrong_passwords_the_right_one_does_not_open_either(client, ann):
    fail(client)
    assert TOO_MANY in str(sign_in(ANN, client=client).context["form"].errors)
    assert not is_signed_in(client)


def test_the_count_is_of_the_account_whatever_address_is_said(client, ann):
    """X-Forwarded-For is anybody's to write where no proxy stands in front."""
    for number in range(5):
        fail(Client(), 1, X_Forwarded_For=f"10.0.0.{number}")
    assert TOO_MANY in str(sign_in(ANN, client=client).context["form"].errors)


def test_others_sign_in_meanwhile(client, ann):
    fail(client)
    person(email="bob@acme.example")
    assert sign_in("bob@acme.example", client=client).status_code == 302


def test_the_right_password_does_not_count(client, ann):
    for _ in range(12):
        assert sign_in(ANN, client=client).status_code == 302
        client.post(reverse("account_logout"))


def test_nor_does_it_make_the_wrong_ones_forgotten(client, ann):
    """Else who has an account of their own could try others' between."""
    fail(client, 4)
    sign_in(ANN, client=Client())
    fail(client, 1)
    assert TOO_MANY in str(sign_in(ANN, client=client).context["form"].errors)


def test_the_count_is_of_the_account_whatever_host_is_called(client, ann, settings):
    settings.ALLOWED_HOSTS = [".acme.example"]
    for number in range(5):
        fail(Client(headers={"Host": f"x{number}.acme.example"}), 1)
    client = Client(headers={"Host": "www.acme.example"})
    assert TOO_MANY in str(sign_in(ANN, client=client).context["form"].errors)


def test_one_address_tries_few_accounts_a_minute(client):
    for number in range(10):
        fail(client, 1, email=f"person{number}@acme.example")
    bob = person(email="bob@acme.example")
    assert TOO_MANY in str(sign_in(bob.email, client=client).context["form"].errors)


def test_behind_a_proxy_it_is_the_address_that_the_proxy_saw(ann, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(10):
        tried = {"X-Forwarded-For": f"10.9.9.{number}, 192.0.2.1"}
        sign_in(f"p{number}@acme.example", "wrong", client=Client(), **tried)
    there = {"X-Forwarded-For": "192.0.2.1"}
    assert TOO_MANY in str(sign_in(ANN, client=Client(), **there).context["form"].errors)
    elsewhere = {"X-Forwarded-For": "192.0.2.2"}
    assert sign_in(ANN, client=Client(), **elsewhere).status_code == 302


def test_a_page_says_it_to_whoever_posts_much(client):
    for _ in range(30):
        response = sign_in("", client=client)
    response = sign_in(ANN, client=client)
    assert response.status_code == 429
    assert "Too many tries" in response.content.decode()


# Passwords


def ask_for_reset(client, email=ANN):
    return client.post(reverse("account_reset_password"), {"email": email})


def test_a_forgotten_password_is_replaced_by_a_mailed_link(client, ann):
    elsewhere = browser_of(ann)
    ask_for_reset(client)
    form = client.get(link_in(mail.outbox[-1]), follow=True)
    new = {"password1": "a new battery horse", "password2": "a new battery horse"}
    client.post(form.request["PATH_INFO"], new)
    assert sign_in(ANN, client=Client()).status_code == 200
    assert sign_in(ANN, "a new battery horse", client=Client()).status_code == 302
    assert not is_signed_in(elsewhere)


def test_the_link_works_once(client, ann):
    ask_for_reset(client)
    link = link_in(mail.outbox[-1])
    form = client.get(link, follow=True)
    new = {"password1": "a new battery horse", "password2": "a new battery horse"}
    client.post(form.request["PATH_INFO"], new)
    assert "works no longer" in Client().get(link, follow=True).content.decode()


def test_the_page_does_not_tell_who_has_an_account(client, ann):
    known, unknown = ask_for_reset(client), ask_for_reset(client, "nobody@acme.example")
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)


def test_a_changed_password_signs_out_elsewhere(client, ann):
    elsewhere = browser_of(ann)
    sign_in(ANN, client=client)
    told = {"oldpassword": PASSWORD, "password1": "a new battery horse"}
    told["password2"] = told["password1"]
    client.post(reverse("account_change_password"), told)
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert sign_in(ANN, "a new battery horse", client=Client()).status_code == 302


def test_somebody_without_a_password_sets_one():
    invited = browser_of(UserFactory())
    response = invited.get(reverse("account_change_password"))
    assert response.url == reverse("account_set_password")


# Sessions


def test_the_list_says_where_one_is_signed_in_and_signs_out_elsewhere(ann):
    here, elsewhere = (
        Client(headers={"User-Agent": "Here"}),
        Client(headers={"User-Agent": "There"}),
    )
    for client in (here, elsewhere):
        sign_in(ANN, client=client)
        client.get(reverse("account"))
    page = here.get(reverse("usersessions_list")).content.decode()
    assert "Here" in page and "There" in page and page.count("This one") == 1
    here.post(reverse("usersessions_list"))
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)


def test_signing_out_takes_a_form_and_no_link(ann):
    client = browser_of(ann)
    client.get(reverse("account_logout"))
    assert is_signed_in(client)
    client.post(reverse("account_logout"))
    assert not is_signed_in(client)


# Forms of other sites


def test_no_form_is_taken_from_another_site(ann):
    client = Client(enforce_csrf_checks=True)
    response = sign_in(ANN, client=client)
    assert response.status_code == 403
    page = response.content.decode()
    assert "This form is too old" in page
    assert "You are not signed in" in page and reverse("account_login") in page
    client.force_login(ann)
    assert client.post(reverse("account"), {"name": "Eve"}).status_code == 403
