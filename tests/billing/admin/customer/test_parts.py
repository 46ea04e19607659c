"""Each part of a customer's page says what the ledger and the rows say."""

from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts import acts, audit, services
from accounts.admin.acting import address
from accounts.ids import uuid7
from accounts.models import Role
from billing.alerts import arming
from billing.models import Alert, Dispute, Mail, PaymentMethod, Refund
from billing.plans import subscribing
from ledger import limits, runway, selectors, wallets
from ledger import services as ledger_services
from ledger.admin.shown import row_page
from ledger.amounts import CREDIT, show
from ledger.limits import Limit
from ledger.models import Lot
from tests.billing.plans.world import new_plan
from tests.confirming import confirmed
from tests.factories import billing
from tests.factories.accounts import ApiKeyFactory, CustomerFactory, MemberFactory, UserFactory
from tests.ledger.api.conftest import operate

BADGE = '<span class="badge {}">{}</span>'.format


def texts(section):
    return [[str(cell) for cell in row] for row in section.rows]


def test_the_figures_are_the_ledgers(shown, funded, hold):
    figures = {one.name: one.value for one in shown(funded).figures}
    balance = selectors.balance(funded.id)
    assert balance == (96 * CREDIT, 4 * CREDIT, 0)
    told = {name: show(getattr(balance, name)) for name in ("available", "held", "frozen", "total")}
    assert figures == told | {"days left": "-", "worth": "25.00 USD"}


def test_days_left_are_those_of_the_runway(shown, funded):
    operate("debit", funded, amount=10 * CREDIT)
    figures = {one.name: one.value for one in shown(funded).figures}
    available = selectors.balance(funded.id).available
    assert figures["days left"] == str(runway.days(funded.id, available=available)) == "9"
    assert figures["worth"] == "22.50 USD"


def test_what_credits_are_worth_is_told_by_currency(shown, funded):
    ledger_services.grant(funded.id, amount=CREDIT, kind="paid", price=1000, currency="EUR")
    ledger_services.grant(funded.id, amount=CREDIT, kind="promo")
    worth = [one.value for one in shown(funded).figures if one.name == "worth"]
    assert worth == ["10.00 EUR", "25.00 USD"]


def test_who_owes_sees_what(shown, acme):
    wallets.set_credit_limit(acme.id, limit=50 * CREDIT)
    operate("debit", acme, amount=20 * CREDIT)
    page = shown(acme)
    figures = {one.name: one.value for one in page.figures}
    assert (figures["credit limit"], figures["owed"]) == ("50", "20")
    assert BADGE("bad", "owes credits") in page.badges


def test_what_is_out_of_the_ordinary_stands_beside_the_name(shown, acme):
    assert shown(acme).badges == []
    payment = billing.bought(acme)
    assert shown(acme).badges == []
    billing.say(billing.dispute_fact(payment, "open"))
    services.suspend_customer(acme)
    services.suspend_keys(acme.id)
    assert shown(acme).badges == [
        BADGE("bad", "suspended"),
        BADGE("bad", "keys suspended: it owes a payment"),
        BADGE("bad", "nothing left"),
        BADGE("bad", "disputed"),
        BADGE("warn", "frozen"),
    ]


def test_a_low_balance_is_said(shown, acme, purchase):
    arming.arm([acme.id])
    assert shown(acme).badges == []
    operate("debit", acme, amount=600 * CREDIT)
    assert shown(acme).badges == [BADGE("warn", "low")]


def test_lots_stand_in_the_order_of_their_use_with_expiry_and_cost(part, funded, hold):
    soon = timezone.now() + timedelta(days=9, hours=1)
    ledger_services.grant(funded.id, amount=5 * CREDIT, kind="promo", expires_at=soon)
    lots = part(funded, "lots")
    lot, promo = Lot.objects.filter(customer=funded).order_by("seq")
    assert [row[1:] for row in texts(lots)] == [
        *(["promo", *_none(2), "5", "-", "5", "0", "0", "-", f"{soon:%Y-%m-%d}, in 9 d"],),
        *(["paid", *_granted(), "25.00 USD", "100", "-", "100", "4", "0", "25.00 USD", "never"],),
    ]
    assert row_page("lot", funded.id, promo.id) in texts(lots)[0][0]
    assert row_page("lot", funded.id, lot.id) in texts(lots)[1][0]


