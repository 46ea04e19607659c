import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import ids
from accounts.ids import uuid7
from accounts.models import User
from billing.models import Document, Purchase, Refund
from billing.models.payments import REFUND
from billing.providers.sandbox import acts
from ledger.admin import windows
from ledger.amounts import CREDIT
from ledger.selectors import balance
from tests.factories import billing
from tests.factories.accounts import CustomerFactory
from tests.ledger.api.conftest import operate

WINDOWS = ("purchase", "document", "providerevent")


def rows(staff, model, **query):
    page = staff.get(reverse(f"admin:billing_{model}_changelist"), query)
    assert page.status_code == 200
    return list(page.context["cl"].result_list)


def change_page(row):
    return reverse(f"admin:billing_{row._meta.model_name}_change", args=[row.pk])


def refund_page(purchase):
    return reverse("admin:billing_purchase_refund", args=[purchase.pk])


def told(answer):
    return [str(message) for message in answer.context["messages"]]


def post(staff, purchase, verb="confirm", **said):
    said = {"credits": "", "reason": "Too many", "key": str(uuid7()), verb: "yes"} | said
    return staff.post(refund_page(purchase), said, follow=True)


@pytest.fixture
def other(db):
    return billing.sold_by_the_test_provider(CustomerFactory(name="Other"))


def test_purchases_are_found_by_whatever_names_them(staff, purchase, other):
    receipt = Document.objects.get(purchase=purchase)
    post(staff, purchase, credits="100")
    refund = Refund.objects.get()
    for term in (
        *("acme", "owner@acme", ids.encode("cus", purchase.customer_id), purchase.name),
        *(ids.encode(REFUND, refund.id), purchase.provider_ref, purchase.payment.provider_ref),
        *(receipt.name, receipt.name.lower(), refund.credit_note.name, f"r{receipt.number}"),
    ):
        assert rows(staff, "purchase", q=term) == [purchase], term
    for term in ("nobody", "pur_1", ids.encode("pur", uuid7()), "R-999999"):
        assert rows(staff, "purchase", q=term) == []
    assert set(rows(staff, "purchase")) == {purchase, other}


def test_documents_are_found_by_number_and_by_purchase(staff, purchase, other):
    receipt = Document.objects.get(purchase=purchase)
    for term in (receipt.name, purchase.name, "acme"):
        assert rows(staff, "document", q=term) == [receipt]


def test_lists_are_filtered(staff, purchase, other):
    pending = billing.order()
    acts.dispute(other.provider_ref)
    billing.say(billing.dispute_fact(other.payment, "open"))
    post(staff, purchase, credits="100")
    assert rows(staff, "purchase", state="pending") == [pending]
    assert rows(staff, "purchase", returned="disputed") == [other]
    assert rows(staff, "purchase", returned="refunded") == [purchase]
    assert len(rows(staff, "purchase", provider="test")) == 3


def test_a_purchases_page_tells_what_became_of_it(staff, boss, purchase):
    post(staff, purchase, credits="100")
    billing.say(billing.dispute_fact(purchase.payment, "open", 20_00, fee=15_00))
    page = staff.get(change_page(purchase))
    panel = page.context["panel"]
    assert dict(panel.figures)["refunded"] == "10.00 USD"
    assert dict(panel.figures)["in dispute"] == "20.00 USD"
    assert dict(panel.figures)["left"] == "70.00 USD"
    assert [(row.amount, row.credits, row.by) for row in panel.refunds] == [
        ("10.00", "100", boss.email)
    ]
    assert [(row.amount, row.state, row.fee) for row in panel.disputes] == [
        ("20.00", "open", "15.00")
    ]
    text = page.content.decode()
    for document in Document.objects.filter(purchase=purchase):
        assert document.name in text
        assert reverse("admin:billing_document_pdf", args=[document.pk]) in text
    assert refund_page(purchase) in text
    assert "save" not in page.context or not page.context.get("show_save")


def test_one_that_was_not_paid_has_a_page_and_no_refund(staff, acme):
    pending = billing.order(acme)
    page = staff.get(change_page(pending)).content.decode()
    assert refund_page(pending) not in page
    assert "None of the purchase" in post(staff, pending, "preview").content.decode()


def test_staff_open_the_papers(staff, purchase, client):
    receipt = Document.objects.get(purchase=purchase)
    page = reverse("admin:billing_document_pdf", args=[receipt.pk])
    answer = staff.get(page)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-")
    assert staff.get(reverse("admin:billing_document_pdf", args=[0])).status_code == 404
    client.logout()
    assert client.get(page).status_code == 302


def test_a_refund_is_seen_before_it_is_made(staff, purchase, acme):
    assert staff.get(refund_page(purchase)).status_code == 200
    page = post(staff, purchase, "preview", credits="250")
    assert page.context["quote"] == [
        ("credits", "250"),
        ("net", "25.00 USD"),
        ("tax", "0.00 USD"),
        ("money back", "25.00 USD"),
    ]
    assert not Refund.objects.exists()
    assert balance(acme.id).available == 1000 * CREDIT


def test_a_part_is_refunded(staff, boss, purchase, acme):
    page = post(staff, purchase, credits="250.5", reason="Bought twice")
    assert told(page) == ["Refunded: 25.05 USD for 250.5 credits."]
    refund = Refund.objects.get()
    assert (refund.state, refund.made_by, refund.reason) == ("succeeded", boss, "Bought twice")
    assert balance(acme.id).available == 749_500_000


def test_or_all_that_is_unused(staff, purchase, acme):
    hold = operate("reserve", acme, amount=400 * CREDIT)
    operate("commit", acme, reservation_id=hold.reservation_id)
    operate("reserve", acme, amount=100 * CREDIT)
    page = post(staff, purchase)
    assert told(page) == ["Refunded: 50.00 USD for 500 credits."]
    assert balance(acme.id).available == 0


