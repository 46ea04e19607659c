"""Each page and act of the admin, tried by each role. The tables here are written by hand: a page
that is added fails until somebody has said whose it is.

S support, F finance, O operations, A auditor. Administrators may do all that anybody may.
"""

from typing import NamedTuple

import pytest
from django.contrib import admin
from django.db import connection, transaction
from django.test import Client, RequestFactory
from django.urls import URLPattern, reverse
from django.utils import timezone

from accounts.models import AuditEntry, Customer, StaffRole, User
from billing.models import Note, Partner, Period, Policy, Report
from config.admin import GROUPS
from tests.config import test_admin
from tests.config.test_admin import HISTORY

acme = test_admin.acme

LETTERS = {role: role[0].upper() for role in StaffRole if role != "administrator"}

ADMINISTRATORS = " "


class Page(NamedTuple):
    """Who sees the list, a row and its history; who comes to the page that adds; who may write to
    a row's page."""

    see: str
    add: str = ""
    change: str = ""


PAGES = {
    "accounts_customer": Page("SFOA", "F", "F"),
    "accounts_apikey": Page("SFOA", "O"),
    "billing_note": Page("SFOA"),
    "billing_accountclosing": Page("SFA"),
    "billing_erasure": Page("SFA"),
    "billing_adjustment": Page("SFOA"),
    # It is asked for, decided and withdrawn on its own page.
    "billing_adjustmentbatch": Page("SFOA", change="SF"),
    "billing_adjustmentlimit": Page("SFOA", change=ADMINISTRATORS),
    "ledger_reservation": Page("SFOA"),
    "ledger_transaction": Page("SFOA"),
    "ledger_transfer": Page("SFOA"),
    "ledger_lot": Page("SFOA"),
    "ledger_wallet": Page("SFOA"),
    "ledger_event": Page("SFOA"),
    "ledger_refusedevent": Page("SFOA"),
    "billing_purchase": Page("SFA"),
    "billing_document": Page("SFA"),
    "billing_providerevent": Page("SFOA"),
    "billing_paymentmethod": Page("SFA"),
    "billing_topupsettings": Page("SFA"),
    "billing_topup": Page("SFA"),
    "billing_plan": Page("SFOA", "F"),
    "billing_subscription": Page("SFA"),
    "billing_invoice": Page("SFA"),
    "billing_alert": Page("SFOA"),
    "billing_expirynotice": Page("SFOA"),
    "billing_mail": Page("SFOA"),
    "billing_webhookendpoint": Page("SOA"),
    "billing_webhookdelivery": Page("SOA"),
    "billing_period": Page("FA"),
    "billing_report": Page("FA"),
    "billing_estimate": Page("FA"),
    "billing_unclaimedproperty": Page("FA"),
    "billing_policy": Page("FA", change="F"),
    "billing_escheatclass": Page("FA", "F", "F"),
    "billing_openingimport": Page("FA"),
    "billing_exchangerate": Page("FA", "F", "F"),
    "billing_accountname": Page("FA", "F", "F"),
    "billing_bookscheck": Page("FOA"),
    "billing_partner": Page("FA", "F", "F"),
    "billing_partnerterm": Page("FA", "F", "F"),
    "billing_partnerpayout": Page("FA", "F"),
    "billing_margin": Page("FOA"),
    "billing_endpointcost": Page("FOA", "F", "F"),
    "billing_margintarget": Page("FOA", "F", "F"),
    "billing_job": Page("OA"),
    "billing_pack": Page("SFOA", "F", "F"),
    "billing_taxrate": Page("SFOA", "F"),
    "ledger_endpoint": Page("SFOA", "O", "O"),
    "ledger_ratecard": Page("SFOA", "O"),
    "ledger_price": Page("SFOA", "O"),
    "ledger_pricegroup": Page("SFOA", "O", "O"),
    "ledger_priceterms": Page("SFOA", "O", "O"),
    "ledger_openapifile": Page("OA"),
    "billing_backtest": Page("FOA"),
    "accounts_auditentry": Page("SFOA"),
    "accounts_service": Page("OA", "O", "O"),
    "accounts_servicekey": Page("OA", "O"),
    "accounts_user": Page("A", ADMINISTRATORS, ADMINISTRATORS),
    # Of one's own sessions.
    "usersessions_usersession": Page("SFOA"),
}

