"""Staff close an account on pages: one asks, another sees the same anew and approves."""

import re
from threading import Thread

import pytest
from django.db import connections, transaction
from django.urls import reverse

from accounts.admin.acting import address
from accounts.ids import uuid7
from accounts.models import HOUSE_ID, AuditEntry, Customer, CustomerStatus, Role, StaffRole, User
from billing.admin.acts.closings import APPROVE, DECLINE
from billing.admin.closings import asking
from billing.care import closings
from billing.models import AccountClosing, ClosingState, Refund
from ledger import services
from ledger.amounts import CREDIT
from ledger.selectors import balance
from tests.confirming import confirmed, form_of, told
from tests.factories import billing
from tests.factories.accounts import CustomerFactory, MemberFactory
from tests.factories.ledger import Book


@pytest.fixture
def finance(person, signed_in):
    """Two people of finance."""
    return [signed_in(person(name, StaffRole.FINANCE)) for name in ("ann", "ben")]


@pytest.fixture
def asked(acme, purchase, finance):
    confirmed(finance[0], asking(acme), reason="They asked for it")
    return AccountClosing.objects.get()


def status_of(customer):
    return Customer.objects.get(pk=customer.pk).status


def test_who_asks_sees_what_it_would_do(acme, purchase, finance):
    services.grant(acme.pk, amount=50 * CREDIT, kind="promo")
    page = finance[0].get(asking(acme)).content.decode()
    assert "1,050" in page
    assert "Paid credits are refunded to their payments" in page
    assert re.search(r"Money back.*100\.00</td><td>USD", page, re.DOTALL)
    assert "breakage, as at expiry" in page
    assert "2100 Deferred revenue" in page and "U32" in page
    assert balance(acme.pk).total == 1050 * CREDIT
    assert not AccountClosing.objects.exists()


def test_one_asks_and_another_approves(acme, asked, finance, django_capture_on_commit_callbacks):
    assert (asked.state, status_of(acme)) == (ClosingState.REQUESTED, CustomerStatus.ACTIVE)
    page = address(APPROVE, asked)
    shown = finance[1].get(page).content.decode()
    assert "They asked for it" in shown and "100.00" in shown
    with django_capture_on_commit_callbacks(execute=True):
        answer = confirmed(finance[1], page)
    assert "is closed. Refunds are on their way." in told(answer)[0]
    asked.refresh_from_db()
    assert asked.state == ClosingState.CLOSED
    assert status_of(acme) == CustomerStatus.CLOSED
    assert balance(acme.pk).total == 0
    kept = finance[0].get(reverse("admin:billing_accountclosing_change", args=[asked.pk]))
    assert "What was done when it was approved" in kept.content.decode()
    actions = AuditEntry.objects.filter(customer=acme).values_list("action", flat=True)
    assert {"closing.asked", "closing.approved", "customer.changed"} <= set(actions)


def test_who_asked_is_told_that_another_must(asked, finance):
    page = address(APPROVE, asked)
    shown = finance[0].get(page).content.decode()
    assert "Somebody else must approve it" in shown
    assert 'type="submit" value="Approve' not in shown
    confirmed(finance[0], page)
    assert AccountClosing.objects.get().state == ClosingState.REQUESTED


def test_what_changed_since_it_was_shown_is_told(acme, asked, finance):
    page = address(APPROVE, asked)
    sent = form_of(finance[1], page)
    Book(acme.pk).debit(CREDIT)
    answer = finance[1].post(page, sent)
    assert answer.status_code == 409
    assert "Something changed since this page was shown" in answer.content.decode()
    assert "99.90" in answer.content.decode()
    assert AccountClosing.objects.get().state == ClosingState.REQUESTED


def test_what_is_in_the_way_is_told(acme, asked, finance):
    Book(acme.pk).reserve(CREDIT)
    page = address(APPROVE, asked)
    assert "1 hold is open" in finance[1].get(page).content.decode()
    confirmed(finance[1], page)
    assert status_of(acme) == CustomerStatus.ACTIVE


def test_it_is_declined(acme, asked, finance):
    confirmed(finance[1], address(DECLINE, asked), reason="No")
    assert AccountClosing.objects.get().state == ClosingState.DECLINED
    assert status_of(acme) == CustomerStatus.ACTIVE


@pytest.mark.parametrize(
    ("role", "asks", "approves"),
    [
        (StaffRole.SUPPORT, False, False),
        (StaffRole.OPERATIONS, False, False),
        (StaffRole.FINANCE, True, True),
        (StaffRole.AUDITOR, False, False),
        (StaffRole.ADMINISTRATOR, True, True),
    ],
)
def test_each_role_may_what_it_may(acme, asked, person, signed_in, role, asks, approves):
    client = signed_in(person("clerk", role))
    assert (client.get(asking(acme)).status_code == 200) is asks
    for act in (APPROVE, DECLINE):
        assert (client.get(address(act, asked)).status_code == 200) is approves
        if not approves:
            assert client.post(address(act, asked), {"reason": "x"}).status_code == 403


@pytest.mark.parametrize("id", [uuid7(), HOUSE_ID])
def test_who_is_no_customer_is_not_found(staff, id):
    assert staff.get(reverse("admin:accounts_customer_close", args=[id])).status_code == 404


def test_the_portal_of_a_closed_account_is_to_be_looked_at(acme, asked, finance, signed_in):
    member = MemberFactory(customer=acme, role=Role.OWNER)
    confirmed(finance[1], address(APPROVE, asked))
    client = signed_in(member.user)
    overview = client.get("/portal/").content.decode()
    assert "The account is closed." in overview
    assert client.get(reverse("statement")).status_code == 200
    answer = client.post(reverse("company-settings"), {"time_zone": "Asia/Tokyo"})
    assert answer.status_code == 403
    assert "The account is closed" in answer.content.decode()
    acme.refresh_from_db()
    assert acme.time_zone == "UTC"


def test_two_who_approve_at_once_have_one_effect(committed, settings):
    settings.PAYMENT_PROVIDERS = ["test"]
    customer = CustomerFactory()
    billing.sold_by_the_test_provider(customer)
    people = [
        User.objects.create_superuser(f"{name}-{customer.pk}@example.com")
        for name in ("ann", "ben", "cid")
    ]
    closing = closings.ask(customer, reason="x", by=people[0])
    effect = closings.effect_now(closing, people[1])
    came = []

    def approve(by):
        try:
            with transaction.atomic():
                closings.approve(closing.pk, confirmed=effect.fingerprint, by=by)
            came.append("approved")
        except closings.ClosingRefused as refusal:
            came.append(refusal.detail)
        finally:
            connections.close_all()

    approving = [Thread(target=approve, args=[by]) for by in people[1:]]
    for one in approving:
        one.start()
    for one in approving:
        one.join()
    assert sorted(came) == ["This was decided already.", "approved"]
    assert Refund.objects.filter(payment__purchase__customer=customer).count() == 1
    assert balance(customer.pk).total == 0
