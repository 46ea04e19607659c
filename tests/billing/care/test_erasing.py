"""Personal data is erased: no table of the database tells of it any more, and the books tie."""

from datetime import UTC, datetime

import pytest
from django.contrib.sessions.models import Session
from django.db import DatabaseError, connection, transaction

from accounts.models import AuditEntry, Customer, CustomerStatus, Member, User
from accounts.services import update_customer
from billing import payment_methods, tasks
from billing.care.erasing import papers, running
from billing.care.erasing.errors import ErasingRefused
from billing.care.erasing.statements import STATEMENTS
from billing.documents import pdf
from billing.errors import ProviderFailed
from billing.models import Document, Erasure, Mail, PaymentMethod
from ledger import checks, seals, services
from ledger.amounts import CREDIT
from ledger.models import Lot
from tests.billing.care.files import person
from tests.billing.care.world import ADDRESS, MARK, World
from tests.factories import billing
from tests.factories.accounts import CustomerFactory

# Where the marks may stay, and why.
LEFT = {
    "billing_document": "the law wants receipts kept as they were issued for some years",
    "billing_openingimport": "what staff wrote of a file of many customers",
}
# Erased by functions that act with the owner's rights, and by `running` itself.
ELSEWHERE = {
    *("ledger_call", "ledger_hold", "ledger_transfer", "ledger_lot", "ledger_event"),
    *("accounts_auditentry", "django_admin_log", "billing_document", "billing_adjustment"),
}
CORE = "values, times, ids and codes"
PROVIDERS = "the provider's own: what is sold and how it runs"
BOOKS = "the company's books: sums and estimates"
STAFF = "staff and services, who are no customers"
DJANGO = "Django's own: no person is in it"
# Of all other tables: what they have instead of people.
KEPT = {
    **dict.fromkeys(
        (
            *("ledger_account", "ledger_balance_mark", "ledger_seal", "ledger_erased"),
            *("ledger_detached", "ledger_detached_sum", "ledger_detached_hold"),
            *("ledger_books", "ledger_clock"),
            *("ledger_key", "ledger_limit", "ledger_outbox", "ledger_priceterms"),
            *("ledger_recognised", "ledger_relay", "ledger_subject", "ledger_tally"),
            *("ledger_threshold", "ledger_usage_day", "ledger_usage_until", "ledger_wallet"),
            *("ledger_usageterms", "billing_alert", "billing_alertthreshold", "billing_payment"),
            *("billing_notificationpreference", "billing_topupsettings", "accounts_keynotice"),
            *("billing_backtestline", "billing_partnershare", "billing_partnerwatermark"),
            *("billing_erasure", "accounts_signup", "billing_sandboxdispute"),
            *("billing_sandboxcard", "billing_sandboxrefund"),
        ),
        CORE,
    ),
    **dict.fromkeys(
        (
            *("ledger_endpoint", "ledger_openapifile", "ledger_openapioperation"),
            *("ledger_openline",),
            *("ledger_price", "ledger_pricegroup", "billing_backtest", "billing_endpointcost"),
            *("billing_job", "billing_margintarget", "billing_noticecall", "billing_packprice"),
            *("billing_operatornotice", "billing_plan", "billing_refusedreports"),
            *("billing_taxrate", "billing_openingimport", "billing_adjustmentlimit"),
        ),
        PROVIDERS,
    ),
    **dict.fromkeys(
        (
            *("billing_accountname", "billing_bookscheck", "billing_breakagerun"),
            *("billing_closestep", "billing_documentsequence", "billing_escheatclass"),
            *("billing_estimate", "billing_exchangerate", "billing_partner", "billing_partnerterm"),
            *("billing_partneraccrual", "billing_partnerpayout", "billing_partnertotal"),
            *("billing_period", "billing_policy", "billing_reopenrequest", "billing_callfigures"),
            *("ledger_sum_hour", "ledger_summed", "ledger_sums", "ledger_answercount"),
        ),
        BOOKS,
    ),
    **dict.fromkeys(("accounts_service", "accounts_servicekey", "accounts_confirmation"), STAFF),
    **dict.fromkeys(
        (
            *("accounts_user_groups", "accounts_user_user_permissions", "auth_group"),
            *("auth_group_permissions", "auth_permission", "django_content_type"),
            "django_migrations",
        ),
        DJANGO,
    ),
    "accounts_cache": "counts of tries under keys that are digests; they end by themselves",
}


