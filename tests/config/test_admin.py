"""Staff's site as a whole."""

import io
import json
import time
from datetime import date

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from accounts import audit, ids
from accounts.ids import uuid7
from accounts.models import Customer, User
from billing import events, notes, partners
from billing.adjustments import drafts, proposing
from billing.adjustments.batches import asking
from billing.models import (
    AccountClosing,
    AccountName,
    AdjustmentLimit,
    Alert,
    BackTest,
    BillingProfile,
    BooksCheck,
    Document,
    EndpointCost,
    Erasure,
    EscheatClass,
    Estimate,
    ExchangeRate,
    ExpiryNotice,
    Invoice,
    Job,
    Mail,
    MarginTarget,
    Note,
    NoticeKind,
    OpeningImport,
    Partner,
    PaymentMethod,
    Period,
    Policy,
    ProviderEvent,
    Purchase,
    Subscription,
    TaxRate,
    TopUp,
    TopUpSettings,
    UnclaimedProperty,
)
from billing.operators.notices import Said, settle
from billing.plans import subscribing
from billing.providers import signatures
from billing.providers.sandbox import acts, delivery
from billing.top_up import agreeing
from billing.top_up.agreeing import Terms
from billing.webhooks_out import endpoints, resending
from ledger import services
from ledger.amounts import CREDIT
from ledger.models import (
    Event,
    Lot,
    OpenApiFile,
    RateCard,
    RefusedEvent,
    Reservation,
    Transaction,
    Transfer,
    Wallet,
)
from ledger.prices import price_terms, rate_cards
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

HISTORY = [Wallet, Lot, Reservation, Transfer, Transaction, Event]
BOUGHT = [
    AccountClosing,
    PaymentMethod,
    *(Purchase, Document, ProviderEvent, TopUp, TopUpSettings, Subscription, Invoice),
    *(Alert, ExpiryNotice, Mail, Note),
    *(Period, Estimate, UnclaimedProperty, BooksCheck),
]


@pytest.fixture
def staff(db, client):
    client.force_login(User.objects.create_superuser("boss@example.com"))
    return client


@pytest.fixture
def acme(db, settings):
    """With something in every list."""
    settings.PAYMENT_PROVIDERS = ["test"]
    acme = CustomerFactory(name="Acme", email="owner@acme.example", external_id="acme-1")
    notes.add(uuid7(), customer=acme, text="Calls on Mondays", by=UserFactory())
    services.grant(acme.id, amount=100 * CREDIT, kind="paid", price=2500, currency="USD")
    hold = operate("reserve", acme, amount=4 * CREDIT)
    operate("commit", acme, reservation_id=hold.reservation_id)
    operate("reserve", acme, amount=CREDIT)
    MemberFactory(customer=acme)
    ApiKeyFactory(customer=acme)
    ServiceKeyFactory()
    endpoint = rate_cards.create_endpoint(code="classify", name="Classify")
    card = rate_cards.create_card(name="2026-11", effective_at=acme.created_at)
    rate_cards.set_price(card, endpoint, per_call=CREDIT)
    rate_cards.publish(card)
    price_terms.set_group(acme, price_terms.create_group("partners"))
    sell_to(acme)
    made = endpoints.add(uuid7(), customer=acme, url="https://1.1.1.1/hook")
    resending.send_test(made.endpoint)
    now = timezone.now()
    Job.objects.create(name="mails")
    BooksCheck.objects.create(started_at=now, finished_at=now, checks=0, broken=0, findings=[])
    OpenApiFile.objects.create(api="Acme", version="1", text="{}")
    BackTest.objects.create(rate_card=card, since=acme.created_at, until=now)
    keep_books(acme)
    top_up(acme)
    notify(acme)
    share(endpoint)
    subscribing.start(acme, new_plan(fee=10_00), card=PaymentMethod.objects.get())
    refuse_usage(acme)
    audit.record("customer.exported", acme, customer_id=acme.id)
    adjust(acme)
    clerk = User.objects.create_user("clerk@provider.example")
    OpeningImport.objects.create(file_name="old.csv", digest="0", asked_by=clerk)
    Erasure.objects.create(customer=CustomerFactory())
    asker = User.objects.create_user("asker@example.com")
    AccountClosing.objects.create(
        customer=acme, policy="refund", reason="x", asked_by=asker, asked_at=now
    )
    return acme


