"""Whoever adds a table says here why it is not audited, or its migration calls `audited`."""

import pytest
from django.apps import apps
from django.db import connection

# What triggers are for: a person or a service changes it.
AUDITED = "select tgrelid::regclass::text from pg_trigger where tgname = 'audited'"

CORE = "the core of the ledger has its own history and no triggers"
OUTCOME = "made by the program from what was decided elsewhere"
PROVIDERS = "what the payment provider told"
SENT = "what was sent; sending it again is recorded as an act"
SANDBOX = "the test provider's own, where no money moves"
SIGN_IN = "comes and goes with signing in"
STANDING = "how the program stands"

NOT_AUDITED = {
    "accounts_auditentry": "the audit itself",
    "accounts_confirmation": "what was confirmed is recorded as an act",
    "accounts_idempotentreply": "the answer to a call, given again",
    "accounts_keyaddress": STANDING,
    "accounts_keynotice": OUTCOME,
    "accounts_signup": "made before anybody is known, and never changed by a person",
    "account_emailconfirmation": SIGN_IN,
    "auth_permission": "made by migrations",
    "django_admin_log": "Django's own history of its forms",
    "django_content_type": "made by migrations",
    "django_session": SIGN_IN,
    "usersessions_usersession": SIGN_IN,
    "ledger_answercount": OUTCOME,
    "billing_callfigures": OUTCOME,
    "ledger_detached": "what the owner of the database did, who keeps the files",
    "ledger_event": CORE,
    "ledger_lot_state": CORE,
    "ledger_reservation": CORE,
    "ledger_threshold": CORE,
    "ledger_transfer": CORE,
    "ledger_wallet": CORE,
    "billing_alert": OUTCOME,
    "billing_backtestline": OUTCOME,
    "billing_breakagerun": OUTCOME,
    "billing_closestep": "a step of the close, which says by whom it was run",
    "billing_document": OUTCOME,
    "billing_documentsequence": STANDING,
    "billing_erasure": "recorded as an act, customer.erased",
    "billing_expirynotice": OUTCOME,
    "billing_invoicecharge": OUTCOME,
    "billing_job": STANDING,
    "billing_mail": SENT,
    "billing_noticecall": STANDING,
    "billing_openingline": "the rows of a file that is audited",
    "billing_operatornotice": STANDING,
    "billing_partneraccrual": OUTCOME,
    "billing_partnershare": OUTCOME,
    "billing_partnertotal": OUTCOME,
    "billing_partnerwatermark": OUTCOME,
    "billing_payment": PROVIDERS,
    "billing_providercustomer": PROVIDERS,
    "billing_refusedreports": PROVIDERS,
    "billing_sandboxcard": SANDBOX,
    "billing_sandboxcheckout": SANDBOX,
    "billing_sandboxdispute": SANDBOX,
    "billing_sandboxevent": SANDBOX,
    "billing_sandboxrefund": SANDBOX,
    "billing_topup": OUTCOME,
    "billing_webhookattempt": SENT,
}

pytestmark = pytest.mark.django_db


def audited():
    with connection.cursor() as cursor:
        cursor.execute(AUDITED)
        return {table for (table,) in cursor.fetchall()}


def tables():
    return {model._meta.db_table for model in apps.get_models(include_auto_created=True)}


def test_every_table_is_audited_or_it_is_said_why_not():
    assert tables() - audited() - NOT_AUDITED.keys() == set()


def test_what_is_audited_is_not_excused_and_what_is_excused_exists():
    assert audited() & NOT_AUDITED.keys() == set()
    assert NOT_AUDITED.keys() - tables() == set()


def arguments():
    with connection.cursor() as cursor:
        cursor.execute(
            "select t.tgrelid::regclass::text, encode(t.tgargs, 'escape'),"
            " array(select attname::text from pg_attribute"
            " where attrelid = t.tgrelid and attnum > 0 and not attisdropped)"
            " from pg_trigger t where t.tgname = 'audited'"
        )
        return cursor.fetchall()


def test_triggers_name_columns_that_there_are():
    """A row's id and its customer; one that was renamed would be entered as nothing."""
    for table, given, columns in arguments():
        _, row, customer, *_ = given.split("\\000")
        assert row in columns, table
        assert customer in [*columns, ""], table


def test_customers_are_told_where_a_table_has_them():
    for table, given, columns in arguments():
        if "customer_id" in columns:
            assert given.split("\\000")[2] == "customer_id", table


def test_no_secret_would_be_told():
    """By what columns are called."""
    secrets = ("secret", "password", "token", "checkout_url", "customer_ref")
    for table, given, columns in arguments():
        hidden = given.split("\\000")[3].split(",")
        for column in columns:
            if column == "digest" or any(secret in column for secret in secrets):
                assert column in hidden, f"{table}.{column}"
