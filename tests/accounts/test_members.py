"""Who belongs to a company, as what, and for which company a person acts."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections
from django.urls import reverse

from accounts import members
from accounts.errors import LastOwner
from accounts.ids import uuid7
from accounts.models import ApiKey, Customer, Member, Role, User
from tests.accounts.people import browser_of, said
from tests.factories.accounts import CustomerFactory, MemberFactory, UserFactory


@pytest.fixture
def owner(db):
    return MemberFactory(customer=CustomerFactory(name="Acme"))


@pytest.fixture
def office(owner):
    """The owner's browser."""
    return browser_of(owner)


def colleague(member, role=Role.DEVELOPER, **fields):
    return MemberFactory(customer=member.customer, role=role, **fields)


def role_of(member):
    return Member.objects.get(id=member.id).role


def give_role(client, member, role, **other):
    path = reverse("change-role", args=[member.id])
    return client.post(path, {"role": role} | other, follow=True)


def remove(client, member, **other):
    return client.post(reverse("remove-member", args=[member.id]), other, follow=True)


def leave(client, **other):
    return client.post(reverse("leave"), other, follow=True)


def test_the_page_lists_the_companys_people_and_no_others(office, owner):
    bob = colleague(owner, user__name="Bob")
    stranger = MemberFactory()
    page = office.get(reverse("members")).content.decode()
    assert "Bob" in page and bob.user.email in page
    assert stranger.user.email not in page


def test_an_owner_changes_roles(office, owner):
    bob = colleague(owner)
    assert said(give_role(office, bob, "billing")) == [f"{bob.user.email} is billing now."]
    assert role_of(bob) == "billing"


def test_what_is_no_role_is_refused(office, owner):
    bob = colleague(owner)
    assert said(give_role(office, bob, "god")) == ["Choose one of the roles."]
    assert role_of(bob) == "developer"


def test_a_role_counts_from_the_next_page_on(office, owner):
    bob = colleague(owner)
    client = browser_of(bob)
    assert client.get(reverse("keys")).status_code == 200
    give_role(office, bob, "viewer")
    assert client.get(reverse("keys")).status_code == 403


def test_an_owner_removes_members(office, owner):
    bob = colleague(owner)
    client = browser_of(bob)
    assert said(remove(office, bob)) == [f"{bob.user.email} is no longer a member."]
    assert client.get(reverse("keys")).status_code == 404
    assert "You belong to no company" in client.get(reverse("keys")).content.decode()
    assert User.objects.filter(id=bob.user_id).exists()


def test_whoever_is_not_an_owner_may_leave(owner):
    bob = colleague(owner, Role.VIEWER)
    response = leave(browser_of(bob))
    assert said(response) == ["You have left Acme."]
    assert not Member.objects.filter(id=bob.id).exists()


@pytest.mark.parametrize(
    "go",
    [
        lambda office, owner: leave(office),
        lambda office, owner: remove(office, owner),
        lambda office, owner: give_role(office, owner, "viewer"),
    ],
    ids=["leaves", "is removed", "gets another role"],
)
def test_the_last_owner_stays(office, owner, go):
    colleague(owner)
    MemberFactory()  # another company's owner is none of this one's
    assert said(go(office, owner)) == ["A company needs an owner: make somebody else one first."]
    assert role_of(owner) == "owner"


def test_an_owner_whose_account_is_closed_is_no_other_owner(office, owner):
    retired = colleague(owner, Role.OWNER)
    User.objects.filter(id=retired.user_id).update(is_active=False)
    leave(office)
    assert role_of(owner) == "owner"


def test_one_of_two_owners_may_leave(office, owner):
    colleague(owner, Role.OWNER)
    leave(office)
    assert not Member.objects.filter(id=owner.id).exists()


def test_an_owner_who_steps_back_comes_to_a_page_that_is_still_theirs(office, owner):
    colleague(owner, Role.OWNER)
    path = reverse("change-role", args=[owner.id])
    assert office.post(path, {"role": "viewer"}).url == "/portal/"