def adjust(customer):
    """One waits, and a file is not asked for yet."""
    AdjustmentLimit.objects.update_or_create(role="support", defaults={"credits": 0, "money": 0})
    by = User.objects.create_user("ann@example.com", is_staff=True, staff_role="support")
    said = {"reason": "courtesy", "note": "Ticket 1", "credits": CREDIT}
    proposing.propose(drafts.draft(customer, "goodwill", by=by, **said))
    line = f"{ids.encode(ids.CUSTOMER, customer.id)},goodwill,courtesy,Ticket 2,1"
    file = io.BytesIO(f"customer,kind,reason,note,credits\n{line}".encode())
    asking.upload(file, name="outage.csv", by=by)


def refuse_usage(customer):
    asked = {"op": "debit", "customer_id": str(customer.id), "key": str(uuid7()), "amount": CREDIT}
    RefusedEvent.objects.create(
        customer=customer,
        key=asked["key"],
        service_id=1,
        source="/meters/1",
        event_id="event-1",
        endpoint="classify",
        happened_at=timezone.now(),
        event={"id": "event-1", "type": "classify"},
        operation=asked | {"request": 1},
        reason="insufficient-credits",
        required=CREDIT,
        available=0,
    )


def notify(customer):
    """Of a balance that got low, and of credits that end."""
    now = timezone.now()
    told = {"customer": customer, "to": [customer.email], "subject": "Told"}
    mail = Mail.objects.create(kind="expiry", about="1", **told)
    Alert.objects.create(
        customer=customer, event_id=uuid7(), kind="low", available=CREDIT, happened_at=now
    )
    lot = Lot.objects.filter(customer=customer).first()
    notice = {"lot_id": lot.pk, "expires_at": now, "days": 7, "amount": CREDIT, "mail": mail}
    ExpiryNotice.objects.create(customer=customer, recipients=mail.to, **notice)


def top_up(customer):
    """It was charged once, for what was sold."""
    purchase, now = Purchase.objects.get(), timezone.now()
    BillingProfile.objects.create(customer=customer, country="AT")
    card = PaymentMethod.objects.create(customer=customer, provider="test", ref="card_1")
    terms = Terms(CREDIT, 2 * CREDIT, purchase.pack, purchase.currency, 10**6, card)
    agreeing.agree(customer, terms, by=None)
    charged = {"purchase": purchase, "card": card, "state": "succeeded", "finished_at": now}
    TopUp.objects.create(customer=customer, **charged)


def test_staff_sign_in_where_all_do(client, db):
    """Where tries are counted and second factors asked for."""
    User.objects.create_superuser("boss@example.com", "correct horse battery")
    answer = client.get(reverse("admin:index"), follow=True)
    assert answer.redirect_chain[-1][0].startswith(f"{reverse('account_login')}?next=")
    told = {"login": "boss@example.com", "password": "correct horse battery"}
    answer = client.post(answer.redirect_chain[-1][0], told | {"next": reverse("admin:index")})
    assert answer.url == reverse("admin:index")
    assert client.get(answer.url).status_code == 200


def test_staff_come_to_the_admin_and_members_to_the_portal(client, db):
    staff = User.objects.create_superuser("boss@example.com", "correct horse battery")
    told = {"login": "boss@example.com", "password": "correct horse battery"}
    assert client.post(reverse("account_login"), told).url == reverse("admin:index")
    client.logout()
    MemberFactory(user=staff)
    assert client.post(reverse("account_login"), told).url == "/portal/"


