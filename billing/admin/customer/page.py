"""A customer on one page, as far as this person may see it."""

from typing import Any, Final, NamedTuple

from django.http import HttpRequest
from django.utils.safestring import SafeString

from accounts.models import Customer
from billing.admin.customer import (
    actions,
    adjustments,
    alerts,
    audit,
    calls,
    figures,
    holds,
    keys,
    limits,
    lots,
    members,
    money_back,
    notes,
    plan,
    purchases,
)
from billing.admin.customer.actions import Button
from billing.admin.customer.figures import Figure
from billing.admin.customer.section import Part, Section, looked_at, whole_list
from ledger.admin import shown

PARTS: Final = (
    Part("notes", "billing.view_note", notes.section),
    Part("plan", "billing.view_subscription", plan.section),
    Part("lots", "ledger.view_lot", lots.section),
    Part("calls", "ledger.view_reservation", calls.section),
    Part("holds", "ledger.view_reservation", holds.section),
    Part("limits", "accounts.view_customer", limits.section),
    Part("purchases", "billing.view_purchase", purchases.section),
    Part("refunds", "billing.view_purchase", money_back.refunds),
    Part("disputes", "billing.view_purchase", money_back.disputes),
    Part("adjustments", "billing.view_adjustment", adjustments.section),
    Part("keys", "accounts.view_apikey", keys.section),
    Part("members", "accounts.view_member", members.section),
    Part("alerts", "billing.view_alert", alerts.section),
    Part("audit", "accounts.view_auditentry", audit.section),
)
# What has no part of its own: whole lists of this customer.
LISTS: Final = (
    ("Transfers", "ledger_transfer", "ledger.view_transfer"),
    ("Events", "ledger_event", "ledger.view_event"),
    ("Documents", "billing_document", "billing.view_document"),
    ("Invoices", "billing_invoice", "billing.view_invoice"),
    ("Top-ups", "billing_topup", "billing.view_topup"),
    ("Expiry notices", "billing_expirynotice", "billing.view_expirynotice"),
    ("Mails", "billing_mail", "billing.view_mail"),
    ("Webhooks", "billing_webhookdelivery", "billing.view_webhookdelivery"),
    ("Refused usage", "ledger_refusedevent", "ledger.view_refusedevent"),
)


class Page(NamedTuple):
    id: str
    badges: list[SafeString]
    figures: list[Figure]
    actions: list[Button]
    facts: list[tuple[str, object]]
    parts: list[tuple[str, Section]]
    lists: list[tuple[str, str]]


def of(customer: Customer, request: HttpRequest) -> Page:
    looked = looked_at(customer, request)
    return Page(
        looked.name,
        figures.badges(looked),
        figures.of(looked),
        actions.of(looked),
        _facts(customer),
        [(part.anchor, part.section(looked)) for part in PARTS if looked.may(part.permission)],
        [(text, whole_list(looked, model)) for text, model, see in LISTS if looked.may(see)],
    )


def _facts(customer: Customer) -> list[tuple[str, Any]]:
    """Who it is."""
    sandbox = Customer.objects.filter(sandbox_of=customer).first()
    told = [
        ("E-mail", customer.email),
        ("External id", customer.external_id),
        ("Time zone", customer.time_zone),
        ("Since", f"{customer.created_at:%Y-%m-%d}"),
        ("Sandbox of", shown.customer(customer.sandbox_of) if customer.sandbox_of else None),
        ("Its sandbox", shown.customer(sandbox) if sandbox else None),
        *customer.metadata.items(),
    ]
    return [(name, value) for name, value in told if value]