# Pages of their own: who sees them, and who may post to them. None: nobody comes there that way.
MORE: dict[str, tuple[str | None, str | None]] = {
    "index": ("SFOA", None),
    "app_list": ("SFOA", None),
    "find": ("SFOA", None),
    "autocomplete": ("SFOA", None),
    "jsi18n": ("SFOA", None),
    "login": ("SFOA", None),
    "logout": (None, "SFOA"),
    "password_change": ("SFOA", "SFOA"),
    "password_change_done": ("SFOA", None),
    "auth_user_password_change": ("", ""),
    "heads": ("FA", None),
    "heads-file": ("FA", None),
    "accounts_auditentry_export": ("A", None),
    "accounts_customer_edit": ("F", "F"),
    "accounts_customer_limits": ("SFOA", "O"),
    "accounts_customer_note": (None, "SFO"),
    "accounts_customer_pin": (None, "SFO"),
    "accounts_customer_statement": ("SFOA", None),
    "accounts_customer_suspend": ("S", "S"),
    "accounts_customer_resume": ("S", "S"),
    "accounts_customer_close": ("F", "F"),
    "accounts_customer_export": ("SF", "SF"),
    "accounts_customer_erase": ("", ""),
    "accounts_apikey_revoke": ("SO", "SO"),
    "accounts_apikey_suspend": ("SO", "SO"),
    "accounts_apikey_resume": ("SO", "SO"),
    "accounts_servicekey_revoke": ("O", "O"),
    "billing_accountclosing_approve": ("F", "F"),
    "billing_accountclosing_decline": ("F", "F"),
    "billing_customer_adjust": ("SF", "SF"),
    "billing_adjustment_waiting": ("SFOA", None),
    # Whoever may propose withdraws what is their own there.
    "billing_adjustment_decide": ("SFOA", "SF"),
    "billing_adjustmentbatch_upload": ("SF", "SF"),
    "billing_adjustmentbatch_columns": ("SF", None),
    "billing_estimate_cohorts": ("FA", None),
    "billing_estimate_new": ("F", "F"),
    "billing_period_close": (None, "F"),
    "billing_period_abandon": (None, "F"),
    "billing_period_reopen": (None, "F"),
    "billing_period_decide": (None, "F"),
    "billing_report_page": ("FA", None),
    "billing_report_csv": ("FA", None),
    "billing_report_pdf": ("FA", None),
    "billing_report_export": ("FA", None),
    "billing_report_pack": ("FA", None),
    "billing_unclaimedproperty_settle": ("F", "F"),
    "billing_backtest_ask": ("O", "O"),
    "billing_backtest_csv": ("FOA", None),
    "billing_bookscheck_verify": (None, "FO"),
    "billing_document_pdf": ("SFA", None),
    "billing_job_run": ("O", "O"),
    "billing_margin_csv": ("FOA", None),
    "ledger_ratecard_publish": ("O", "O"),
    "ledger_ratecard_retire": ("O", "O"),
    "ledger_ratecard_copy": ("O", "O"),
    "ledger_openapifile_upload": ("O", "O"),
    "ledger_openapifile_import": ("O", "O"),
    "ledger_reservation_csv": ("SFOA", None),
    "ledger_reservation_totals": ("SFOA", None),
    "ledger_transaction_csv": ("SFOA", None),
    "ledger_transaction_totals": ("SFOA", None),
    "ledger_transfer_csv": ("SFOA", None),
    "ledger_transfer_totals": ("SFOA", None),
    "ledger_lot_csv": ("SFOA", None),
    "ledger_lot_totals": ("SFOA", None),
    "ledger_event_csv": ("SFOA", None),
    "ledger_event_totals": ("SFOA", None),
    "billing_openingimport_upload": ("F", "F"),
    "billing_openingimport_columns": ("F", None),
    "billing_openingimport_decide": (None, "F"),
    "billing_mail_resend": ("S", "S"),
    "billing_webhookdelivery_replay": ("SO", "SO"),
    "billing_paymentmethod_retire": ("SF", "SF"),
    "billing_partner_statement": ("FA", None),
    "billing_partner_statement_pdf": ("FA", None),
    "billing_partner_statement_csv": ("FA", None),
    "billing_subscription_start": ("F", "F"),
    "billing_subscription_move": ("F", "F"),
    "billing_purchase_refund": ("F", "F"),
    "billing_topupsettings_switch_off": ("SF", "SF"),
}

ACTIONS = {
    "accounts_customer": {"suspend": "S", "resume": "S"},
    "accounts_apikey": {"revoke": "SO", "suspend": "SO", "resume": "SO"},
    "accounts_servicekey": {"revoke": "O"},
    "accounts_user": {"turn_off_second_factor": ""},
    "usersessions_usersession": {"end": "SFOA"},
    "ledger_refusedevent": {"retry": "O", "dismiss": "O"},
    "ledger_ratecard": {"publish": "O", "copy": "O"},
    "billing_providerevent": {"try_again": "FO"},
    "billing_plan": {"publish": "F", "retire": "F", "new_version": "F"},
    "billing_pack": {"end": "F"},
    "billing_accountclosing": {"approve": "F", "decline": "F"},
    "billing_mail": {"resend": "S"},
    "billing_paymentmethod": {"retire": "SF"},
    "billing_webhookdelivery": {"replay": "SO"},
}

