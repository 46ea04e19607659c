"""A place at a company for whoever has the invited address, by a mailed link."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import members, sign_up
from accounts.models import Customer, Invitation, Member, SignUp, User
from ledger.models import Lot
from tests.accounts.people import PASSWORD, browser_of, is_signed_in, link_in, person, said
from tests.factories.accounts import CustomerFactory, MemberFactory, UserFactory

pytestmark = pytest.mark.usefixtures("fresh")

BOB = "bob@acme.example"


@pytest.fixture
def owner():
    return MemberFactory(customer=CustomerFactory(name="Acme"), user__name="Ann")


@pytest.fixture
def office(owner):
    """The owner's browser."""
    return browser_of(owner)


def invite(office, email=BOB, role="developer", **other):
    return office.post(reverse("invite"), {"email": email, "role": role} | other, follow=True)


def mailed():
    return link_in(mail.outbox[-1])


def join(client, link):
    """As somebody new, who opens the link and chooses a password."""
    client.get(link)
    told = {"email": BOB, "password1": PASSWORD, "consent": "on"}
    return client.post(reverse("account_signup") + "?invited=1", told)


def invited(owner, email=BOB, role="developer"):
    """The invitation and its link, without its mail."""
    new = members.invite(customer=owner.customer, email=email, role=role, by=owner.user)
    return new.invitation, reverse("invitation", args=[new.token])


def test_the_link_is_mailed_and_kept_nowhere(office, owner):
    response = invite(office)
    assert said(response) == [f"An invitation is on its way to {BOB}."]
    (message,) = mail.outbox
    assert message.to == [BOB]
    assert message.subject == "Acme invites you to Drawdown"
    token = mailed().rstrip("/").rsplit("/", 1)[-1]
    assert len(token) > 40
    (row,) = Invitation.objects.values()
    assert token not in str(row) and token.encode() not in bytes(row["digest"])
    assert row["invited_by_id"] == owner.user_id


def test_it_works_for_seven_days(office):
    invite(office)
    lasts = Invitation.objects.get().expires_at - timezone.now()
    assert timedelta(days=6, hours=23) < lasts <= timedelta(days=7)


def test_somebody_new_joins_the_company_and_founds_none(office, owner):
    invite(office)
    before, client = Customer.objects.count(), Client()
    assert join(client, mailed()).url == "/portal/"
    member = Member.objects.get(user__email=BOB)
    assert (member.customer, member.role) == (owner.customer, "developer")
    assert Customer.objects.count() == before
    assert SignUp.objects.get(user=member.user).customer is None


def test_who_opened_the_mailed_link_need_not_confirm_the_address_again(office):
    invite(office)
    client = Client()
    join(client, mailed())
    assert len(mail.outbox) == 1
    assert is_signed_in(client)


def test_who_joins_gets_no_credits_for_new_customers(office):
    invite(office)
    client = Client()
    join(client, mailed())
    client.post(reverse("account_logout"))
    client.post(reverse("account_login"), {"login": BOB, "password": PASSWORD})
    assert is_signed_in(client)
    assert not Lot.objects.exists()


def test_signing_up_stays_with_the_invited_address(office):
    invite(office)
    client = Client()
    client.get(mailed())
    told = {"email": "mallory@evil.example", "password1": PASSWORD, "consent": "on"}
    client.post(reverse("account_signup") + "?invited=1", told)
    assert User.objects.filter(email=BOB).exists()
    assert not User.objects.filter(email="mallory@evil.example").exists()


def test_the_terms_are_asked_of_the_invited_too(office):
    invite(office)
    client = Client()
    client.get(mailed())
    response = client.post(
        reverse("account_signup") + "?invited=1", {"email": BOB, "password1": PASSWORD}
    )
    assert "consent" in response.context["form"].errors
    assert Invitation.objects.get().is_open()


