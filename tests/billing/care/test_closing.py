"""An account is closed: what is left goes back or is given up, by the policy, to the cent."""

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from accounts import services as accounts_services
from accounts.errors import CustomerSuspended, InvalidRequest, NotInASandbox
from accounts.models import Customer, CustomerStatus, User
from billing.care import closings, obstacles, running
from billing.care.errors import ClosingChanged, ClosingRefused
from billing.models import (
    AccountClosing,
    Closing,
    ClosingState,
    EscheatClass,
    Refund,
    RefundState,
    SandboxRefund,
    TopUpSettings,
    UnclaimedProperty,
)
from ledger import sandboxes, services, wallets
from ledger.amounts import CREDIT
from ledger.models import Transfer
from ledger.selectors import balance
from tests.billing.care.closed import money, now, refused, use
from tests.factories import billing
from tests.factories.accounts import ApiKeyFactory, CustomerFactory
from tests.factories.ledger import Book

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("all_books_tie")
def test_paid_credits_go_back_and_promotional_ones_are_given_up(acme, purchase, ask, approve):
    services.grant(acme.pk, amount=50 * CREDIT, kind="promo")
    use(acme, 250)
    closing = approve(ask(acme))
    assert balance(acme.pk).total == 0
    assert running.carry_on(closing.pk)
    refund = Refund.objects.get()
    assert (refund.state, refund.credits, refund.paid_back) == (
        RefundState.SUCCEEDED,
        750 * CREDIT,
        7500,
    )
    # 250 of 1,000 were used: USD 25.00.
    assert billing.credits(acme.pk) == {"U10": 1050, "U30": 250, "U31": 50, "U32": 750}
    assert money(acme) == {"1000": 2500, "2100": -2500}
    services.recognise([acme.pk])
    assert money(acme) == {"1000": 2500, "4100": -2500}
    assert SandboxRefund.objects.get().amount == 7500
    assert Customer.objects.get(pk=acme.pk).status == CustomerStatus.CLOSED
    assert (now(closing).state, now(closing).told) == (ClosingState.CLOSED, "")


def test_promotional_credits_that_are_left_are_forfeited(acme, purchase, ask, approve):
    services.grant(acme.pk, amount=50 * CREDIT, kind="promo")
    approve(ask(acme))
    assert billing.credits(acme.pk) == {"U10": 1050, "U31": 50, "U32": 1000}


@pytest.mark.usefixtures("all_books_tie")
def test_by_the_other_policy_all_is_forfeited(acme, purchase, ask, approve):
    use(acme, 250)
    closing = approve(ask(acme, Closing.FORFEIT))
    assert running.carry_on(closing.pk)
    assert not Refund.objects.exists()
    assert billing.credits(acme.pk) == {"U10": 1000, "U30": 250, "U31": 750}
    # E12forfeit: Dr 2100, Cr 2110 with what was deferred.
    assert money(acme) == {"1000": 10000, "2100": -2500, "2110": -7500}


@pytest.mark.usefixtures("all_books_tie")
def test_tax_goes_back_with_what_it_was_for(ask, approve):
    customer = billing.taxed("20")
    billing.sold_by_the_test_provider(customer)
    use(customer, 400)
    closing = approve(ask(customer))
    running.carry_on(closing.pk)
    assert Refund.objects.get().paid_back == 6000 + 1200
    assert money(customer) == {"1000": 4800, "2100": -4000, "2200": -800}


def test_each_payment_gets_its_own_back(acme, purchase, ask, approve):
    other = billing.sold_by_the_test_provider(acme, billing.new_pack(credits=500, price="40.00"))
    use(acme, 1100)
    closing = approve(ask(acme))
    running.carry_on(closing.pk)
    (refund,) = Refund.objects.all()
    assert (refund.payment_id, refund.paid_back) == (other.pk, 3200)


def test_the_preview_is_what_is_done(acme, purchase, ask, approver):
    services.grant(acme.pk, amount=50 * CREDIT, kind="promo")
    ApiKeyFactory(customer=acme)
    closing = ask(acme)
    before = Transfer.objects.filter(customer=acme).count()
    effect = closings.effect_now(closing, approver)
    assert Transfer.objects.filter(customer=acme).count() == before
    assert Customer.objects.get(pk=acme.pk).status == CustomerStatus.ACTIVE
    assert not Refund.objects.exists()
    (back,) = effect.backs
    assert (back.purchase, back.credits, back.amount) == (purchase.pk, 1000 * CREDIT, 10000)
    (given_up,) = effect.given_up
    assert (given_up.kind, given_up.credits, given_up.money) == ("promo", 50 * CREDIT, 0)
    assert (effect.left, effect.keys) == (1050 * CREDIT, 1)
    moved = {(one.unit, one.debit, one.credit): one.amount for one in effect.entries}
    assert moved == {
        ("CR", "U20", "U31"): 50 * CREDIT,
        ("CR", "U20", "U32"): 1000 * CREDIT,
        ("USD", "2100", "2400"): 10000,
    }
    closings.approve(closing.pk, confirmed=effect.fingerprint, by=approver)
    assert now(closing).effect["entries"]
    assert closings.effects.read(now(closing).effect) == effect