# What ends the session, or cannot be done within a test's transaction: it is tested by itself.
BY_THEMSELVES = {"logout", "billing_bookscheck_verify"}
# A job's page is the list, and these have no page where there is nothing to do.
LEADS_ON = {"billing_job", "billing_erasure", "find", "login"}
LEADS_ON |= {"ledger_ratecard_publish", "ledger_openapifile_import"}
# Pages that nobody writes to: what is posted is not looked at.
SHOWN_ANYWAY = {"billing_period", "billing_report", "billing_backtest", "billing_margin"}
SHOWN_ANYWAY |= {"ledger_openapifile", "billing_job", "billing_erasure", "billing_openingimport"}
# Files of what there is nothing of.
NOTHING_THERE = {"billing_report_csv", "billing_report_export", "billing_backtest_csv"}
NOTHING_THERE |= {"billing_partner_statement_csv"}
# What may be there when somebody looks at a page: sessions, and tries that are counted. Who exports
# is in the audit, of which nothing else is added.
EXPORTS = {"audit.exported", "heads.exported"}
MOVING = {"accounts_auditentry", "django_session", "usersessions_usersession", "accounts_cache"}
MONTH = "2001-01"


def staff(role):
    user = User.objects.create_user(f"{role}@example.com", is_staff=True, staff_role=role)
    client = Client(raise_request_exception=False)
    client.force_login(user)
    client.get("/admin/")
    return user, client


def may(role, letters):
    return role == StaffRole.ADMINISTRATOR or LETTERS[role] in letters


def patterns(among=None):
    for pattern in among if among is not None else admin.site.get_urls():
        if not isinstance(pattern, URLPattern):
            yield from patterns(pattern.url_patterns)
        elif pattern.name:
            yield pattern


def names():
    return {pattern.name for pattern in patterns()}


def listed(model):
    return model._meta.label_lower.replace(".", "_")


def row_of(model, user):
    """The end of its page's address."""
    if model in (Period, Report):
        return MONTH
    return row_key(model, user)


def row_key(model, user):
    row = model.objects.filter(user=user).first() if _is_session(model) else model.objects.last()
    return row.customer_id.hex + row.pk.hex if model in HISTORY else str(row.pk)


def _is_session(model):
    return model._meta.model_name == "usersession"


def addresses():
    """Of the pages that are no model's usual ones."""
    first = {listed(model): model.objects.order_by("pk").first() for model in admin.site._registry}
    ids = {name: row.pk for name, row in first.items() if row is not None}
    acme = ids["accounts_customer"] = Customer.objects.get(external_id="acme-1").pk
    report = {"month": MONTH, "slug": "trial-balance"}
    partner = {"id": Partner.objects.get().pk, "month": MONTH}
    settled = {"id": ids["billing_unclaimedproperty"], "verb": "remit"}
    arguments = {
        "app_list": {"app_label": "billing"},
        "accounts_customer_pin": {"id": acme, "note": Note.objects.get().pk},
        "auth_user_password_change": {"id": ids["accounts_user"]},
        "billing_customer_adjust": {"id": acme},
        "billing_job_run": {"name": "relay"},
        "billing_partner_statement": partner,
        "billing_partner_statement_pdf": partner,
        "billing_partner_statement_csv": partner,
        "billing_period_decide": {"month": MONTH, "id": 1},
        "billing_report_export": {"month": MONTH, "target": "xero", "currency": "USD"},
        "billing_report_page": report,
        "billing_report_csv": report,
        "billing_report_pdf": report,
        "billing_unclaimedproperty_settle": settled,
    }
    for pattern in patterns():
        if pattern.name in MORE:
            key = ids.get("_".join(pattern.name.split("_")[:2]))
            known = {"id": key, "pk": key, "month": MONTH}
            usual = {name: known.get(name) for name in pattern.pattern.converters}
            address = reverse(f"admin:{pattern.name}", kwargs=arguments.get(pattern.name, usual))
            asks = str(pattern.pattern).startswith("do/")
            yield pattern.name, f"{address}?id={key}" if asks else address


QUERIES = {
    "find": {"q": "Acme"},
    "autocomplete": {"app_label": "accounts", "model_name": "apikey", "field_name": "customer"},
}


def test_each_page_and_act_is_named_here():
    usual = ("changelist", "add", "history", "delete", "change")
    assert names() == {*MORE, *(f"{name}_{page}" for name in PAGES for page in usual)}
    assert {listed(model) for model in admin.site._registry} == set(PAGES)
    shown = {name.lower() for group in GROUPS.values() for name in group}
    assert {name.partition("_")[2] for name in PAGES} == shown