@pytest.fixture
def world(db):
    world = World()
    world.close()
    return world


def erase(world, typed=None):
    return running.erase(world.customer, typed=typed or world.customer.name, by=person())


def tables():
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname = current_schema() and c.relkind in ('r', 'p')"
            " and not c.relispartition order by 1"
        )
        return [table for (table,) in cursor.fetchall()]


def marked():
    """Tables with a row that has a mark in any column, whatever its type."""
    found = set()
    in_bytes = f"%{MARK.encode().hex()}%"
    for table in tables():
        with connection.cursor() as cursor:
            cursor.execute(
                f'select exists (select from "{table}" t where t::text ilike any(%s))',
                [[f"%{MARK}%", f"%{ADDRESS}%", in_bytes]],
            )
            if cursor.fetchall()[0][0]:
                found.add(table)
    return found


def broken(world):
    ids = [world.customer.id, world.sandbox.id, world.other.id]
    return [one.check.name for one in checks.run(connection, ids) if one.broken]


def test_no_table_has_anything_of_it_any_more(world):
    before = marked()
    # Who is in none of these was not tried.
    assert before >= {
        *("accounts_customer", "accounts_user", "accounts_invitation", "accounts_apikey"),
        *("accounts_keyaddress", "accounts_idempotentreply", "accounts_auditentry"),
        *("account_emailaddress", "account_emailconfirmation", "mfa_authenticator"),
        *("usersessions_usersession", "django_admin_log"),
        *("billing_billingprofile", "billing_mail", "billing_webhookendpoint"),
        *("billing_webhookdelivery", "billing_webhookattempt", "billing_alertsettings"),
        *("billing_expirynotice", "billing_purchase", "billing_pack", "billing_refund"),
        *("billing_paymentmethod", "billing_providercustomer", "billing_providerevent"),
        *("billing_cardbreaker", "billing_topup", "billing_modification", "billing_document"),
        *("ledger_call", "ledger_transfer", "ledger_lot", "ledger_event", "ledger_ratecard"),
        "ledger_refusedevent",
    }
    erase(world)
    assert marked() - LEFT.keys() == set()


def test_value_stays_and_every_check_passes(world):
    before = billing.books(world.customer.id), services.refresh(world.customer.id).available
    assert broken(world) == []
    erase(world)
    services.recognise([world.customer.id])
    after = billing.books(world.customer.id), services.refresh(world.customer.id).available
    assert after[1] == before[1] and after[0]["CR"] == before[0]["CR"]
    assert broken(world) == []


def test_who_belongs_elsewhere_too_stays_and_leaves_this_customer(world):
    erase(world)
    jane, joe = (User.objects.get(id=user.id) for user in (world.jane, world.joe))
    assert (jane.is_active, jane.name, jane.has_usable_password()) == (False, "", False)
    assert (joe.is_active, joe.email) == (True, "joe@elsewhere.example")
    assert list(Member.objects.filter(user=joe).values_list("customer", flat=True)) == [
        world.other.id
    ]
    assert not Session.objects.filter(session_key=world.session_key).exists()


