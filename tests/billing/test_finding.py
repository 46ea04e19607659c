"""The box on every page of the admin: whatever has a name is found by it."""

import pytest
from django.db import connection
from django.urls import reverse

from accounts import ids, request_ids
from accounts.ids import uuid7
from accounts.models import User
from billing import finding
from billing.finding import by_name, by_request
from billing.models import (
    BillingProfile,
    Dispute,
    Document,
    Invoice,
    PaymentMethod,
    ProviderCustomer,
    ProviderEvent,
    Refund,
)
from billing.models.purchases import PURCHASE
from billing.plans import subscribing
from ledger import services as ledger_services
from ledger.amounts import CREDIT
from ledger.ids import LOT, TRANSACTION, ReservationId
from ledger.models import Lot, Transfer
from tests.billing.plans.world import new_plan
from tests.factories import billing
from tests.factories.accounts import (
    ApiKeyFactory,
    CustomerFactory,
    MemberFactory,
    ServiceKeyFactory,
    UserFactory,
)
from tests.ledger.api.conftest import operate

pytestmark = pytest.mark.django_db
FIND = reverse("admin:find")
NONSENSE = [
    *("", " ", "\x00", "a\x00b", "%", "%%%", "_", "\\", "'", '"; drop table', "<script>"),
    *("x" * 255, "x" * 256, "x" * 5000, "ы" * 300, "\N{PILE OF POO}", "\u202e", "a\nb\tc", "…"),
    *("cus_", "cus_1", "rsv_" + "f" * 72, "txn_zz", "lot_" + "0" * 32, "key_", "ddk_", "ddk_\x00"),
    *("pur_" + "f" * 32, "evt_1", "evt_" + "0" * 32, "req_" + "f" * 32, "req_" + "0" * 32),
    *("R-0", "R-999999999999999999", "C--1", "0" * 32, "00000000-0000-7000-8000-000000000000"),
    *("cus_" + "0" * 32 + " x", "pi_", "@", ".", "-" * 100, "\ud800"),
]


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("boss@staff.example"))
    return client


@pytest.fixture
def acme():
    acme = CustomerFactory(name="Acme Robotics", email="owner@acme.example", external_id="crm-7")
    ledger_services.grant(acme.id, amount=100 * CREDIT, kind="paid", price=2500, currency="USD")
    return acme


def found(term):
    """The pages that it leads to."""
    return {(hit.model, hit.key) for hit in finding.look(term).hits}


def of(row):
    return {(row._meta.label_lower, str(row.pk))}


def of_history(model, customer, id):
    return {(f"ledger.{model}", customer.id.hex + id.hex)}


@pytest.mark.parametrize(
    "term",
    [
        *("Acme Robotics", "acme robotics", "Robot", "ACME", "obotic"),
        *("owner@acme.example", "OWNER@acme", "acme.example", "@acme.example"),
        *("crm-7", "  crm-7 ", "CRM-7"),
    ],
)
def test_a_customer_is_found_by_what_it_is_called(acme, term):
    CustomerFactory(name="Beta", email="owner@beta.example")
    assert found(term) == of(acme)


def test_a_customer_is_found_by_who_belongs_to_it(acme):
    MemberFactory(customer=acme, user=UserFactory(email="jane@elsewhere.example"))
    BillingProfile.objects.create(customer=acme, email="bills@post.example", country="AT")
    for term in ("jane@elsewhere.example", "JANE@", "elsewhere.example", "bills@post.example"):
        assert found(term) == of(acme)
    assert finding.look("jane@").hits[0].why == "member jane@elsewhere.example"


def test_ours_are_found_by_their_ids(acme):
    hold = operate("reserve", acme, amount=4 * CREDIT)
    lot, transfer = Lot.objects.get(customer=acme), Transfer.objects.filter(customer=acme)[0]
    name = ReservationId(acme.id, hold.reservation_id, 0)
    assert found(ids.encode("cus", acme.id)) == of(acme)
    assert found(str(acme.id)) == found(acme.id.hex) == of(acme)
    assert found(str(name)) == of_history("reservation", acme, hold.reservation_id)
    assert found(ids.encode(LOT, lot.id)) == of_history("lot", acme, lot.id)
    named = ids.encode(TRANSACTION, transfer.transaction_id)
    assert found(named) == of_history("transaction", acme, transfer.transaction_id)