def test_somebody_with_an_account_signs_in_and_accepts(office, owner):
    bob = person(email=BOB)
    invite(office, email="Bob@Acme.example", role="billing")
    client, link = Client(), mailed()
    page = client.get(link).content.decode()
    assert f"{reverse('account_login')}?next={link}" in page
    client.post(reverse("account_login"), {"login": BOB, "password": PASSWORD})
    response = client.post(link)
    assert response.url == "/portal/"
    assert Member.objects.get(user=bob).role == "billing"
    assert client.session["customer"] == str(owner.customer_id)


def test_only_the_invited_address_can_accept(owner):
    _, link = invited(owner)
    mallory = MemberFactory()
    client = browser_of(mallory)
    assert "You are signed in with another address" in client.get(link).content.decode()
    assert said(client.post(link, follow=True)) == [
        "This invitation is for another address, or is no longer open."
    ]
    assert not Member.objects.filter(user=mallory.user, customer=owner.customer).exists()


def test_an_address_that_is_not_confirmed_cannot_accept(owner):
    _, link = invited(owner)
    bob = UserFactory(email=BOB)
    bob.emailaddress_set.update(verified=False)
    browser_of(bob).post(link)
    assert not Member.objects.filter(user=bob).exists()


def test_nobody_accepts_who_is_not_signed_in(owner):
    invitation, link = invited(owner)
    assert Client().post(link).status_code == 200
    invitation.refresh_from_db()
    assert invitation.is_open()


def test_opening_the_link_does_not_accept_by_itself(owner):
    _, link = invited(owner)
    bob = UserFactory(email=BOB)
    browser_of(bob).get(link)
    assert not Member.objects.filter(user=bob).exists()


def expire(invitation):
    Invitation.objects.filter(id=invitation.id).update(expires_at=timezone.now())


def accept_before(invitation):
    members.accept_invitation(invitation, user=User.objects.get(email=BOB))
    Member.objects.get(user__email=BOB).delete()


@pytest.mark.parametrize("end", [members.revoke_invitation, expire, accept_before])
def test_one_that_has_ended_opens_nothing(owner, end):
    invitation, link = invited(owner)
    client = browser_of(UserFactory(email=BOB))
    end(invitation)
    for response in (client.get(link), client.post(link), Client().get(link)):
        assert response.status_code == 404
        assert "This invitation is no longer open" in response.content.decode()
    assert not Member.objects.filter(user__email=BOB).exists()


@pytest.mark.parametrize("end", [members.revoke_invitation, expire])
def test_one_that_ends_while_its_page_is_open_makes_nobody_a_member(owner, end):
    invitation, link = invited(owner)
    client = Client()
    client.get(link)
    end(invitation)
    told = {"email": BOB, "password1": PASSWORD, "consent": "on"}
    response = client.post(reverse("account_signup") + "?invited=1", told)
    assert "company" in response.context["form"].errors
    assert not User.objects.filter(email=BOB).exists()


def test_one_that_ends_in_the_very_moment_leaves_nobody_behind(owner, monkeypatch):
    """It was open when the form was read, and no longer when the person was made."""
    invitation, link = invited(owner)
    monkeypatch.setattr(sign_up, "opened_invitation", lambda request: invitation)
    client = Client()
    Invitation.objects.filter(id=invitation.id).update(revoked_at=timezone.now())
    response = client.post(
        reverse("account_signup") + "?invited=1", {"password1": PASSWORD, "consent": "on"}
    )
    assert "no longer open" in response.content.decode()
    assert not User.objects.filter(email=BOB).exists()
    assert not is_signed_in(client)


def test_a_link_that_nobody_mailed_opens_nothing():
    assert Client().get(reverse("invitation", args=["x" * 43])).status_code == 404


def test_inviting_again_ends_the_link_before(office):
    invite(office)
    first = mailed()
    invite(office, role="viewer")
    assert Client().get(first).status_code == 404
    assert Client().get(mailed()).status_code == 200
    assert Invitation.objects.open().get().role == "viewer"