def test_what_has_changed_since_it_was_shown_must_be_confirmed_again(acme, purchase, ask, approver):
    closing = ask(acme)
    shown = closings.effect_now(closing, approver).fingerprint
    use(acme, 1)
    with pytest.raises(ClosingChanged):
        closings.approve(closing.pk, confirmed=shown, by=approver)
    assert now(closing).state == ClosingState.REQUESTED
    assert balance(acme.pk).total == 999 * CREDIT


def test_who_asked_does_not_approve(acme, purchase, ask, asker):
    closing = ask(acme)
    effect = closings.effect_now(closing, asker)
    with pytest.raises(ClosingRefused, match="Somebody else"):
        closings.approve(closing.pk, confirmed=effect.fingerprint, by=asker)
    boss = User.objects.create_superuser("boss@example.com")
    own = AccountClosing.objects.filter(pk=closing.pk)
    own.update(asked_by=boss)
    with pytest.raises(ClosingRefused, match="Somebody else"):
        closings.approve(closing.pk, confirmed=effect.fingerprint, by=boss)
    with (
        pytest.raises(IntegrityError, match="closing_is_approved_by_another"),
        transaction.atomic(),
    ):
        own.update(state=ClosingState.CLOSED, decided_by=boss, decided_at="2026-01-01T00:00Z")


def test_after_seven_days_it_has_expired(acme, purchase, ask, approve):
    closing = ask(acme)
    AccountClosing.objects.update(asked_at="2026-01-01T00:00Z")
    with pytest.raises(ClosingRefused, match="7 days"):
        approve(closing)
    running.carry_on_all()
    assert now(closing).state == ClosingState.EXPIRED
    assert ask(acme).state == ClosingState.REQUESTED


def test_it_is_asked_for_once(acme, purchase, ask, approve):
    closing = ask(acme)
    with pytest.raises(ClosingRefused, match="already"):
        ask(acme)
    approve(closing)
    with pytest.raises(ClosingRefused, match="closed"):
        ask(acme)
    with pytest.raises(ClosingRefused, match="decided already"):
        approve(closing)


def test_a_declined_one_does_nothing(acme, purchase, ask, asker):
    closing = closings.decline(ask(acme).pk, by=asker)
    assert closing.state == ClosingState.DECLINED
    assert balance(acme.pk).total == 1000 * CREDIT


def test_history_is_kept(acme, purchase, ask):
    ask(acme)
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("delete from billing_accountclosing")


def test_a_hold_must_be_over_first(acme, purchase, ask, approve, approver):
    hold = Book(acme.pk).reserve(100 * CREDIT)
    closing = ask(acme)
    refused(closing, approver, "1 hold is open")
    assert Customer.objects.get(pk=acme.pk).status == CustomerStatus.ACTIVE
    Book(acme.pk).commit(hold, 60 * CREDIT)
    closing = approve(closing)
    running.carry_on(closing.pk)
    assert Refund.objects.get().paid_back == 9400


def test_a_dispute_must_be_decided_first(acme, purchase, ask, approver):
    payment = purchase.payment
    billing.say(billing.dispute_fact(payment, "open"))
    refused(ask(acme), approver, "disputed")


def test_debts_must_be_paid_first(acme, purchase):
    wallets.set_credit_limit(acme.pk, limit=50 * CREDIT)
    use(acme, 1020)
    assert ["20 credits are owed" in one for one in obstacles.found(acme)] == [True]


def test_keys_and_top_up_end(acme, purchase, ask, approve):
    key = ApiKeyFactory(customer=acme).key
    approve(ask(acme))
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert not TopUpSettings.objects.filter(customer=acme, enabled=True).exists()


def test_a_closed_account_stays_closed(acme, purchase, ask, approve):
    approve(ask(acme))
    for status in (CustomerStatus.ACTIVE, CustomerStatus.SUSPENDED):
        with pytest.raises(InvalidRequest):
            accounts_services.update_customer(acme, status=status)
    accounts_services.update_customer(acme, name="Acme, closed")
    assert Customer.objects.get(pk=acme.pk).status == CustomerStatus.CLOSED


@pytest.mark.usefixtures("all_books_tie")
def test_what_a_state_may_claim_is_not_breakage(ask, approve):
    EscheatClass.objects.create(code="at", name="Austria", country="AT")
    customer = billing.taxed("20")
    billing.sold_by_the_test_provider(customer)
    closing = approve(ask(customer, Closing.FORFEIT))
    running.carry_on(closing.pk)
    assert UnclaimedProperty.objects.get().amount == 10000
    assert money(customer) == {"1000": 12000, "2200": -2000, "2300": -10000}


def test_a_sandbox_is_not_closed_alone(acme, asker):
    with pytest.raises(NotInASandbox):
        closings.ask(sandboxes.opened(acme), reason="x", by=asker)


def test_nobody_buys_for_a_closed_account(acme, purchase, ask, approve):
    approve(ask(acme))
    acme.refresh_from_db()
    with pytest.raises(CustomerSuspended):
        billing.order(acme)


def test_another_customer_is_left_alone(acme, purchase, ask, approve):
    other = CustomerFactory()
    billing.sold_by_the_test_provider(other)
    approve(ask(acme))
    assert balance(other.pk).total == 1000 * CREDIT