def test_of_two_owners_who_leave_at_once_one_stays(committed):
    for _ in range(5):
        customer = CustomerFactory()
        owners = [MemberFactory(customer=customer) for _ in range(2)]
        barrier = Barrier(2)

        def go(member, barrier=barrier):
            try:
                barrier.wait()
                members.remove_member(member)
            except LastOwner:
                return False
            finally:
                connections.close_all()
            return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(go, owners)) == [False, True]
        assert Member.objects.filter(customer=customer).count() == 1


def test_another_companys_members_are_not_found(office):
    stranger = MemberFactory(role=Role.VIEWER)
    assert give_role(office, stranger, "owner").status_code == 404
    assert remove(office, stranger).status_code == 404
    assert role_of(stranger) == "viewer"


# Two companies


@pytest.fixture
def second(owner):
    """The same person's place at another company."""
    return MemberFactory(user=owner.user, customer=CustomerFactory(name="Bolt"))


def switch(client, customer_id):
    return client.post(reverse("switch-company"), {"customer": str(customer_id)})


def shown(client):
    """For which company the pages are."""
    return client.get(reverse("members")).context["request"].member.customer.name


def test_a_person_with_one_company_has_nothing_to_switch(office):
    assert "switch-company" not in office.get(reverse("members")).content.decode()
    assert shown(office) == "Acme"


def test_a_person_with_several_acts_for_one_and_can_switch(office, owner, second):
    assert shown(office) == "Acme"
    assert switch(office, second.customer_id).url == "/portal/"
    assert shown(office) == "Bolt"
    switch(office, owner.customer_id)
    assert shown(office) == "Acme"


@pytest.mark.parametrize("named", ["", "x", "00000000-0000-7000-8000-000000000000"])
def test_nobody_switches_to_where_they_do_not_belong(office, second, named):
    assert switch(office, named).status_code == 404
    assert switch(office, CustomerFactory().id).status_code == 404
    assert shown(office) == "Acme"


def test_the_role_is_the_one_at_the_company_that_one_acts_for(office, owner, second):
    Member.objects.filter(id=second.id).update(role="viewer")
    assert office.get(reverse("keys")).status_code == 200
    switch(office, second.customer_id)
    assert office.get(reverse("keys")).status_code == 403


def test_after_leaving_one_the_pages_are_about_the_other(office, owner, second):
    colleague(owner, Role.OWNER)
    leave(office)
    assert shown(office) == "Bolt"


def test_a_form_is_for_the_company_it_was_made_for_whatever_another_tab_switched_to(
    office, owner, second
):
    switch(office, second.customer_id)
    told = {"name": "web", "key": uuid7(), "customer": str(owner.customer_id)}
    office.post(reverse("keys"), told)
    assert ApiKey.objects.get().customer == owner.customer
    assert shown(office) == "Bolt"


def test_every_form_of_the_pages_says_for_which_company_it_is(office, owner):
    colleague(owner)
    for page in ("members", "keys"):
        html = office.get(reverse(page)).content.decode()
        main = html.partition("<main")[2]
        named = f'name="customer" value="{owner.customer_id}"'
        assert main.count("<form") == main.count(named) > 0


def test_a_form_for_a_company_one_has_left_changes_nothing(office, owner):
    """Not for the company that one acts for now either."""
    foreign = CustomerFactory()
    response = office.post(reverse("keys"), {"name": "web", "customer": str(foreign.id)})
    assert response.status_code == 404
    assert "That company is not yours" in response.content.decode()
    for named in ("x", "\x00", "null"):
        assert office.post(reverse("keys"), {"name": "x", "customer": named}).status_code == 404
    assert not ApiKey.objects.exists()


def test_a_form_cannot_name_a_company_where_one_may_more_but_reach_anothers_things(
    office, owner, second
):
    """Owner there, and the member is here: not found."""
    Member.objects.filter(id=owner.id).update(role="viewer")
    bob = colleague(owner)
    told = {"customer": str(second.customer_id)}
    assert remove(office, bob, **told).status_code == 404
    assert remove(office, bob, customer=str(owner.customer_id)).status_code == 403
    assert Member.objects.filter(id=bob.id).exists()


def test_the_house_is_nobodys_company(db):
    assert not Member.objects.filter(customer=Customer.objects.get()).exists()
    assert browser_of(UserFactory()).get(reverse("members")).status_code == 404
