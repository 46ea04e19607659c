"""What is erased of each table, in order. `%(customers)s` are the customer and its sandbox,
`%(people)s` those of its people who belong to no other customer and are no staff.

A table that holds anything of a person is here, or `tests/billing/care/test_erasing.py` says why
not.
"""

from typing import Final

_ITS = "customer_id = any(%(customers)s)"
_PURCHASES = f"select id from billing_purchase where {_ITS}"
_OF_PAYMENTS = f"payment_id in ({_PURCHASES})"
_CARDS = f"select id from billing_paymentmethod where {_ITS}"
_ENDPOINTS = f"select id from billing_webhookendpoint where {_ITS}"
_KEYS = f"select id from accounts_apikey where {_ITS}"
_NOBODY = "'erased-' || replace(id::text, '-', '') || '@erased.invalid'"
_SHORT = "right(replace(id::text, '-', ''), 8)"
_CHECKOUTS = f"""
    select c.ref from billing_sandboxcheckout c join billing_purchase p on p.provider_ref = c.ref
    where p.{_ITS}
"""

# What providers call what is its: payments, refunds, disputes, checkouts, and the customer.
_REFS = f"""
    select provider, provider_ref as ref from billing_payment where purchase_id in ({_PURCHASES})
    union select provider, provider_ref from billing_refund where {_OF_PAYMENTS}
    union select provider, provider_ref from billing_dispute where {_OF_PAYMENTS}
    union select provider, provider_ref from billing_purchase where {_ITS}
    union select provider, provider_ref from billing_invoice where {_ITS}
    union select provider, ref from billing_paymentmethod where {_ITS}
    union select provider, ref from billing_providercustomer where {_ITS}
"""
# Events about any of these.
_OF_EVENTS = f"""
    exists (select from ({_REFS}) r where r.provider = e.provider and r.ref is not null
        and (r.ref in (e.object_ref, e.payment_ref)
            or strpos(e.payload::text, '"' || r.ref || '"') > 0))
"""


def _set(table: str, values: str, where: str = _ITS) -> str:
    return f"update {table} set {values} where {where}"


def _delete(table: str, where: str = _ITS) -> str:
    return f"delete from {table} where {where}"