def test_inviting_again_after_it_has_expired_sends_a_new_one(office, owner):
    invitation, _ = invited(owner)
    expire(invitation)
    invite(office)
    assert Client().get(mailed()).status_code == 200


def test_who_is_a_member_is_not_invited(office, owner):
    response = invite(office, email=owner.user.email.upper())
    assert response.context["form"].errors["email"] == ["This person is a member already."]
    assert mail.outbox == []


def test_the_same_person_can_be_invited_by_several_companies(owner):
    other = MemberFactory()
    links = [invited(by)[1] for by in (owner, other)]
    client = browser_of(UserFactory(email=BOB))
    for link in links:
        client.post(link)
    joined = Member.objects.filter(user__email=BOB).values_list("customer_id", flat=True)
    assert set(joined) == {owner.customer_id, other.customer_id}


@pytest.mark.parametrize(
    ("field", "value"), [("email", "bob"), ("email", ""), ("role", "god"), ("role", "")]
)
def test_what_is_no_address_or_no_role_is_refused(office, field, value):
    response = invite(office, **{field: value})
    assert field in response.context["form"].errors
    assert not Invitation.objects.exists()


def test_a_name_with_line_breaks_writes_no_other_mail(office, owner):
    Customer.objects.filter(id=owner.customer_id).update(name="Acme\r\nBcc: all@acme.example")
    invite(office)
    (message,) = mail.outbox
    assert message.subject == "Acme Bcc: all@acme.example invites you to Drawdown"
    assert message.recipients() == [BOB]


def test_a_mail_server_that_takes_nothing_is_said(office, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert said(invite(office)) == ["The mail could not be sent. Please invite again later."]


def test_nobody_mails_hundreds_of_strangers(office):
    for number in range(20):
        invite(office, email=f"stranger{number}@example.com")
    response = invite(office)
    assert "These are many invitations at once" in response.content.decode()
    assert len(mail.outbox) == 20


def test_one_can_be_revoked(office, owner):
    invitation, link = invited(owner)
    response = office.post(reverse("revoke-invitation", args=[invitation.id]), follow=True)
    assert said(response) == [f"The invitation of {BOB} is revoked."]
    assert response.context["invitations"] == []
    assert Client().get(link).status_code == 404


def test_another_companys_cannot_be_revoked(office):
    invitation, link = invited(MemberFactory())
    assert office.post(reverse("revoke-invitation", args=[invitation.id])).status_code == 404
    assert Client().get(link).status_code == 200


def test_the_page_lists_those_that_are_open_and_says_which_have_expired(office, owner):
    old, _ = invited(owner, email="old@acme.example")
    expire(old)
    invited(owner, email="new@acme.example")
    invited(MemberFactory(), email="elsewhere@example.com")
    page = office.get(reverse("members")).content.decode()
    assert "new@acme.example" in page and "old@acme.example" in page
    assert page.count(">Expired<") == 1
    assert "elsewhere@example.com" not in page


def test_the_invited_come_in_though_somebody_else_began_an_account_with_their_address(office):
    """Whoever signed up so never confirmed it: the mailed link does, and the password is theirs."""
    told = {"company": "Evil", "email": BOB, "password1": "chosen by mallory", "consent": "on"}
    Client().post(reverse("account_signup"), told)
    invite(office)
    bob, link = Client(), mailed()
    bob.get(link)
    join(bob, link)
    bob.post(reverse("account_reset_password"), {"email": BOB})
    form = bob.get(link_in(mail.outbox[-1]), follow=True)
    new = {"password1": PASSWORD, "password2": PASSWORD}
    bob.post(form.request["PATH_INFO"], new)
    cache.clear()  # An address is mailed to once in a few minutes.
    bob.post(reverse("account_login"), {"login": BOB, "password": PASSWORD})
    if not is_signed_in(bob):
        bob.post(link_in(mail.outbox[-1]))
        bob.post(reverse("account_login"), {"login": BOB, "password": PASSWORD})
    bob.post(link)
    assert Member.objects.filter(user__email=BOB, customer__name="Acme").exists()