def test_a_lot_that_was_moved_in_part_says_what_it_was_and_carries(part, funded):
    ledger_services.move(funded.id, CustomerFactory().id, amount=40 * CREDIT)
    (row,) = texts(part(funded, "lots"))
    assert row[3:6] == ["25.00 USD", "100", "40 with 10.00 USD"]
    assert (row[6], row[9]) == ("60", "15.00 USD")


def _none(times):
    return ['<span class="cut" title="-">-</span>', "-"][:times]


def _granted():
    told = "Granted by the provider as paid, $25.00"
    return [f'<span class="cut" title="{told}">{told}</span>']


def test_a_bought_lot_leads_to_its_purchase(part, acme, purchase):
    assert (
        reverse("admin:billing_purchase_change", args=[purchase.pk])
        in texts(part(acme, "lots"))[0][2]
    )


def test_expired_lots_are_gone(part, acme, monkeypatch):
    soon = timezone.now() + timedelta(seconds=0.2)
    ledger_services.grant(acme.id, amount=5 * CREDIT, kind="promo", expires_at=soon)
    with connection.cursor() as cursor:
        cursor.execute("select pg_sleep(0.3)")
    assert part(acme, "lots").rows == []


def test_more_lots_than_are_shown_are_told_of(part, acme):
    for _ in range(12):
        ledger_services.grant(acme.id, amount=CREDIT, kind="promo")
    lots = part(acme, "lots")
    assert (len(lots.rows), lots.told) == (10, "More are open.")


def test_open_holds_stand_with_their_age_the_oldest_first(part, funded, hold):
    second = operate("reserve", funded, amount=2 * CREDIT, request_id="req-2")
    ended = operate("reserve", funded, amount=CREDIT)
    operate("release", funded, reservation_id=ended.reservation_id)
    rows = texts(part(funded, "holds"))
    pages = [row_page("reservation", funded.id, id) for id in (hold.reservation_id, _id(second))]
    assert [page in row[0] for page, row in zip(pages, rows, strict=True)] == [True, True]
    assert [row[3] for row in rows] == ["4", "2"]
    assert all(row[1].endswith(" s") for row in rows)
    assert "req-2" in rows[1][5]


def _id(result):
    return result.reservation_id


def test_how_many_holds_there_are_is_said(part, funded):
    for _ in range(12):
        operate("reserve", funded, amount=CREDIT)
    holds = part(funded, "holds")
    assert (len(holds.rows), holds.told) == (10, "Of 12.")


def test_the_last_calls_stand_with_their_cost(part, funded, hold):
    operate("commit", funded, reservation_id=hold.reservation_id, amount=3 * CREDIT)
    key = ApiKeyFactory(customer=funded, name="web").key
    operate("debit", funded, amount=2 * CREDIT, api_key_id=key.id, request_id="req-9")
    last, first = texts(part(funded, "calls"))
    assert (last[2], last[4], last[5]) == (BADGE("good", "committed"), "web", "2")
    assert "req-9" in last[7]
    assert (first[4], first[5]) == ("-", "3")


def test_purchases_refunds_and_disputes(part, acme, staff):
    payment = billing.bought(acme)
    billing.say(billing.refund_fact(payment, "re_1", 1000))
    billing.say(billing.dispute_fact(payment, "open", 2000))
    refund, dispute = Refund.objects.get(), Dispute.objects.get()
    (bought,) = texts(part(acme, "purchases"))
    refund_page = reverse("admin:billing_purchase_refund", args=[payment.purchase_id])
    assert bought[3:7] == ["1,000", "100.00 USD", BADGE("good", "paid"), "30.00, in dispute"]
    assert refund_page in bought[8]
    (back,) = texts(part(acme, "refunds"))
    assert back[2:5] == [BADGE("good", "succeeded"), "10.00 USD", show(refund.credits)]
    (open_one,) = texts(part(acme, "disputes"))
    assert open_one[2:5] == [BADGE("bad", "open"), "20.00 USD", show(dispute.frozen)]
    assert open_one[7] == "-"