def test_keys_are_found_by_their_ids_and_beginnings(acme):
    key, secret = ApiKeyFactory(customer=acme)
    other, others_secret = ServiceKeyFactory()
    assert found(ids.encode("key", key.id)) == found(key.prefix) == found(secret) == of(key)
    assert found(other.prefix) == found(others_secret) == of(other)
    # It is not written where others read it.
    assert secret not in finding.look(secret).term


def test_what_was_bought_is_found_by_every_id_it_has(acme):
    payment = billing.bought(acme)
    purchase = payment.purchase
    billing.say(billing.refund_fact(payment, "re_1", 1000))
    billing.say(billing.dispute_fact(payment, "open", 2000))
    refund, dispute = Refund.objects.get(), Dispute.objects.get()
    terms = [
        *(ids.encode(PURCHASE, purchase.id), str(purchase.id), purchase.provider_ref),
        *(refund.name, "re_1"),
    ]
    for term in terms:
        assert found(term) == of(purchase), term
    # With a blank in it, it is no provider's: the test's own.
    for spaced, row in ((payment.provider_ref, payment), (dispute.provider_ref, dispute)):
        row.__class__.objects.filter(pk=row.pk).update(provider_ref=spaced.replace(" ", "_"))
        assert found(spaced.replace(" ", "_")) == of(purchase)


def test_what_a_provider_calls_a_customer_or_a_card_is_found(acme):
    ProviderCustomer.objects.create(customer=acme, provider="stripe", ref="cus_NffrFeUfNV2Hib")
    PaymentMethod.objects.create(customer=acme, provider="stripe", ref="pm_1MqLiJLkdIwHu7ix")
    assert found("cus_NffrFeUfNV2Hib") == found("pm_1MqLiJLkdIwHu7ix") == of(acme)


def test_a_providers_event_is_found_and_what_it_tells_of_leads_to_the_purchase(acme):
    payment = billing.bought(acme)
    told = {"provider": "test", "kind": "charge.succeeded", "payload": {}}
    event = ProviderEvent.objects.create(
        event_id="evt_1NG8Du2eZvKYlo2C", object_ref="ch_3", payment_ref=payment.provider_ref, **told
    )
    stray = ProviderEvent.objects.create(event_id="evt_2", object_ref="ch_4", **told)
    assert found("evt_1NG8Du2eZvKYlo2C") == of(event)
    assert found("ch_3") == of(payment.purchase)
    assert found("ch_4") == of(stray)


def test_papers_are_found_by_their_numbers(acme):
    billing.bought(acme)
    paper = Document.objects.get()
    for term in (paper.name, paper.name.lower(), f"R{paper.number}"):
        assert found(term) == of(paper), term


def test_plans_of_a_customer_are_found(acme):
    card = PaymentMethod.objects.create(customer=acme, provider="test", ref="card_1")
    subscription = subscribing.start(acme, new_plan(fee=10_00), card=card)
    invoice = Invoice.objects.get()
    assert found(subscription.name) == of(subscription)
    assert found(invoice.name) == of(invoice)


def test_a_call_is_found_by_its_request(acme):
    name = request_ids.request_id(None)
    hold = operate("reserve", acme, amount=CREDIT, request_id=name)
    operate("commit", acme, reservation_id=hold.reservation_id, request_id="their-own-2")
    wanted = of_history("reservation", acme, hold.reservation_id)
    assert found(name) == found("their-own-2") == wanted


def test_how_far_was_looked_for_a_request_is_said(acme):
    assert "were looked at" in finding.look("their-own-3").told
    assert "were looked at" in finding.look(request_ids.request_id(None)).told


def test_looking_for_a_request_ends_in_time(acme, monkeypatch):
    monkeypatch.setattr(by_request, "SECONDS_MAX", 1)
    monkeypatch.setattr(by_request, "_within", _sleep)
    assert finding.look("their-own-3").told == "More would have taken too long."


def _sleep(*_):
    with connection.cursor() as cursor:
        cursor.execute("select pg_sleep(5)")


def test_a_call_of_one_customer_is_found_however_long_ago(acme):
    hold = operate("reserve", acme, amount=CREDIT, request_id="their-own-1")
    wanted = of_history("reservation", acme, hold.reservation_id)
    assert found(f"{ids.encode('cus', acme.id)} their-own-1") == wanted
    within = finding.look_within(acme, "their-own-1").hits
    assert {(hit.model, hit.key) for hit in within} == wanted
    assert finding.look_within(CustomerFactory(), "their-own-1").hits == []