def test_it_is_audited_without_repeating_what_was_erased(world):
    erasure = erase(world)
    entry = AuditEntry.objects.filter(customer=world.customer).latest("id")
    assert entry.action == "customer.erased" and entry.after["billing_alertsettings"] == 1
    assert MARK not in str(entry.after)
    # What else happened is still known to have happened, and when.
    praised = AuditEntry.objects.get(action="customer.praised")
    assert praised.before == praised.after == {"name": "(erased)"}
    assert erasure.people == 1


def test_it_stays_found_by_its_id_and_has_a_name(world):
    erase(world)
    gone = Customer.objects.get(id=world.customer.id)
    assert gone.name == f"Erased customer {gone.id.hex[-8:]}"
    assert Customer.objects.get(id=world.sandbox.id).name.startswith("Erased customer ")


def test_a_mail_that_waits_is_not_sent(world, mailoutbox):
    erase(world)
    assert Mail.objects.get(kind="expiry").state == "outdated"
    tasks.send_mails.run()
    assert [mail for mail in mailoutbox if "expiry" in mail.subject] == []


def test_nothing_is_erased_unless_its_name_is_typed(world):
    with pytest.raises(ErasingRefused, match="type its name"):
        erase(world, "zanzibar")
    assert not Erasure.objects.exists() and MARK in Customer.objects.get(id=world.customer.id).name


def test_only_of_a_closed_account_without_anything_open(db):
    world = World()
    with pytest.raises(ErasingRefused, match="not closed"):
        erase(world)
    update_customer(world.customer, status=CustomerStatus.CLOSED)
    with pytest.raises(ErasingRefused, match="credits left"):
        erase(world)
    world.close()
    billing.say(billing.dispute_fact(world.payment, "open", 1_00))
    with pytest.raises(ErasingRefused, match="A dispute is open"):
        erase(world)
    assert "accounts_customer" in marked()


def test_it_is_done_once(world):
    erase(world)
    world.customer.refresh_from_db()
    with pytest.raises(ErasingRefused, match="erased before"):
        erase(world)


def test_a_card_that_the_provider_keeps_stops_it(world, monkeypatch):
    def away(method):
        raise ProviderFailed("Stripe is away.")

    monkeypatch.setattr(payment_methods, "remove", away)
    with pytest.raises(ErasingRefused, match="Stripe is away"):
        erase(world)
    assert PaymentMethod.objects.get().brand == MARK


def test_old_documents_lose_names_and_keep_numbers_and_amounts(world):
    erase(world)
    receipt = Document.objects.get(customer=world.customer, kind="receipt")
    year = receipt.issued_at.year
    assert papers.erase_old(datetime(year + 10, 12, 31, tzinfo=UTC)) == 0
    assert MARK in str(receipt.content)
    assert papers.erase_old(datetime(year + 11, 1, 1, tzinfo=UTC)) == 2
    again = Document.objects.get(pk=receipt.pk)
    assert again.content["buyer"] == {
        "name": f"Erased customer {world.customer.id.hex[-8:]}",
        "address": "",
        "tax_id": "",
    }
    assert (again.number, again.content["total"]) == (receipt.number, receipt.content["total"])
    assert pdf(again).startswith(b"%PDF")
    assert Erasure.objects.get().documents_done_at is not None


def test_its_seals_hold(world):
    seals.write_all(seconds=30)
    erase(world)
    assert broken(world) == []


def test_the_application_can_erase_nothing_of_an_open_account(db):
    acme = CustomerFactory()
    services.grant(acme.id, amount=CREDIT, kind="promo", reason="For Jane")
    with (
        pytest.raises(DatabaseError, match="Only a closed account"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("select ledger_erase(%s)", [[acme.id]])
    assert Lot.objects.get(customer=acme).reason == "For Jane"


def test_every_table_is_erased_or_it_is_said_why_not(db):
    """Whoever adds a table says which."""
    known = STATEMENTS.keys() | ELSEWHERE | KEPT.keys()
    assert set(tables()) - known == set()
    assert STATEMENTS.keys() & KEPT.keys() == set()
    assert known - set(tables()) == set()
