"""What is handed out of each table: everything that is of the customer, without secrets.

A column that is not named in `HIDDEN` is in the file, also one that is added later.
"""

from typing import Final

_ITS = "customer_id = %(customer)s"
_PEOPLE = f"select user_id from accounts_member where {_ITS}"
_PURCHASES = f"select id from billing_purchase where {_ITS}"
_ENDPOINTS = f"select id from billing_webhookendpoint where {_ITS}"
_KEYS = f"select id from accounts_apikey where {_ITS}"

# By file: the table, which rows, and in which order.
FILES: Final[dict[str, tuple[str, str, str]]] = {
    "company": ("accounts_customer", "id = %(customer)s", "id"),
    "billing_details": ("billing_billingprofile", _ITS, "customer_id"),
    "members": ("accounts_member", _ITS, "id"),
    "people": ("accounts_user", f"id in ({_PEOPLE})", "id"),
    "people_addresses": ("account_emailaddress", f"user_id in ({_PEOPLE})", "id"),
    "people_sessions": ("usersessions_usersession", f"user_id in ({_PEOPLE})", "id"),
    "sign_up": ("accounts_signup", _ITS, "id"),
    "invitations": ("accounts_invitation", _ITS, "id"),
    "keys": ("accounts_apikey", _ITS, "id"),
    "keys_addresses": ("accounts_keyaddress", f"key_id in ({_KEYS})", "id"),
    "keys_notices": ("accounts_keynotice", f"key_id in ({_KEYS})", "id"),
    "purchases": ("billing_purchase", _ITS, "id"),
    "offers": ("billing_pack", _ITS, "id"),
    "payments": ("billing_payment", f"purchase_id in ({_PURCHASES})", "purchase_id"),
    "refunds": ("billing_refund", f"payment_id in ({_PURCHASES})", "id"),
    "disputes": ("billing_dispute", f"payment_id in ({_PURCHASES})", "id"),
    "documents": ("billing_document", _ITS, "id"),
    "cards": ("billing_paymentmethod", _ITS, "id"),
    "provider_accounts": ("billing_providercustomer", _ITS, "id"),
    "top_up_settings": ("billing_topupsettings", _ITS, "customer_id"),
    "top_ups": ("billing_topup", _ITS, "id"),
    "subscriptions": ("billing_subscription", _ITS, "id"),
    "invoices": ("billing_invoice", _ITS, "id"),
    "price_terms": ("ledger_priceterms", _ITS, "customer_id"),
    "rate_cards": ("ledger_ratecard", _ITS, "id"),
    "wallet": ("ledger_wallet", _ITS, "customer_id"),
    "limits": ("ledger_limit", _ITS, "id"),
    "lots": ("ledger_lot_state", _ITS, "seq"),
    "lots_terms_changed": ("billing_modification", _ITS, "id"),
    "adjustments": ("billing_adjustment", _ITS, "id"),
    "notes": ("billing_note", _ITS, "id"),
    "closings": ("billing_accountclosing", _ITS, "id"),
    "opening_balances": ("billing_openingline", _ITS, "id"),
    "transfers": ("ledger_transfer", _ITS, "version, id"),
    "calls": ("ledger_call", _ITS, "id"),
    "calls_open": ("ledger_hold", _ITS, "id"),
    "usage_refused": ("ledger_refusedevent", _ITS, "id"),
    "usage_terms": ("ledger_usageterms", _ITS, "customer_id"),
    "events": ("ledger_event", _ITS, "id"),
    "unclaimed_property": ("billing_unclaimedproperty", _ITS, "id"),
    "alert_settings": ("billing_alertsettings", _ITS, "customer_id"),
    "alert_thresholds": ("billing_alertthreshold", "settings_id = %(customer)s", "id"),
    "alerts": ("billing_alert", _ITS, "id"),
    "notification_preferences": ("billing_notificationpreference", _ITS, "customer_id"),
    "expiry_notices": ("billing_expirynotice", _ITS, "id"),
    "mails": ("billing_mail", _ITS, "id"),
    "webhooks": ("billing_webhookendpoint", _ITS, "id"),
    "webhooks_deliveries": ("billing_webhookdelivery", f"endpoint_id in ({_ENDPOINTS})", "id"),
    "audit": (
        "accounts_auditentry",
        f"{_ITS} or \"table\" = 'accounts_user'"
        f' and "row" in (select id::text from ({_PEOPLE}) x(id))',
        "id",
    ),
}
# What opens something, is the core's own reckoning, or tells of the customer that credits went to.
HIDDEN: Final = {
    *("digest", "password", "secret", "previous_secret", "checkout_url", "session_key"),
    *("meter", "request", "ended_request", "request_hash"),
    *("receiver_id", "asked_effect", "effect"),
}