def test_what_is_more_alike_stands_in_front():
    names = ["Old Acme", "Acme Ltd", "Acme", "Acme Inc"]
    for name in names:
        CustomerFactory(name=name)
    titles = [hit.title for hit in finding.look("acme").hits]
    assert titles == ["Acme", "Acme Inc", "Acme Ltd", "Old Acme"]


def test_what_is_equal_is_found_among_however_many(monkeypatch):
    monkeypatch.setattr(by_name, "READ_MAX", 2)
    for n in range(4):
        CustomerFactory(name=f"Acme {n}")
    wanted = CustomerFactory(name="ACME")
    assert finding.look("acme").hits[0].key == str(wanted.pk)


def test_there_are_more_than_are_shown(staff, monkeypatch):
    monkeypatch.setattr(by_name, "ROWS_MAX", 2)
    for n in range(4):
        CustomerFactory(name=f"Acme {n}")
    page = staff.get(FIND, {"q": "acme"})
    assert page.context["title"] == "2 found"
    assert "There are more customers like it" in page.content.decode()


def test_one_hit_is_gone_to(staff, acme):
    answer = staff.get(FIND, {"q": "crm-7"})
    assert answer.url == reverse("admin:accounts_customer_change", args=[acme.pk])
    assert staff.get(answer.url).status_code == 200


def test_several_are_listed_by_what_they_are_with_whose_and_why(staff, acme):
    other = CustomerFactory(name="Acme Foods")
    page = staff.get(FIND, {"q": "acme"})
    (group,) = page.context["groups"]
    assert group.name == "Customers"
    assert [row.hit.customer for row in group.rows] == [other, acme]
    text = page.content.decode()
    assert "name Acme Foods" in text
    assert f'href="{reverse("admin:accounts_customer_change", args=[acme.pk])}"' in text
    assert text.count(" autofocus") == 1


def test_every_hit_has_a_page(staff, acme):
    billing.bought(acme)
    event = ProviderEvent.objects.create(provider="test", event_id="e1", kind="x", payload={})
    key = ApiKeyFactory(customer=acme).key
    operate("reserve", acme, amount=CREDIT, request_id="r1")
    lot = Lot.objects.filter(customer=acme)[0]
    paper = Document.objects.get().name
    for term in (event.event_id, key.prefix, "r1", ids.encode(LOT, lot.id), paper):
        answer = staff.get(FIND, {"q": term}, follow=True)
        assert answer.redirect_chain, term
        assert answer.status_code == 200


def test_nothing_found_says_what_for_and_how_to_look(staff, acme):
    text = staff.get(FIND, {"q": "nobody at all"}).content.decode()
    assert "Nothing found" in text
    assert "<b>nobody at all</b>" in text
    assert "The provider" in text or "provider&#x27;s own id" in text


@pytest.mark.parametrize("term", NONSENSE)
def test_nonsense_is_answered(staff, acme, term):
    assert staff.get(FIND, {"q": term.encode("utf-8", "replace")}).status_code in (200, 302)
    of = term.encode("utf-8", "replace")
    assert staff.get(FIND, {"q": "x", "of": of}).status_code in (200, 302)


def test_without_a_term_it_is_asked_for_one(staff):
    assert "Say what to look for" in staff.get(FIND).content.decode()


def test_wildcards_are_letters_like_others(acme):
    assert found("%") == found("_") == found("Acme%Robotics") == set()


def test_the_house_is_not_found():
    assert found("cus_00000000000070008000000000000000") == set()
    assert found("00000000-0000-7000-8000-000000000000") == set()


def test_what_one_may_not_see_is_not_found(client, acme):
    payment = billing.bought(acme)
    client.force_login(User.objects.create_user("clerk@staff.example", is_staff=True))
    for term in ("crm-7", payment.purchase.name, ids.encode("cus", acme.id)):
        page = client.get(FIND, {"q": term})
        assert page.status_code == 200
        assert acme.name not in page.content.decode()


def test_a_call_within_a_customer_is_for_who_may_see_it(client, acme):
    operate("reserve", acme, amount=CREDIT, request_id="r1")
    client.force_login(User.objects.create_user("clerk@staff.example", is_staff=True))
    page = client.get(FIND, {"q": "r1", "of": ids.encode("cus", acme.id)})
    assert acme.name not in page.content.decode()


def test_uuids_of_nothing_are_nothing():
    assert found(str(uuid7())) == set()