def usual_pages(role, user):
    """As (list, page, method, address, whether the role may)."""
    for model in admin.site._registry:
        name, key = listed(model), row_of(model, user)
        page = PAGES[name]
        for verb, args, letters in (
            ("changelist", [], page.see),
            ("change", [key], page.see),
            ("history", [row_key(model, user)], page.see),
            ("add", [], page.add),
            ("delete", [row_key(model, user)], ""),
        ):
            address = reverse(f"admin:{name}_{verb}", args=args)
            yield name, verb, "get", address, bool(letters) and may(role, letters)
        if not (page.change and may(role, page.change)):
            yield name, "change", "post", reverse(f"admin:{name}_change", args=[key]), False


def further_pages(role):
    for name, address in addresses():
        see, do = MORE[name]
        if see is not None:
            yield name, "", "get", address, may(role, see)
        if do is not None and not (name in BY_THEMSELVES and may(role, do)):
            yield name, "", "post", address, may(role, do)


def fits(name, page, method, status, allowed):
    """Who may not is told so; who may sees the page, or is told what the form lacks."""
    if not allowed:
        is_shown = method == "post" and name in SHOWN_ANYWAY and page == "change"
        return status == 403 or (is_shown and status in (200, 302))
    if name in NOTHING_THERE and status == 404:
        return True
    if method == "post":
        return status in (200, 302, 400)
    led_on = name in LEADS_ON and page in ("", "change")
    return status == 200 or (led_on and status == 302)


@pytest.mark.parametrize("role", StaffRole)
def test_each_role_comes_to_its_pages_and_to_no_other(role, acme):
    user, client = staff(role)
    Policy.current()
    wrong = []
    for name, page, method, address, allowed in [*usual_pages(role, user), *further_pages(role)]:
        with transaction.atomic():
            status = getattr(client, method)(address, QUERIES.get(name)).status_code
            transaction.set_rollback(True)
        if not fits(name, page, method, status, allowed):
            wrong.append((name, page, method, status, allowed))
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize("role", StaffRole)
def test_each_role_is_offered_its_actions_and_no_other(role, db):
    request = RequestFactory().get("/admin/")
    request.user, _ = staff(role)
    for model, page in admin.site._registry.items():
        expected = ACTIONS.get(listed(model), {})
        offered = {name for name, letters in expected.items() if may(role, letters)}
        assert set(page.get_actions(request)) == offered, listed(model)


def everything():
    """A digest of each table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace"
            " and relkind in ('r', 'p') and has_table_privilege(oid, 'select')"
        )
        tables = [name for (name,) in cursor.fetchall() if name not in MOVING]
        found = {}
        for table in tables:
            query = f'select md5(string_agg(t::text, chr(10) order by t::text)) from "{table}" t'
            cursor.execute(query)
            found[table] = cursor.fetchone()
    return found


def test_an_auditor_changes_nothing_whatever_is_posted(acme, settings):
    settings.MAX_BODY_BYTES = 10**6
    user, client = staff(StaffRole.AUDITOR)
    Policy.current()
    told = {"post": "yes", "confirm": "1", "name": "x", "code": "x", "reason": "x", "amount": "1"}
    told |= {"ask": "1", "approve": "1", "confirmed": "1", "text": "x", "typed": "x", "note": "x"}
    told |= {"reference": "x", "add": "Save", "percent": "1", "credits": "1", "is_active": "on"}
    posts = [(address, told) for name, address in addresses() if name != "logout"]
    for model in admin.site._registry:
        name, key = listed(model), row_of(model, user)
        pages = [(verb, [key]) for verb in ("change", "delete", "history")]
        for verb, args in [*pages, ("add", []), ("changelist", [])]:
            posts.append((reverse(f"admin:{name}_{verb}", args=args), told))
        for action in ["delete_selected", *ACTIONS.get(name, {})] if not _is_session(model) else []:
            chosen = [str(one) for one in model.objects.values_list("pk", flat=True)[:5]]
            sent = {"action": action, "_selected_action": chosen, "post": "yes"}
            posts.append((reverse(f"admin:{name}_changelist"), sent))
    before, began = everything(), timezone.now()
    known = list(AuditEntry.objects.values_list("pk", flat=True))
    for address, sent in posts:
        answer = client.post(address, sent)
        assert answer.status_code < 500, address
        assert "/accounts/login" not in answer.headers.get("Location", ""), address
    assert began < timezone.now()
    after = everything()
    assert {name for name in after if after[name] != before[name]} == set()
    assert set(AuditEntry.objects.exclude(pk__in=known).values_list("action", flat=True)) == EXPORTS