def test_the_admin_has_no_door_of_its_own(client, db):
    User.objects.create_superuser("boss@example.com", "correct horse battery")
    told = {"username": "boss@example.com", "password": "correct horse battery"}
    answer = client.post(reverse("admin:login"), told)
    assert answer.url.startswith(reverse("account_login"))
    assert client.get(reverse("admin:index")).status_code == 302


def test_who_is_not_staff_is_told_so(client, db):
    client.force_login(MemberFactory().user)
    answer = client.get(reverse("admin:index"), follow=True)
    assert answer.status_code == 403
    assert "You may not see this" in answer.content.decode()


def sell_to(customer):
    """At the test provider, which reports it."""
    purchase = billing.order(customer)
    paid = acts.pay(purchase.provider_ref)
    body = json.dumps(
        {"id": "tev_1", "type": "checkout.paid", "created": int(time.time())}
        | {"data": acts.shown_checkout(paid)}
    ).encode()
    events.receive("test", body, {delivery.HEADER: signatures.sign(body, delivery.secret())})
    TaxRate.objects.create(name="VAT", country="DE", percent=19)


def keep_books(customer):
    day = date(2001, 1, 1)
    Period.objects.create(month=day, state="closing")
    Policy.current()
    Estimate.objects.create(cohort="2001-01/USD", as_of=day, method="remote")
    ExchangeRate.objects.create(currency="EUR", to="USD", day=day, rate=1)
    AccountName.objects.create(code="2100", target="xero", account_name="800")
    UnclaimedProperty.objects.create(
        customer=customer,
        lot_id=Lot.objects.filter(customer=customer).first().pk,
        transaction_id=ids.uuid7(),
        escheat_class=EscheatClass.objects.create(code="us", name="America", country="US"),
        currency="USD",
        amount=1200,
        credits=CREDIT,
        escheated_on=day,
    )


def share(endpoint):
    """With a partner, who was paid in advance, and its costs and target."""
    atlas = Partner.objects.create(code="atlas", name="Atlas")
    today = timezone.now().date()
    partners.agree(atlas, endpoint, percent=20, starts_on=today)
    paid = {"currency": "USD", "amount": 100, "paid_on": today, "reference": "SEPA 1"}
    partners.record_payout(atlas, **paid, beyond=True)
    EndpointCost.objects.create(endpoint=endpoint, amount="0.1", currency="USD", starts_on=today)
    MarginTarget.objects.create(endpoint=endpoint, percent=60)


def lists():
    return [(model, f"admin:{model._meta.label_lower.replace('.', '_')}") for model in models()]


def models():
    return [model for model in admin.site._registry if model._meta.app_label != "auth"]


def snapshot(model):
    return sorted(map(str, model.objects.values_list()))


def test_the_index_shows_each_list_once(staff):
    page = staff.get(reverse("admin:index"))
    shown = [model["model"] for group in page.context["app_list"] for model in group["models"]]
    assert sorted(map(str, shown)) == sorted(map(str, admin.site._registry))


def test_the_index_says_what_somebody_must_look_at(staff):
    index, jobs = reverse("admin:index"), reverse("admin:billing_job_changelist")
    said = Said("The job relay fails", "Three times.", jobs, "relay")
    for found, shown in (([], False), ([said], True), ([], False)):
        settle(NoticeKind.JOB_FAILING, found)
        page = staff.get(index).content.decode()
        assert (f'<a href="{jobs}">The job relay fails</a>' in page) is shown


def test_who_may_not_see_jobs_is_not_told_of_them(client, db):
    settle(NoticeKind.JOB_FAILING, [Said("The job relay fails", "Three times.", "/", "relay")])
    client.force_login(User.objects.create_user("clerk@example.com", is_staff=True))
    assert "The job relay fails" not in client.get(reverse("admin:index")).content.decode()