def test_a_form_that_is_sent_twice_is_one_refund(staff, purchase, acme):
    key = str(uuid7())
    for _ in range(2):
        post(staff, purchase, credits="250", key=key)
    assert Refund.objects.count() == 1
    assert balance(acme.id).available == 750 * CREDIT


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ({"reason": " "}, "This field is required"),
        ({"credits": "0"}, "More than none"),
        ({"credits": "-1"}, "greater than or equal to 0"),
        ({"credits": "many"}, "Enter a number"),
        ({"credits": "1000.000001"}, "more than is left"),
        ({"key": "x"}, "Refund"),
    ],
)
@pytest.mark.parametrize("verb", ["preview", "confirm"])
def test_what_cannot_be_refunded_is_refused(staff, purchase, verb, said, answer):
    page = post(staff, purchase, verb, **said)
    assert answer in page.content.decode()
    assert not Refund.objects.exists()


def test_a_refund_that_the_provider_declines_says_so(staff, purchase, acme):
    acts.dispute(purchase.provider_ref, amount=1_00)
    page = post(staff, purchase, credits="250")
    (message,) = told(page)
    assert message.startswith("The provider declined 25.00 USD for 250 credits")
    assert balance(acme.id).available == 1000 * CREDIT


def test_after_the_customers_time_staff_may_still(staff, purchase, settings):
    settings.REFUND_DAYS = -1
    page = staff.get(refund_page(purchase)).content.decode()
    assert "is over" in page
    assert told(post(staff, purchase, credits="1")) == ["Refunded: 0.10 USD for 1 credits."]


@pytest.fixture
def helper(client, db):
    """Staff who may look at everything and refund nothing."""
    user = User.objects.create_user("helper@example.com", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(user)
    return client


def test_who_may_look_may_not_refund(helper, purchase):
    page = helper.get(change_page(purchase))
    assert page.status_code == 200
    assert refund_page(purchase) not in page.content.decode()
    assert helper.get(refund_page(purchase)).status_code == 403
    assert post(helper, purchase).status_code == 403
    assert not Refund.objects.exists()


@pytest.mark.parametrize("staff_or_not", [False, True])
def test_who_may_nothing_sees_nothing(client, purchase, staff_or_not):
    user = User.objects.create_user("someone@example.com", is_staff=staff_or_not)
    client.force_login(user)
    document = Document.objects.first()
    for page in (
        *(reverse(f"admin:billing_{model}_changelist") for model in WINDOWS),
        *(change_page(purchase), refund_page(purchase), change_page(document)),
        reverse("admin:billing_document_pdf", args=[document.pk]),
    ):
        assert client.get(page).status_code in (302, 403), page


def test_no_page_changes_what_was_bought(staff, purchase):
    before = list(Purchase.objects.values_list())
    for row in (purchase, Document.objects.get()):
        name = f"admin:billing_{row._meta.model_name}"
        for page in (
            *(reverse(f"{name}_{verb}", args=[row.pk]) for verb in ("change", "delete")),
            reverse(f"{name}_add"),
        ):
            assert staff.post(page, {"state": "failed", "post": "yes"}).status_code == 403
    assert list(Purchase.objects.values_list()) == before


@pytest.mark.parametrize("model", WINDOWS)
def test_no_more_is_counted_than_is_shown(staff, purchase, other, model, monkeypatch):
    monkeypatch.setattr(windows, "ROWS_MAX", 1)
    for query in ({}, {"state": "paid"}, {"q": "acme"}):
        with CaptureQueriesContext(connection) as queries:
            staff.get(reverse(f"admin:billing_{model}_changelist"), query)
        counts = [one["sql"] for one in queries if "COUNT(" in one["sql"]]
        assert all("LIMIT" in sql for sql in counts)


@pytest.mark.parametrize("model", WINDOWS)
def test_a_list_asks_no_more_for_more_rows(staff, acme, model):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            staff.get(reverse(f"admin:billing_{model}_changelist"))
        return len(queries)

    billing.sold_by_the_test_provider(acme)
    asked()  # The session is seen, and what is kept in memory is there.
    once = asked()
    for _ in range(5):
        billing.sold_by_the_test_provider(acme)
    assert asked() == once


def test_of_a_refund_a_fee_may_be_kept(staff, purchase):
    page = post(staff, purchase, "preview", credits="250", fee_kept="2.5")
    assert page.context["quote"] == [
        ("credits", "250"),
        ("net", "25.00 USD"),
        ("tax", "0.00 USD"),
        ("fee kept", "2.50 USD"),
        ("money back", "22.50 USD"),
    ]
    page = post(staff, purchase, credits="250", fee_kept="2.5")
    assert told(page) == ["Refunded: 22.50 USD for 250 credits."]
    assert Refund.objects.get().fee_kept == 2_50
    shown = staff.get(change_page(purchase)).content.decode()
    assert "kept as fees</dt><dd>2.50 USD" in shown


@pytest.mark.parametrize(
    ("fee", "answer"),
    [
        ("25.00", "no more than the net"),
        ("2.555", "no fractions"),
        ("-1", "greater than or equal to 0"),
        ("a lot", "Enter a number"),
    ],
)
@pytest.mark.parametrize("verb", ["preview", "confirm"])
def test_a_fee_that_cannot_be_kept_is_refused(staff, purchase, verb, fee, answer):
    page = post(staff, purchase, verb, credits="250", fee_kept=fee)
    assert answer in page.content.decode()
    assert not Refund.objects.exists()
