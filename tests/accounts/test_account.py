"""One's own account: the name and the e-mail."""

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts import members
from accounts.models import Member, User
from tests.accounts.people import (
    PASSWORD,
    confirm_password,
    is_signed_in,
    link_in,
    person,
    said,
    sign_in,
)
from tests.factories.accounts import MemberFactory, UserFactory

pytestmark = pytest.mark.usefixtures("fresh")

ANN, NEW = "ann@acme.example", "ann@bolt.example"


@pytest.fixture
def ann():
    return person(email=ANN)


@pytest.fixture
def client(client, ann):
    """Of Ann, who has just said her password."""
    sign_in(ANN, client=client)
    confirm_password(client)
    return client


def ask_for(client, email, **other):
    return client.post(reverse("account_email"), {"email": email, "action_add": ""} | other)


def confirm(client):
    """As who reads the mails to the new address."""
    to_new = next(message for message in reversed(mail.outbox) if message.to == [NEW])
    return client.post(link_in(to_new))


def addresses():
    return set(EmailAddress.objects.values_list("email", "verified", "primary"))


def test_a_name_is_saved(client, ann):
    assert said(client.post(reverse("account"), {"name": "Ann"}, follow=True)) == [
        "Your name is saved."
    ]
    assert User.objects.get(id=ann.id).name == "Ann"
    assert client.post(reverse("account"), {"name": "x" * 201}).context["form"].errors


def test_the_page_lists_ones_companies(client, ann):
    member = MemberFactory(user=ann)
    assert member.customer.name in client.get(reverse("account")).content.decode()


def test_who_belongs_to_no_company_is_told_what_to_do(client):
    assert "You belong to no company" in client.get(reverse("account")).content.decode()


def test_a_new_e_mail_takes_the_olds_place_once_it_is_confirmed(client, ann):
    ask_for(client, "Ann@Bolt.example")
    assert addresses() == {(ANN, True, True), (NEW, False, False)}
    assert User.objects.get(id=ann.id).email == ANN
    confirm(client)
    assert addresses() == {(NEW, True, True)}
    assert User.objects.get(id=ann.id).email == NEW
    assert sign_in(NEW, client=Client()).status_code == 302
    assert sign_in(ANN, client=Client()).status_code == 200


def test_until_then_one_signs_in_with_the_old(client):
    ask_for(client, NEW)
    stranger = Client()
    sign_in(NEW, client=stranger)
    assert not is_signed_in(stranger)
    assert sign_in(ANN, client=Client()).status_code == 302


def test_who_finds_an_open_browser_changes_nothing(ann):
    client = Client()
    sign_in(ANN, client=client)
    response = ask_for(client, NEW)
    assert response.url.startswith(reverse("account_reauthenticate"))
    assert addresses() == {(ANN, True, True)}


def test_the_change_goes_on_once_the_password_was_said(ann):
    client = Client()
    sign_in(ANN, client=client)
    confirm = ask_for(client, NEW).url
    client.post(confirm, {"password": PASSWORD})
    assert (NEW, False, False) in addresses()


def test_the_old_address_hears_of_it(client):
    ask_for(client, NEW)
    confirm(client)
    assert [ANN] in [message.to for message in mail.outbox]


def test_one_can_keep_the_old_after_all(client, ann):
    ask_for(client, NEW)
    client.post(reverse("account_email"), {"email": NEW, "action_remove": ""})
    assert addresses() == {(ANN, True, True)}
    confirm(client)
    assert User.objects.get(id=ann.id).email == ANN


def test_an_address_of_somebody_else_is_not_taken(client, ann):
    other = UserFactory(email=NEW)
    ask_for(client, NEW)
    assert EmailAddress.objects.get(email=NEW, verified=True).user == other
    assert User.objects.get(id=ann.id).email == ANN


def test_an_address_that_somebody_else_has_confirmed_meanwhile_is_not_taken(client, ann):
    ask_for(client, NEW)
    UserFactory(email=NEW)
    confirm(client)
    assert User.objects.get(id=ann.id).email == ANN
    assert User.objects.filter(email=NEW).count() == 1


def test_an_invitation_to_an_address_that_is_not_confirmed_yet_is_not_for_this_person(client, ann):
    """Whoever claims an address does not get what was sent there."""
    owner = MemberFactory()
    new = members.invite(customer=owner.customer, email=NEW, role="owner", by=owner.user)
    ask_for(client, NEW)
    client.post(reverse("invitation", args=[new.token]))
    assert not Member.objects.filter(user=ann).exists()
    confirm(client)
    client.post(reverse("invitation", args=[new.token]))
    assert Member.objects.get(user=ann).customer == owner.customer