def test_every_list_opens_and_is_searched(staff, acme):
    for _, name in lists():
        for query in ({}, {"q": "acme"}, {"q": "cus_1"}, {"q": "\x00"}, {"p": "7"}):
            assert staff.get(reverse(f"{name}_changelist"), query).status_code in (200, 302)


def test_no_page_changes_history_whoever_asks(staff, acme):
    before = {model: snapshot(model) for model in HISTORY}
    for model, name in lists():
        if model not in HISTORY:
            continue
        row = model.objects.filter(customer=acme).first()
        key = acme.id.hex + row.pk.hex
        pages = [reverse(f"{name}_{page}", args=[key]) for page in ("change", "delete", "history")]
        for page in [*pages, reverse(f"{name}_add")]:
            answer = staff.post(page, {"amount": 1, "units": 1, "post": "yes"})
            assert answer.status_code in (200, 302, 403), page
        for action in ("delete_selected", "change"):
            chosen = {"action": action, "_selected_action": [str(row.pk)], "post": "yes"}
            staff.post(reverse(f"{name}_changelist"), chosen)
    assert {model: snapshot(model) for model in HISTORY} == before


def test_no_page_changes_what_was_bought_or_told(staff, acme):
    before = {model: snapshot(model) for model in BOUGHT}
    for model, name in lists():
        if model not in BOUGHT:
            continue
        key = [str(model.objects.last().pk)]
        for page, args in (("change", key), ("delete", key), ("history", key), ("add", [])):
            answer = staff.post(reverse(f"{name}_{page}", args=args), {"state": "failed"})
            assert answer.status_code in (200, 302, 403), page
    assert {model: snapshot(model) for model in BOUGHT} == before


def test_nothing_at_all_is_deleted(staff, acme):
    for model, name in lists():
        key = str(model.objects.last().pk)
        chosen = {"action": "delete_selected", "_selected_action": [key], "post": "yes"}
        staff.post(reverse(f"{name}_changelist"), chosen)
        answer = staff.post(reverse(f"{name}_delete", args=[key]), {"post": "yes"})
        assert answer.status_code in (302, 403)
        assert model.objects.filter(pk=key).exists()


def test_a_published_card_is_not_changed_by_copying_or_publishing_again(staff, acme):
    before = snapshot(RateCard)
    chosen = {"action": "publish", "_selected_action": [str(RateCard.objects.get().pk)]}
    staff.post(reverse("admin:ledger_ratecard_changelist"), chosen)
    assert snapshot(RateCard) == before


def test_the_box_stands_on_every_page_and_is_begun_with_on_the_first(staff, acme):
    for page, is_start in (
        (reverse("admin:index"), True),
        (reverse("admin:ledger_transfer_changelist"), False),
        (reverse("admin:accounts_customer_change", args=[acme.pk]), False),
        (reverse("admin:accounts_customer_edit", args=[acme.pk]), False),
    ):
        text = staff.get(page).content.decode()
        box = text[text.index('<form class="find"') :]
        box = box[: box.index("</form>")]
        assert f'action="{reverse("admin:find")}"' in box
        assert ("autofocus" in box) is is_start
        assert "config/find.js" in text


def test_customers_and_keys_are_found_by_their_ids(staff, acme):
    key, secret = ApiKeyFactory(customer=CustomerFactory(name="Beta", external_id="beta-1"))
    for name, term in (
        ("customer", ids.encode("cus", key.customer_id)),
        ("apikey", ids.encode("key", key.id)),
        ("apikey", key.prefix),
        ("apikey", secret),
        ("apikey", "beta-1"),
    ):
        page = staff.get(reverse(f"admin:accounts_{name}_changelist"), {"q": term})
        assert len(page.context["cl"].result_list) == 1, term


def test_the_box_is_for_staff(client, db):
    assert client.get(reverse("admin:find"), {"q": "Acme"}).url.startswith("/admin/login/")
    assert Customer.objects.count() == 1
