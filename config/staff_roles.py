"""What each role of the staff may do: one line for each model that pages show, and for each act.

Whoever is an auditor may see all of it and do nothing, and whoever is an administrator may do all
of it. So neither is written here: who wrote a line could forget them.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from accounts.models import StaffRole

Roles = frozenset[StaffRole]

NOBODY: Final[Roles] = frozenset()
SUPPORT: Final[Roles] = frozenset({StaffRole.SUPPORT})
FINANCE: Final[Roles] = frozenset({StaffRole.FINANCE})
OPERATIONS: Final[Roles] = frozenset({StaffRole.OPERATIONS})
ALL: Final = SUPPORT | FINANCE | OPERATIONS


class Rule(NamedTuple):
    """Who does it beside administrators. None: no page does it, as with all that is history.
    Deleting is of drafts, as a price of a card that is not published."""

    view: Roles
    add: Roles | None = None
    change: Roles | None = None
    delete: Roles | None = None


def _written(by: Roles, *, view: Roles) -> Rule:
    return Rule(view | by, add=by, change=by)


def _draft(by: Roles, *, view: Roles) -> Rule:
    return Rule(view | by, add=by, change=by, delete=by)


RULES: Final[dict[str, Rule]] = {
    # Customers
    "accounts.Customer": _written(FINANCE, view=ALL),
    "accounts.Member": _draft(NOBODY, view=ALL),
    "accounts.ApiKey": _written(OPERATIONS, view=ALL),
    # Ledger
    "ledger.Reservation": Rule(view=ALL),
    "ledger.Transfer": Rule(view=ALL),
    "ledger.Lot": Rule(view=ALL),
    "ledger.Wallet": Rule(view=ALL),
    "ledger.Event": Rule(view=ALL),
    "ledger.RefusedEvent": Rule(view=ALL, change=OPERATIONS),
    # Sales
    "billing.Purchase": Rule(view=SUPPORT | FINANCE),
    "billing.Refund": Rule(view=SUPPORT | FINANCE, add=FINANCE),
    "billing.Adjustment": Rule(view=ALL),
    "billing.AdjustmentBatch": Rule(view=ALL),
    "billing.AdjustmentLimit": Rule(view=ALL, change=NOBODY),
    "billing.Document": Rule(view=SUPPORT | FINANCE),
    "billing.ProviderEvent": Rule(view=ALL, change=FINANCE | OPERATIONS),
    "billing.TopUpSettings": Rule(view=SUPPORT | FINANCE, change=SUPPORT | FINANCE),
    "billing.TopUp": Rule(view=SUPPORT | FINANCE),
    # Plans
    "billing.Plan": _written(FINANCE, view=ALL),
    "billing.Subscription": Rule(view=SUPPORT | FINANCE, change=FINANCE),
    "billing.Invoice": Rule(view=SUPPORT | FINANCE),
    # Notices
    "billing.Alert": Rule(view=ALL),
    "billing.ExpiryNotice": Rule(view=ALL),
    "billing.Mail": Rule(view=ALL),
    # Webhooks
    "billing.WebhookEndpoint": Rule(view=SUPPORT | OPERATIONS),
    "billing.WebhookDelivery": Rule(view=SUPPORT | OPERATIONS),
    # Books
    "billing.Period": Rule(view=FINANCE),
    "billing.Report": Rule(view=FINANCE),
    "billing.Estimate": Rule(view=FINANCE),
    "billing.UnclaimedProperty": Rule(view=FINANCE, change=FINANCE),
    "billing.Policy": Rule(view=FINANCE, change=FINANCE),
    "billing.EscheatClass": _written(FINANCE, view=FINANCE),
    "billing.ExchangeRate": _written(FINANCE, view=FINANCE),
    "billing.AccountName": _written(FINANCE, view=FINANCE),
    "billing.OpeningImport": Rule(view=FINANCE),
    "billing.BooksCheck": Rule(view=FINANCE | OPERATIONS),
    # Partners
    "billing.Partner": _written(FINANCE, view=FINANCE),
    "billing.PartnerTerm": _written(FINANCE, view=FINANCE),
    "billing.PartnerPayout": Rule(view=FINANCE, add=FINANCE),
    # Margins
    "billing.Margin": Rule(view=FINANCE | OPERATIONS),
    "billing.EndpointCost": _written(FINANCE, view=OPERATIONS),
    "billing.MarginTarget": _written(FINANCE, view=OPERATIONS),
    # Operations
    "billing.Job": Rule(view=OPERATIONS),
    # Prices
    "billing.Pack": _written(FINANCE, view=ALL),
    "billing.PackPrice": _draft(FINANCE, view=ALL),
    "billing.TaxRate": _written(FINANCE, view=ALL),
    "ledger.Endpoint": _written(OPERATIONS, view=ALL),
    "ledger.RateCard": _written(OPERATIONS, view=ALL),
    "ledger.Price": _draft(OPERATIONS, view=ALL),
    "ledger.PriceGroup": _written(OPERATIONS, view=ALL),
    "ledger.PriceTerms": _written(OPERATIONS, view=ALL),
    "ledger.OpenApiFile": Rule(view=OPERATIONS, add=OPERATIONS),
    "billing.BackTest": Rule(view=FINANCE | OPERATIONS, add=OPERATIONS),
    # Audit
    "accounts.AuditEntry": Rule(view=ALL),
    # Services
    "accounts.Service": _written(OPERATIONS, view=OPERATIONS),
    "accounts.ServiceKey": _written(OPERATIONS, view=OPERATIONS),
    # People: whoever can change them could become any of them.
    "accounts.User": _written(NOBODY, view=NOBODY),
    # One's own; all of them are seen by whoever holds accounts.view_sessions.
    "usersessions.UserSession": Rule(view=ALL),
}

# What is no row's view, add or change.
ACTS: Final[dict[str, Roles]] = {
    "accounts.suspend_customer": SUPPORT,
    "accounts.revoke_key": SUPPORT | OPERATIONS,
    "accounts.end_session": NOBODY,
    "accounts.export_audit": NOBODY,
    "accounts.view_sessions": NOBODY,
    "ledger.change_limits": OPERATIONS,
    "ledger.export_heads": FINANCE,
    "billing.add_note": ALL,
    "billing.approve_adjustment": FINANCE,
    "billing.approve_closing": FINANCE,
    "billing.approve_estimate": FINANCE,
    "billing.approve_openings": FINANCE,
    "billing.close_account": FINANCE,
    "billing.close_period": FINANCE,
    "billing.erase_customer": NOBODY,
    "billing.export_customer": SUPPORT | FINANCE,
    "billing.import_openings": FINANCE,
    "billing.propose_adjustment": SUPPORT | FINANCE,
    "billing.reopen_period": FINANCE,
    "billing.replay_delivery": SUPPORT | OPERATIONS,
    "billing.resend_mail": SUPPORT,
    "billing.retire_card": SUPPORT | FINANCE,
    "billing.run_books_check": FINANCE | OPERATIONS,
    "billing.run_job": OPERATIONS,
    "billing.view_dashboard": ALL,
}

# They hand out what may be seen, and change nothing.
EXPORTS: Final = frozenset({"accounts.export_audit", "ledger.export_heads"})


def _roles(written: Roles, permission: str) -> Roles:
    is_seen = permission.partition(".")[2].startswith("view_") or permission in EXPORTS
    auditor = {StaffRole.AUDITOR} if is_seen else set()
    return written | auditor | {StaffRole.ADMINISTRATOR}


def _written_rules() -> Iterator[tuple[str, Roles]]:
    for model, rule in RULES.items():
        app, name = model.lower().split(".")
        for verb, roles in rule._asdict().items():
            if roles is not None:
                yield f"{app}.{verb}_{name}", roles
    yield from ACTS.items()


# Who holds each permission.
PERMISSIONS: Final = {name: _roles(written, name) for name, written in _written_rules()}
HELD: Final = {
    role: frozenset(name for name, roles in PERMISSIONS.items() if role in roles)
    for role in StaffRole
}