STATEMENTS: Final[dict[str, str]] = {
    # What a provider told, while it can still be found by what it is of.
    "billing_providerevent": _set(
        "billing_providerevent e", "payload = '{}', reason = ''", _OF_EVENTS
    ),
    # Mails to its people are not all its own.
    "billing_mail": _set(
        "billing_mail",
        "\"to\" = '{}', subject = '', text = '', html = '', error = '',"
        " state = case state when 'due' then 'outdated' else state end",
        f'{_ITS} or "to" && (select array_agg(email) from accounts_user'
        " where id = any(%(people)s))::varchar[]",
    ),
    # Who it is
    "accounts_customer": f"""
        update accounts_customer set name = 'Erased customer ' || {_SHORT}, email = null,
            external_id = null, metadata = '{{}}', changed_at = now()
        where id = any(%(customers)s)
    """,
    "billing_billingprofile": _delete("billing_billingprofile"),
    "accounts_invitation": _set(
        "accounts_invitation",
        f"email = {_NOBODY}, revoked_at = case when accepted_at is null"
        " then coalesce(revoked_at, now()) end",
    ),
    "accounts_member": _delete("accounts_member"),
    # Its people
    "django_session": _delete(
        "django_session",
        "session_key in (select session_key from usersessions_usersession"
        " where user_id = any(%(people)s))",
    ),
    "usersessions_usersession": _delete("usersessions_usersession", "user_id = any(%(people)s)"),
    "mfa_authenticator": _delete("mfa_authenticator", "user_id = any(%(people)s)"),
    "account_emailconfirmation": _delete(
        "account_emailconfirmation",
        "email_address_id in (select id from account_emailaddress where user_id = any(%(people)s))",
    ),
    "account_emailaddress": _delete("account_emailaddress", "user_id = any(%(people)s)"),
    "accounts_user": _set(
        "accounts_user",
        f"email = {_NOBODY}, name = '', password = '!', is_active = false",
        "id = any(%(people)s)",
    ),
    # Its keys, and from where they were used
    "accounts_keyaddress": _delete("accounts_keyaddress", f"key_id in ({_KEYS})"),
    "accounts_apikey": _set(
        "accounts_apikey",
        "name = '', networks = '{}', revoked_at = coalesce(revoked_at, now()), changed_at = now()",
    ),
    "accounts_idempotentreply": _delete("accounts_idempotentreply"),
    # What it was told, and where
    "billing_webhookattempt": _delete(
        "billing_webhookattempt",
        "delivery_id in (select id from billing_webhookdelivery"
        f" where endpoint_id in ({_ENDPOINTS}))",
    ),
    "billing_webhookdelivery": _set(
        "billing_webhookdelivery",
        "body = '', state = case state when 'due' then 'skipped' else state end",
        f"endpoint_id in ({_ENDPOINTS})",
    ),
    "billing_webhookendpoint": _set(
        "billing_webhookendpoint",
        "url = '', description = '', secret = '', previous_secret = '', previous_until = null,"
        " enabled = false, disabled_reason = 'Erased.', removed_at = coalesce(removed_at, now())",
    ),
    "billing_alertsettings": _set("billing_alertsettings", "extra_recipients = '{}'"),
    "billing_expirynotice": _set("billing_expirynotice", "recipients = '{}'"),
    # What staff wrote of it, which only the owner's function may change
    "billing_note": "select billing_erase_words(%(customers)s)",
    "billing_accountclosing": _set("billing_accountclosing", "reason = '(erased)', told = ''"),
    # Files that nobody asked for may name it: they are uploaded again.
    "billing_adjustmentbatch": _delete("billing_adjustmentbatch", "state = 'draft'"),
    # What it bought
    "billing_cardbreaker": _set("billing_cardbreaker", "reason = ''", f"card_id in ({_CARDS})"),
    "billing_refund": _set("billing_refund", "reason = ''", _OF_PAYMENTS),
    "billing_dispute": _set("billing_dispute", "reason = ''", _OF_PAYMENTS),
    # At the test provider
    "billing_sandboxevent": _set(
        "billing_sandboxevent", "body = '{}'", f"exists ({_CHECKOUTS} and strpos(body, c.ref) > 0)"
    ),
    "billing_sandboxcheckout": _set(
        "billing_sandboxcheckout",
        "description = '', return_url = '', cancel_url = ''",
        f"ref in ({_CHECKOUTS})",
    ),
    "billing_purchase": _set(
        "billing_purchase",
        "reason = '', checkout_url = '', pack_name = case when pack_id in"
        " (select id from billing_pack where customer_id = any(%(customers)s))"
        " then 'Offer' else pack_name end, pack_code = case when pack_id in"
        " (select id from billing_pack where customer_id = any(%(customers)s))"
        " then 'offer' else pack_code end",
    ),
    "billing_pack": _set(
        "billing_pack",
        f"name = 'Offer', code = 'offer-' || {_SHORT}, active_until = greatest(least("
        "coalesce(active_until, now()), now()), active_from + interval '1 microsecond')",
    ),
    "billing_invoicecharge": _set(
        "billing_invoicecharge",
        "reason = '', url = ''",
        f"invoice_id in (select id from billing_invoice where {_ITS})",
    ),
    "billing_invoice": _set("billing_invoice", "reason = ''"),
    "billing_subscription": _set("billing_subscription", "stuck = ''"),
    "billing_topup": _set("billing_topup", "reason = ''"),
    "billing_providercustomer": _delete("billing_providercustomer"),
    "billing_paymentmethod": _set(
        "billing_paymentmethod",
        "ref = 'erased-' || id, customer_ref = '', brand = '', last4 = '', exp_month = null,"
        " exp_year = null, removed_at = coalesce(removed_at, now())",
    ),
    "billing_modification": _set("billing_modification", "reason = ''"),
    "billing_unclaimedproperty": _set("billing_unclaimedproperty", "reference = ''"),
    "billing_openingline": _set(
        "billing_openingline", "name = '', email = '', external_id = '', note = ''"
    ),
    # What its calls told
    "ledger_refusedevent": _set(
        "ledger_refusedevent",
        "source = '', event_id = 'erased-' || id, event = '{}', closed_reason = null,"
        " operation = operation - array['metadata', 'address', 'request_id']",
    ),
    "ledger_ratecard": _set("ledger_ratecard", "name = 'Own prices ' || id"),
}

# Of tables that know their customer by something else: for what the audit tells of them.
OTHER_ROWS: Final[dict[str, str]] = {
    "accounts_user": "select unnest(%(people)s::uuid[])",
    "billing_adjustment": (
        "select id from billing_adjustment where receiver_id = any(%(customers)s)"
    ),
    "billing_refund": f"select id from billing_refund where {_OF_PAYMENTS}",
    "billing_dispute": f"select id from billing_dispute where {_OF_PAYMENTS}",
    "billing_cardbreaker": _CARDS,
    "billing_providerevent": f"select id from billing_providerevent e where {_OF_EVENTS}",
    "billing_webhookdelivery": (
        f"select id from billing_webhookdelivery where endpoint_id in ({_ENDPOINTS})"
    ),
    "account_emailaddress": ("select id from account_emailaddress where user_id = any(%(people)s)"),
}