def test_alerts_stand_with_what_became_of_their_mail(part, acme):
    told = {"customer": acme, "to": ["a@b.example"], "subject": "Low", "kind": "low", "about": "1"}
    mail = Mail.objects.create(state="sent", **told)
    crossed = {"basis": "credits", "value": 5 * CREDIT, "available": 4 * CREDIT}
    Alert.objects.create(
        customer=acme,
        event_id=uuid7(),
        kind="low",
        happened_at=timezone.now(),
        mail=mail,
        **crossed,
    )
    (row,) = texts(part(acme, "alerts"))
    assert row[1:4] == [BADGE("warn", "low"), "5 credits are left", "4"]
    assert reverse("admin:billing_mail_change", args=[mail.pk]) in row[4]
    assert ">Sent<" in row[4]


def test_keys_stand_with_how_they_stand(part, acme):
    keys = {
        name: ApiKeyFactory(customer=acme, name=name).key
        for name in ("gone", "works", "theirs", "ours")
    }
    services.revoke_key(keys["gone"])
    services.suspend_key(keys["theirs"])
    services.suspend_key(keys["ours"], by_provider=True)
    rows = {row[1]: row for row in texts(part(acme, "keys"))}
    assert list(rows) == ["ours", "theirs", "works", "gone"]
    assert [row[2] for row in rows.values()] == [
        BADGE("bad", "suspended by staff"),
        BADGE("bad", "suspended"),
        BADGE("good", "works"),
        BADGE("", "revoked"),
    ]
    assert keys["works"].prefix in rows["works"][0]


def test_members_and_who_is_invited(part, acme):
    owner = MemberFactory(customer=acme, user=UserFactory(email="jane@acme.example", name="Jane"))
    acme.invitations.create(
        email="new@acme.example",
        role=Role.VIEWER,
        digest=b"x" * 32,
        invited_by=owner.user,
        expires_at=timezone.now() + timedelta(days=1),
    )
    jane, new = texts(part(acme, "members"))
    assert "jane@acme.example" in jane[0]
    assert jane[1:3] == ["Jane", "owner"]
    assert new[:3] == ["new@acme.example", BADGE("warn", "invited"), "viewer"]


def test_the_plan_and_what_is_not_paid_of_it(part, acme):
    card = PaymentMethod.objects.create(customer=acme, provider="test", ref="card_1")
    subscribing.start(acme, new_plan(fee=10_00), card=card)
    plan, invoice = texts(part(acme, "plan"))
    assert plan[1] == BADGE("good", "active")
    assert plan[4] == invoice[4] == "10.00 USD"
    assert "invoice due" in invoice[1]


def test_limits_stand_with_what_is_used(part, funded):
    cap = Limit("customer", "spend", period="month", hard=50 * CREDIT)
    limits.set_limits(funded.id, "provider", [cap])
    operate("debit", funded, amount=20 * CREDIT)
    ((whose, what, used, source),) = texts(part(funded, "limits"))
    assert "50" in what
    assert "20" in used
    assert (whose, source) == ("The company", "provider")


def test_the_audit_says_who_and_from_what_to_what(part, staff, acme):
    page = reverse("admin:accounts_customer_edit", args=[acme.pk])
    told = {"name": "Acme Ltd", "metadata": "{}", "time_zone": "UTC"}
    forms = {"members-TOTAL_FORMS": 0, "members-INITIAL_FORMS": 0}
    assert staff.post(page, told | forms).status_code == 302
    row = texts(part(acme, "audit"))[0]
    assert row[1:3] == ["boss@example.com, admin", "customer.changed"]
    assert "name: Acme to Acme Ltd" in row[3]
    audit.record("customer.exported", acme, customer_id=acme.id)
    assert texts(part(acme, "audit"))[0][1:3] == ["system", "customer.exported"]


def test_an_act_that_was_confirmed_is_told_by_what_was_done(part, staff, acme):
    confirmed(staff, address(acts.SUSPEND_CUSTOMER, acme), reason="Fraud")
    row = next(row for row in texts(part(acme, "audit")) if row[2] == "customer.suspended")
    assert row[3] == '<span class="said">Acme is suspended.; reason: Fraud</span>'


@pytest.mark.parametrize("anchor", ["lots", "holds", "calls", "purchases", "alerts", "audit"])
def test_nobody_elses_rows_are_among_them(part, anchor, acme):
    payment = billing.bought()
    other = payment.purchase.customer
    operate("reserve", other, amount=CREDIT)
    Alert.objects.create(
        customer=other, event_id=uuid7(), kind="dry", happened_at=timezone.now(), available=0
    )
    audit.record("customer.exported", other, customer_id=other.id)
    assert part(acme, anchor).rows == []
    assert part(other, anchor).rows != []
